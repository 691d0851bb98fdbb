"""
One deployment a file, and what repairs of it are proposed: a case is a file in `cases`.

Above its `---` stand the options, the changes of each proposal by their ids, and the rules of findings that nothing
clears. One proposal is also written (`write`: which one, the last by default; 0: none), and the file looked at anew.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from fedpolicy.cli.commands import app
from tests.helpers import cases, read_case

CASES = cases(Path(__file__).parent / "cases")


def repair(path, *arguments):
    result = CliRunner().invoke(app, ["repair", str(path), "--isolated", "--format", "json", *map(str, arguments)])
    assert result.exit_code in {0, 1}, result.output
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_what_is_proposed_and_that_it_holds_when_it_is_written(case, tmp_path):
    expected, text = read_case(case)
    path = tmp_path / "deployment.yaml"
    path.write_text(text, encoding="utf-8")
    number = expected.get("write", len(expected["proposals"]))

    code, found = repair(path, *expected["args"], *(["--write", number] if number else []))

    assert [[change["id"] for change in one["changes"]] for one in found["proposals"]] == expected["proposals"]
    rules = {one["fingerprint"]: one["rule"] for one in found["chosen"]}
    assert Counter(rules[one["fingerprint"]] for one in found["stuck"]) == Counter(expected.get("stuck", []))
    assert code == (1 if expected.get("stuck") else 0)
    assert (path.read_text(encoding="utf-8") == text) == (not number)
    if number:
        again = [part for part in expected["args"] if part != "--fill" and "=" not in part]
        _, after = repair(path, *again)
        assert [finding["fingerprint"] for finding in after["chosen"]] == found["proposals"][number - 1]["leaves"]
