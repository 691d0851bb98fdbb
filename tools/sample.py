"""
Draws rows to hold against their sources, and counts what was found.

    python -m tools.sample [DAY] > tools/held/DAY.csv     40 hosted and 40 open models, the same all day long
    python -m tools.sample --count tools/held/DAY.csv     once every field has a verdict

A verdict is `right`, `wrong` or `unreachable`; `source` is what was opened, and need not be all that the row names.
"""

from __future__ import annotations

import csv
import random
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from fedpolicy.catalog import load_catalog
from fedpolicy.catalog.rows import ModelRow

MANY = 40
WRONG = 0.01  # the share of wrong fields that a sample may have
VERDICTS = ("right", "wrong", "unreachable")
_HEAD = ("kind", "model", "field", "value", "source", "verdict", "note")


def main() -> None:
    """Write the rows to hold, or what came of them; the seed is the day, or the one that is given."""
    if sys.argv[1:2] == ["--count"]:
        with Path(sys.argv[2]).open(encoding="utf-8", newline="") as file:
            told, passed = counted(list(csv.DictReader(file)))
        sys.stdout.write("".join(f"{line}\n" for line in told))
        sys.exit(0 if passed else 1)
    seed = sys.argv[1] if len(sys.argv) > 1 else datetime.now(UTC).date().isoformat()
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(_HEAD)
    table.writerows(
        (kind, *line, "", "") for kind, rows in sample(seed).items() for row in rows for line in _lines(row)
    )


def sample(seed: str) -> dict[str, list[ModelRow]]:
    """The rows of a day."""
    rows = list(load_catalog().models.values())
    kinds = {
        "hosted": [row for row in rows if row.provider],
        "open": [row for row in rows if row.weights in {"open", "gated"}],
    }
    return {kind: random.Random(f"{seed} {kind}").sample(found, MANY) for kind, found in kinds.items()}  # noqa: S311


def counted(held: Sequence[Mapping[str, str]]) -> tuple[list[str], bool]:
    """What came of a sample, with each field that was wrong or that nobody looked at; whether that is good enough."""
    found = Counter(row["verdict"] for row in held)
    models = len({(row["kind"], row["model"]) for row in held})
    said = ", ".join(f"{found[verdict]} {verdict}" for verdict in VERDICTS)
    told = [f"{len(held)} fields of {models} models: {said} ({found['wrong'] / max(len(held), 1):.1%} wrong)"]
    open_ones = [row for row in held if row["verdict"] not in VERDICTS]
    told += [f"{row['model']}.{row['field']}: no verdict" for row in open_ones]
    told += [f"{row['model']}.{row['field']}: {row['note']}" for row in held if row["verdict"] == "wrong"]
    return told, bool(held) and not open_ones and found["wrong"] <= WRONG * len(held)


def _lines(row: ModelRow) -> Iterator[tuple[str, str, str, str]]:
    for field in fields(row):
        value = getattr(row, field.name)
        if field.name not in {"id", "source", "as_of", "note"} and value not in (None, ()):
            yield row.id, field.name, _plain(value), "; ".join(row.source)


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name}={said}" for name, said in value.items())
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


if __name__ == "__main__":
    main()
