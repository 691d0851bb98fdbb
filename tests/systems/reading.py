"""Findings on published systems: by what a judgement knows them, whatever words tell them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from fedpolicy import api

ROOT = Path(__file__).parents[2]
SYSTEMS: Mapping[str, Path] = {
    **{path.parent.name: path for path in sorted((ROOT / "examples").glob("*/deployment.yaml"))},
    **{
        path.stem: path
        for path in sorted(Path(__file__).parent.glob("*.yaml"))
        if path.stem not in {"expected", "judgements", "readings"}
    },
}


def about(elements: Iterable[str]) -> str:
    """What it is about: its elements, instances of one dataset together."""
    return ", ".join(dict.fromkeys(name.partition("@")[0] for name in elements))


def findings_on(run: Callable[..., Any], path: Path) -> dict[str, Mapping[str, Any]]:
    """What fails, or is undecided, by rule and by what it is about."""
    result = run("check", "--format", "json", str(path.relative_to(ROOT)))
    assert result.exit_code in (0, 1), result.stderr
    return {f"{one['rule']}: {about(one['elements'])}": one for one in json.loads(result.stdout)["findings"]}


def told_under(pack: str, today: str) -> dict[str, dict[str, str]]:
    """What one pack tells of every system: the verdict, by rule and by what it is about."""
    names = {path.relative_to(ROOT).as_posix(): name for name, path in SYSTEMS.items()}
    found: dict[str, dict[str, str]] = {name: {} for name in SYSTEMS}
    for one in api.check(SYSTEMS.values(), api.Settings(packs=(pack,), today=today)).findings:
        found[names[one.span.file]][f"{one.rule}: {about(one.elements)}"] = one.verdict.value
    return found
