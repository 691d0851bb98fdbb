"""
What importers find in public files, against what stands in `corpus/*.tsv`: met, missed, wrong.

    python tests/scan/measure.py CORPUS            prints the table, and what is missed or wrong
    python tests/scan/measure.py CORPUS --write    writes it into docs/importers.md

Met: the fact with its value and its place. Missed: it is not stated, or stated as unknown. Wrong: another value is
stated, or something that must not be. Beyond: stated, and in no row. Precision counts met among all that is stated.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from fedpolicy.scan import Evidence, Unread
from fedpolicy.scan.importers import importers
from fedpolicy.scan.reading import File
from fedpolicy.scan.reading.embedded import embedded_files
from fedpolicy.scan.services import Services

ROWS = Path(__file__).parent / "corpus"
PAGE = ROWS.parents[2] / "docs" / "importers.md"
BEGIN, END = "<!-- written by tests/scan/measure.py CORPUS --write -->", "<!-- end -->"
UNKNOWN, ABSENT = "unknown", "absent"


class Row(NamedTuple):
    file: str
    subject: str
    attribute: str
    value: str
    place: str


class Score(NamedTuple):
    """Facts of one table by what became of them."""

    met: list[Row]
    missed: list[Row]
    wrong: list[str]
    beyond: list[str]

    @property
    def precision(self) -> float:
        stated = len(self.met) + len(self.wrong) + len(self.beyond)
        return len(self.met) / stated if stated else 1.0

    @property
    def recall(self) -> float:
        wanted = len(self.met) + len(self.missed)
        return len(self.met) / wanted if wanted else 1.0


def tables() -> list[str]:
    return sorted(path.stem for path in ROWS.glob("*.tsv"))


def built() -> list[str]:
    """The tables that an importer is there for."""
    return [table for table in tables() if any(who.split("_")[0] == table for who in importers())]


def rows(table: str) -> list[Row]:
    lines = (ROWS / f"{table}.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [Row(*line.split("\t")) for line in lines]


def score(table: str, corpus: Path) -> Score:
    """What the importers of a framework make of its files; what no file may say, no importer may."""
    found = Score([], [], [], [])
    wanted, services = rows(table), Services()
    for name in sorted({row.file for row in wanted}):
        mine = [row for row in wanted if row.file == name]
        file = File(name, (corpus / name).read_bytes(), services)
        stated = {who: list(evidence_of(file, who)) for who in importers()}
        own = [one for who in stated if who.split("_")[0] == table for one in stated[who]]
        _judge(mine, own, found)
        every = [one for said in stated.values() for one in said]
        found.wrong.extend(_line(one) for row in mine if row.value == ABSENT for one in every if _forbids(row, one))
    return found


def evidence_of(file: File, importer: str) -> Iterable[Evidence]:
    one = importers()[importer]
    try:
        whole = list(one.read(file)) if one.wants(file) else []
        inside = [
            part.placed(each) for part in embedded_files(file) if one.wants(part.file) for each in one.read(part.file)
        ]
    except Unread:
        return []
    return [*whole, *inside]


def _judge(wanted: list[Row], stated: list[Evidence], found: Score) -> None:
    facts = {(one.subject, one.attribute, one.value or UNKNOWN, one.key) for one in stated}
    told = {(one.subject, one.attribute) for one in stated if one.value is not None}
    positive = [row for row in wanted if row.value != ABSENT]
    for row in positive:
        (found.met if row[1:] in facts else found.missed).append(row)
    listed = {row[1:] for row in positive}
    about = {row[1:3] for row in positive}
    forbidden = [row for row in wanted if row.value == ABSENT]
    for one in stated:
        fact = (one.subject, one.attribute, one.value or UNKNOWN, one.key)
        if fact in listed or any(_forbids(row, one) for row in forbidden):
            continue
        contradicts = (one.subject, one.attribute) in about and (one.subject, one.attribute) in told
        (found.wrong if contradicts and one.value is not None else found.beyond).append(_line(one))


def _forbids(row: Row, one: Evidence) -> bool:
    return fnmatchcase(one.subject, row.subject) and fnmatchcase(one.attribute, row.attribute)


def _line(one: Evidence) -> str:
    return f"{one.span}: {one.subject} {one.attribute} = {one.value or UNKNOWN} ({one.key})"


def calls(corpus: Path) -> tuple[int, int, int]:
    """Facts of all tables on calls of models that others run: met, missed, and wrong or beyond."""
    found = [score(table, corpus) for table in built()]
    met = [row for one in found for row in one.met if row.subject.startswith("call:")]
    missed = [row for one in found for row in one.missed if row.subject.startswith("call:")]
    other = [line for one in found for line in (*one.wrong, *one.beyond) if ": call:" in line]
    return len(met), len(missed), len(other)


def page(corpus: Path) -> str:
    """The table of docs/importers.md."""
    lines = [
        "| table | files | facts | met | missed | wrong | beyond | precision | recall |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for table in built():
        one = score(table, corpus)
        files = len({row.file for row in rows(table)})
        counts = [files, len(one.met) + len(one.missed), *map(len, one)]
        lines.append(f"| {table} | {' | '.join(map(str, counts))} | {one.precision:.2f} | {one.recall:.2f} |")
    met, missed, other = calls(corpus)
    precision = met / (met + other) if met + other else 1.0
    counts = f"{met} are met, {missed} missed, {other} wrong or beyond"
    share = f"precision {precision:.2f}, recall {met / (met + missed):.2f}"
    lines += ["", f"Of {met + missed} facts on who is asked for a model of others, {counts}: {share}."]
    if waiting := sorted(set(tables()) - set(built())):
        lines += ["", f"Facts are written down, and no importer is there yet, for: {', '.join(waiting)}."]
    return "\n".join(lines) + "\n"


def written(text: str, corpus: Path) -> str:
    """The page with the table of now."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{page(corpus)}{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    CORPUS = Path(sys.argv[1])
    sys.stdout.write(page(CORPUS))
    if "--write" in sys.argv:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), CORPUS), encoding="utf-8")
    for each in built():
        result = score(each, CORPUS)
        lines = [" ".join(("missed", *row)) for row in result.missed]
        lines += [f"stated {line}" for line in (*result.wrong, *result.beyond)]
        sys.stderr.write("".join(f"{line}\n" for line in lines))
