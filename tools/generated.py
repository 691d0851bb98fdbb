"""The file of generated rows: how it is read, what stays in it, and how it is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fedpolicy.catalog.read import Place, compose_shipped, plain, tree_of

Row = dict[str, Any]

FIELDS = (
    "developer", "weights", "architecture", "inference_code", "training_code", "training_data", "licence", "provider",
    "aliases", "parameters_b", "shutdown_on", "shutdowns", "replaced_by", "tasks", "source", "as_of",
)  # fmt: skip
_COMPARED = {
    "weights", "architecture", "training_code", "training_data", "licence", "parameters_b", "shutdown_on",
}  # fmt: skip
HEAD = "# Written by `make refresh` from packages; what is wrong here is put right by hand in models.yaml.\nmodels:\n"


def rows_in(path: Path) -> dict[str, Row]:
    """The rows of a file of models."""
    rows: dict[str, Row] = plain(tree_of(path.read_text(encoding="utf-8"), Place(name=path.name)))["models"]
    return rows


def with_ended(rows: Mapping[str, Row], before: Mapping[str, Row]) -> dict[str, Row]:
    """The rows, and those of the last time that have a day and that no package mentions any more: models that ended."""
    ended = {
        name: row for name, row in before.items() if name not in rows and ("shutdown_on" in row or "shutdowns" in row)
    }
    return dict(sorted({**ended, **rows}.items()))


def contradicted(rows: Mapping[str, Row], path: Path) -> list[str]:
    """Facts by hand that a package or an index contradicts, each with its place: by hand wins, and a person looks."""
    found = []
    for name, row in _nodes(compose_shipped(path.read_text(encoding="utf-8")), "models"):
        for key, node in _nodes(row):
            by_hand, made = plain(node), rows.get(name.value, {}).get(key.value)
            if key.value in _COMPARED and made is not None and not _agree(by_hand, made):
                place = f"{path.name}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"
                sources = ", ".join(rows[name.value]["source"])
                found.append(f"{place}: {name.value}.{key.value}: {by_hand} by hand, {made} in {sources}")
    return found


def listed_in(value: Any) -> list[Any]:  # noqa: ANN401  a parsed value
    """A list, one item, or nothing, as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _nodes(node: Any, key: str = "") -> list[tuple[Any, Any]]:  # noqa: ANN401  of PyYAML, which has no types
    pairs: list[tuple[Any, Any]] = node.value
    return _nodes(next(value for name, value in pairs if name.value == key)) if key else pairs


def _agree(by_hand: Any, made: Any) -> bool:  # noqa: ANN401  parsed values
    if isinstance(made, float):
        return bool(abs(by_hand - made) <= 0.15 * made)  # names of models round
    # A gate is more than a package can tell, and data that can be had are described, too.
    return bool(by_hand == made or (by_hand, made) in {("gated", "open"), ("open", "described")})


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
