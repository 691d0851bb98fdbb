"""Writes docs/mutants.md from what became of mutants, in build/mutants/ROOM-SEED.jsonl, and what is known by hand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tools.mutants.changes import mutants_of
from tools.mutants.choosing import files_of, source_of
from tools.mutants.recording import RECORDED, ROOMS, ROOT

_LIST = Path(__file__).with_name("explained.yaml")
_WANTED = 100  # mutants of a room; with fewer, a run has not come to its end
_PAGE = ROOT / "docs" / "mutants.md"
_HEAD = """# Whether a test would notice

Written by `make mutants-page`; do not edit. A mutant is the code with one small change: `<` for `<=`, `and` for `or`, a
condition left out, a branch turned round, another number, an empty set, a statement less. Where no test fails, either a
test is missing or the change makes no difference. Mutants are drawn over the functions of the four rooms where verdicts
are made; each is tried on tests that run its lines.

"""
_RUN = """
A mutant that does not come to an end counts as killed. *Equivalent* are those that change nothing anybody can see; they
are read and listed by hand, below. The share is that of the others. Tests in processes of their own see no mutants,
laws have 50 examples each, and no mutant gets more than some seconds of tests: the whole suite would kill more. Tests
were written for what survived seed 7, so another seed kills fewer at first. A mutant that was killed is not tried again
until its function changes, so a row can hold results of several days.

"""


class Explained(NamedTuple):
    """Why a mutant survives."""

    kind: str  # equivalent | survived
    why: str


def explained() -> dict[tuple[Any, ...], Explained]:
    """What is known by hand of mutants, by their keys."""
    rows = yaml.safe_load(_LIST.read_text(encoding="utf-8")) or []
    return {
        (row["file"], row["function"], row["before"], row["after"], row.get("nth", 1)): Explained(
            row["kind"], row["why"]
        )
        for row in rows
    }


def fates_in(file: Path) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The last that is known of each mutant of a run."""
    rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return {tuple(row["key"]): row for row in rows}


def write() -> None:
    """Write the page."""
    why = explained()
    runs = sorted(_runs(), key=lambda run: (ROOMS.index(run[0]), run[1]))
    kinds = [(room, seed, fates, counted(fates, why)) for room, seed, fates in runs]
    lines = ["| room | mutants there are | seed | tried | killed | equivalent | survived | killed of the others |"]
    lines += ["|---|--:|--:|--:|--:|--:|--:|--:|"]
    lines += [_row(room, seed, counts) for room, seed, _, counts in kinds]
    shown = {key for _, _, fates, _ in kinds for key, row in fates.items() if row["fate"] == "survived"}
    commands = [
        f"make mutants ROOM={room} COUNT={max(len(fates), _WANTED)} SEED={seed}" for room, seed, fates, _ in kinds
    ]
    parts = [_HEAD, "\n".join(lines), "\n", _RUN, "```sh\nmake mutants-record\n", "\n".join(commands), "\n```\n"]
    for kind, title in (("equivalent", "Equivalent"), ("survived", "Survived")):
        parts += [f"\n## {title}\n\n", *_listed(kind, shown, why)]
    _PAGE.write_text("".join(parts), encoding="utf-8")


def _runs() -> Iterator[tuple[str, int, dict[tuple[Any, ...], dict[str, Any]]]]:
    for file in RECORDED.parent.glob("*.jsonl"):
        room, _, seed = file.stem.partition("-")
        yield room, int(seed), fates_in(file)


def counted(fates: dict[tuple[Any, ...], dict[str, Any]], why: dict[tuple[Any, ...], Explained]) -> Counter[str]:
    """How many are killed, equivalent, and neither."""
    unknown = Explained("survived", "")
    return Counter("killed" if row["fate"] != "survived" else why.get(key, unknown).kind for key, row in fates.items())


def _row(room: str, seed: int, counts: Counter[str]) -> str:
    there = sum(len(mutants_of(file, source_of(file))) for file in files_of(room))
    others = counts["killed"] + counts["survived"]
    if counts.total() < _WANTED:
        return f"| {room} | {there:,} | {seed} | not finished | at least {counts['killed']} | | | |"
    numbers = (counts.total(), counts["killed"], counts["equivalent"], counts["survived"])
    return (
        f"| {room} | {there:,} | {seed} | {' | '.join(map(str, numbers))} | {100 * counts['killed'] / others:.1f} % |"
    )


def _listed(kind: str, shown: Iterable[tuple[Any, ...]], why: dict[tuple[Any, ...], Explained]) -> Iterator[str]:
    known = Explained("survived", "Not read yet.")
    rows = [(key, why.get(key, known)) for key in sorted(shown)]
    rows = [(key, one) for key, one in rows if one.kind == kind]
    if not rows:
        yield "None.\n"
        return
    yield "| where | what stands there | what stood instead | why no test notices it |\n|---|---|---|---|\n"
    for (file, function, before, after, _), one in rows:
        where = f"`{file.removeprefix('fedpolicy/')}`, `{function}`"
        yield f"| {where} | {_code(before)} | {_code(after)} | {one.why} |\n"


def _code(text: str) -> str:
    return "``" + text.replace("|", "\\|") + "``" if "`" in text else "`" + text.replace("|", "\\|") + "`"


if __name__ == "__main__":
    write()
