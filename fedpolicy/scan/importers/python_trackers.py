"""Python: where metrics of runs, and what was asked of models, are reported to."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan import NONE, Evidence, settled
from fedpolicy.scan.reading.code import CodeCall, Module
from fedpolicy.scan.services import TRACKS, elsewhere

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import ServiceRow
    from fedpolicy.scan.reading import File

_OFF = ("offline", "disabled", "debug")
_ARGUMENTS = "TrainingArguments"  # how classes of transformers and trl end that take `report_to`


def wants(file: File) -> bool:
    """A module with a word of a tracker's."""
    return file.path.suffix == ".py" and any(
        word in file.content for word in (*file.services.tracking, b"report_to", b"log_with")
    )


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    module = file.module
    for call in module.calls:
        row = file.services.of_class(call.name)
        if row and row.kind in TRACKS:
            yield from _tracked(module, call, row)
        elif (listed := _listed(call)) is not None:
            yield from _reported(module, listed)


def _listed(call: CodeCall) -> ast.expr | None:
    """The names of trackers, as trainers of transformers and Accelerate are given them."""
    if call.last.endswith((_ARGUMENTS, "Config")):
        return call.argument("report_to")
    return call.argument("log_with") if call.last == "Accelerator" else None


def _tracked(module: Module, call: CodeCall, row: ServiceRow) -> Iterator[Evidence]:
    subject = f"tracker:{row.id}"
    mode, offline = (module.value(call.argument(name)) for name in ("mode", "offline"))
    if mode.value in _OFF or offline.value is True:
        yield module.says(call.node, subject, "used", NONE)
        return
    yield module.says(call.node, subject, "used", "true", note=elsewhere(row))
    given = call.argument(*row.address_arguments, "uri", place=None if row.hosts else 0)
    if given is not None:
        found = module.value(given)
        known = found.known and isinstance(found.value, str) and settled(found.value)
        yield module.says(call.node, subject, "address", found.value if known else None, note=found.open)
    elif row.hosts:
        yield module.says(call.node, subject, "address", row.hosts[0].lstrip("."), note=elsewhere(row))


def _reported(module: Module, listed: ast.expr) -> Iterator[Evidence]:
    """Trackers that a trainer of transformers is told to report to, by their names."""
    for node in listed.elts if isinstance(listed, (ast.List, ast.Tuple)) else [listed]:
        found = module.value(node)
        row = next((one for one in module.file.services.rows if one.kind in TRACKS and one.id == found.value), None)
        if row:
            yield module.says(node, f"tracker:{row.id}", "used", "true", note=elsewhere(row))
            if row.hosts:
                yield module.says(node, f"tracker:{row.id}", "address", row.hosts[0].lstrip("."), note=elsewhere(row))
