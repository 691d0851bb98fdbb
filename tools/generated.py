"""The file of generated rows: how it is read, what stays in it, and how it is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fedpolicy.catalog.read import compose_shipped, plain

Row = dict[str, Any]

FIELDS = (
    "developer", "weights", "architecture", "inference_code", "training_code", "training_data", "licence", "provider",
    "aliases", "parameters_b", "shutdown_on", "shutdowns", "replaced_by", "tasks", "source", "as_of",
)  # fmt: skip
HEAD = "# Written by `make refresh` from packages; what is wrong here is put right by hand in models.yaml.\nmodels:\n"


def rows_in(path: Path) -> dict[str, Row]:
    """The rows of a file of models."""
    rows: dict[str, Row] = plain(compose_shipped(path.read_text(encoding="utf-8")))["models"]
    return rows


def with_ended(rows: Mapping[str, Row], before: Mapping[str, Row]) -> dict[str, Row]:
    """The rows, and those of the last time that have a day and that no package mentions any more: models that ended."""
    ended = {
        name: row for name, row in before.items() if name not in rows and ("shutdown_on" in row or "shutdowns" in row)
    }
    return dict(sorted({**ended, **rows}.items()))


def written(rows: Mapping[str, Row]) -> str:
    """The rows as YAML, a field a line, so that a difference can be read."""
    lines = [HEAD]
    for name, row in rows.items():
        lines.append(f"  {json.dumps(name)}:\n")
        lines += [f"    {key}: {_yaml(key, value)}\n" for key, value in row.items()]
    return "".join(lines)


def _yaml(key: str, value: Any) -> str:  # noqa: ANN401  a parsed value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)}: {day}" for name, day in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(json.dumps(item) for item in value) + "]"
    return str(value) if key in {"as_of", "shutdown_on", "parameters_b"} else json.dumps(value, ensure_ascii=False)
