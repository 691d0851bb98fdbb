"""Draws rows to look up by hand: 40 hosted and 40 open models, the same all day long, with what they say and where."""

from __future__ import annotations

import random
import sys
from dataclasses import fields
from datetime import UTC, datetime

from fedpolicy.catalog import load_catalog
from fedpolicy.catalog.rows import ModelRow

MANY = 40


def main() -> None:
    """Write the rows; the seed is the day, or the one that is given."""
    seed = sys.argv[1] if len(sys.argv) > 1 else datetime.now(UTC).date().isoformat()
    drawn = sample(seed)
    sys.stdout.write("".join(f"{line}\n" for kind, rows in drawn.items() for line in _lines(kind, rows)))


def sample(seed: str) -> dict[str, list[ModelRow]]:
    """The rows of a day."""
    rows = list(load_catalog().models.values())
    kinds = {
        "hosted": [row for row in rows if row.provider],
        "open": [row for row in rows if row.weights in {"open", "gated"}],
    }
    return {kind: random.Random(f"{seed} {kind}").sample(found, MANY) for kind, found in kinds.items()}  # noqa: S311


def _lines(kind: str, rows: list[ModelRow]) -> list[str]:
    said = [f"## {len(rows)} {kind} models"]
    for row in rows:
        said += [f"- {row.id}"]
        said += [
            f"  {field.name}: {value}"
            for field in fields(row)
            if field.name != "id" and (value := getattr(row, field.name)) not in (None, ())
        ]
    return said


if __name__ == "__main__":
    main()
