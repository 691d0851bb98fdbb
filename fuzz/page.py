"""The page that says what each target asks, how often, and what it has found: `python -m fuzz --page`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from fuzz.corpus import ROOT
from fuzz.target import Target, targets
from fuzz.watch import Done

PAGE = ROOT / "docs/fuzzing.md"
_MEASURED = ROOT / "fuzz/measured.json"
_FOUND = ROOT / "fuzz/history.yaml"
_NIGHT = 60.0  # minutes of the nightly workflow, for all targets
_GROUPS = {
    "importer": "## Files of other tools",
    "format": "## What a report is written as",
}
_HEAD = """\
# Whatever the input

Written by `python -m fuzz --page`; do not edit. A check runs on files of people whom nobody has to trust. So inputs
that nobody would write are made all the time, and each is put to a question that has a right answer:

- A *law* says what must hold of one answer: a safeguard more raises no level.
- A *differential* compares two ways to the same answer: our reader and pydantic.

There are {count} targets, {differentials} of them differentials. Where an input says nothing about what is asked (a
text with mistakes, about a law of sound ones), it is not counted. Every target must notice a product that is broken on
purpose and answers wrong, not just one that crashes; a test sees to that.

```sh
python -m fuzz --list                         # the targets, and what holds for each
make fuzz MINUTES=30                          # all of them, mixed, with a new seed
make fuzz TARGET=reader MINUTES=5 SEED=7      # one of them, and the same inputs again
make fuzz TARGET=each MINUTES=60              # each of them for its share
make fuzz-guided TARGET=reader MINUTES=10     # led by coverage (atheris; Python 3.11 to 3.13, Linux)
```

Inputs are drawn from the schema of the language, from the strategies of the tests (hypothesis), and by changes of the
examples and of the cases that tests accept and refuse: their trees, tokens, lines and bytes. A guided run keeps what
reached new code in `.fuzz/` and begins with it the next time; the nightly workflow keeps that too. From the same seed
and the same folder it begins with the same choices. What breaks a target is made small and written to `fuzz/found/`
with the command that asks once more.

*A minute* is a minute of processor time, measured by `{command}` on {machine} ({day}). *A night* is what that makes of
the hour that a nightly workflow has for all of them.
"""
_TABLE = "| target | kind | what holds | inputs a minute | a night | last failure |\n|---|---|---|--:|--:|---|"
_NONE = "none since it was written"


def page() -> str:
    """The page as it has to be."""
    measured = json.loads(_MEASURED.read_text(encoding="utf-8"))
    known = targets()
    differentials = sum(one.kind == "differential" for one in known.values())
    facts = {key: measured[key] for key in ("command", "machine", "day")}
    parts = [_HEAD.format(count=len(known), differentials=differentials, **facts)]
    found = {one["target"]: one for one in _history()}
    for group in ("", *_GROUPS):
        rows = [_row(one, measured["targets"], found) for one in known.values() if _group(one) == group]
        parts += [_GROUPS.get(group, "## Questions"), f"{_TABLE}\n" + "\n".join(rows)]
    parts += ["## What was found", "\n".join(_told())]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def record(done: Done) -> None:
    """Keep how many inputs that say something each target judges in a minute of processor time."""
    measured = json.loads(_MEASURED.read_text(encoding="utf-8"))
    for name, seconds in done.spent.items():
        said = done.judged[name] - done.vacuous[name]
        measured["targets"][name] = round(said * 60 / seconds) if seconds else 0
    measured["targets"] = {name: measured["targets"][name] for name in targets() if name in measured["targets"]}
    _MEASURED.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")


def _group(one: Target) -> str:
    head = one.name.partition("-")[0]
    return head if head in _GROUPS else ""


def _row(one: Target, measured: Mapping[str, int], found: Mapping[str, Mapping[str, Any]]) -> str:
    minute = measured.get(one.name)
    night = "" if minute is None else f"{round(minute * _NIGHT / len(targets())):,}"
    last = found.get(one.name)
    told = f"{last['day']}: {last['what']}" if last else _NONE
    cells = (f"`{one.name}`", one.kind, one.holds, "" if minute is None else f"{minute:,}", night, told)
    return f"| {' | '.join(cells)} |"


def _history() -> list[Mapping[str, Any]]:
    """What was found, the newest last."""
    return sorted(yaml.safe_load(_FOUND.read_text(encoding="utf-8")), key=lambda one: str(one["day"]))


def _told() -> Iterator[str]:
    for one in reversed(_history()):
        yield f"- {one['day']}, `{one['target']}`: {one['what']}. {one['then']}"
