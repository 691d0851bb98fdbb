"""The page on repairs knows every kind of change and every key of the JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

from click.testing import CliRunner

from fedpolicy.cli.commands import app
from fedpolicy.repair.changes import kinds

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "repair.md").read_text(encoding="utf-8")


def test_the_table_of_kinds_is_that_of_the_code():
    ordered = sorted(kinds(), key=lambda kind: (kind.cost, kind.name))
    wanted = [f"| `{kind.name}` | {kind.cost:g} | {kind.about} |" for kind in ordered]
    (table,) = re.findall(r"\| kind \| cost \|.*\n\|---.*\n((?:\|.*\n)+)", PAGE)

    assert table.splitlines() == wanted


def test_every_key_of_the_json_is_described():
    example = ROOT / "examples" / "clinical-notes" / "deployment.yaml"
    result = CliRunner().invoke(app, ["repair", str(example), "--format", "json", "--isolated"])
    found = json.loads(result.stdout)
    keys = {*found, *found["proposals"][0], *found["proposals"][0]["changes"][0], *found["chosen"][0]}
    described = set(re.findall(r"`(\w+)(?:\[\])?`", PAGE.partition("## For programs")[2]))

    assert keys - described == {"version", "name"}
    assert {"fingerprint", "why", "help", "path", "what"} <= described
