"""Python: models of others that are called, trackers, adapters, noise; and packages that are only listed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan.evidence import NONE, Evidence, Strength
from fedpolicy.scan.node import settled
from fedpolicy.scan.reading.code import Module
from fedpolicy.scan.services import CALLED, host_of, is_own

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import ServiceRow
    from fedpolicy.scan.reading.code import Argument, Call
    from fedpolicy.scan.reading.files import File

__all__ = ["read", "wants"]

_REQUIREMENTS = re.compile(r"requirements[\w.-]*\.txt")
_PACKAGE = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_WORDS = {"model": "call", "router": "gateway", "tracker": "tracker", "tracer": "tracker"}
_REQUESTS = re.compile(r"(?:requests|httpx|aiohttp|urllib).*\.(?:get|post|put|request|stream|urlopen)")
# What runs whatever code the bytes hold; in a module of a federation they may be a peer's.
_UNPICKLES = frozenset({"pickle.loads", "cloudpickle.loads", "dill.loads"})
_FEDERATED = frozenset({"flwr", "nvflare"})
_OFF = ("offline", "disabled")
_PROVES = {
    "opacus.PrivacyEngine": ("safeguard:differential_privacy", "used", "PrivacyEngine"),
    "peft.get_peft_model": ("model", "tuning", "peft"),
}


def wants(file: File) -> bool:
    """A list of requirements, or a module with a word of a service's."""
    if _REQUIREMENTS.fullmatch(file.path.name):
        return True
    if file.path.suffix != ".py":
        return False
    words = (*file.services.modules, *file.services.host_words, b"opacus", b"peft", b"pickle")
    return any(word in file.content for word in words)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    if file.path.suffix == ".txt":
        yield from _requirements(file)
        return
    module = Module(file)
    for call in module.calls:
        row = file.services.classes.get(call.name)
        if row:
            yield from _used(module, call, row)
        elif call.name in _PROVES:
            yield module.says(call.node, *_PROVES[call.name])
        elif _REQUESTS.fullmatch(call.name):
            yield from _requested(module, call)
        elif call.name in _UNPICKLES and not module.frameworks.isdisjoint(_FEDERATED):
            yield module.says(call.node, "code", "unpickles", call.name)


def _used(module: Module, call: Call, row: ServiceRow) -> Iterator[Evidence]:
    if row.kind in CALLED:
        yield from _constructed(module, call, row)
    elif row.kind == "tracker":
        yield from _tracked(module, call, row)
    else:
        yield module.says(call.node, f"{_WORDS.get(row.kind, row.kind)}:{row.id}", "used", "true")


def _constructed(module: Module, call: Call, row: ServiceRow) -> Iterator[Evidence]:
    """A client of a model: the address decides to whom it talks, and without one the class does."""
    address = call.argument(*row.address_arguments)
    if address is None:
        yield module.says(call.node, f"call:{row.id}", "made", "true", note=_elsewhere(row))
        yield from _models(module, call, row.id)
        return
    found = module.value(address)
    if not found.known or not isinstance(found.value, str) or not settled(found.value):
        note = f"the address is {found.open}" if found.variable else "the address comes from elsewhere"
        passed_on = module.file.services.runtimes.get(found.variable)
        name = f"call:{passed_on.id}" if passed_on else "call:unknown"
        yield module.says(call.node, name, "made", "true", note=_elsewhere(passed_on) if passed_on else note)
        return
    if is_own(found.value):
        yield module.says(call.node, "model:own", "address", found.value, note=found.open)
        return
    behind = module.file.services.behind(found.value)
    name = behind.id if behind else "unknown"
    note = _joined(found, "" if behind else f"nobody in the catalogue answers at {host_of(found.value)}")
    yield module.says(call.node, f"call:{name}", "made", "true", note=note)
    yield from _models(module, call, name)


def _joined(found: Argument, note: str) -> str:
    return "; ".join(part for part in (note, found.open) if part)


def _elsewhere(row: ServiceRow) -> str:
    return f"unless {' or '.join(row.address_variables)} says otherwise" if row.address_variables else ""


def _models(module: Module, constructed: Call, name: str) -> Iterator[Evidence]:
    """Which models the module asks for, in this call or in calls of `create` and the like."""
    for call in (constructed, *(one for one in module.calls if _asks(one))):
        node = call.argument("model", "model_name")
        if node is not None:
            found = module.value(node)
            yield module.says(node, f"call:{name}", "model", found.value if found.known else None, note=found.open)


def _asks(call: Call) -> bool:
    return call.last in ("create", "parse", "stream", "complete", "chat") and "." in call.name


def _tracked(module: Module, call: Call, row: ServiceRow) -> Iterator[Evidence]:
    subject = f"tracker:{row.id}"
    mode = module.value(call.argument("mode"))
    if mode.known and mode.value in _OFF:
        yield module.says(call.node, subject, "used", NONE)
        return
    yield module.says(call.node, subject, "used", "true", note=_elsewhere(row))
    if row.id == "mlflow":
        address = module.value(call.argument("uri", place=0))
        yield module.says(call.node, subject, "address", address.value if address.known else None, note=address.open)


def _requested(module: Module, call: Call) -> Iterator[Evidence]:
    for node in call.node.args[:2]:
        found = module.value(node)
        behind = module.file.services.behind(found.value) if found.known and isinstance(found.value, str) else None
        if behind and behind.kind in CALLED:
            yield module.says(call.node, f"call:{behind.id}", "made", "true", note=found.open)


def _requirements(file: File) -> Iterator[Evidence]:
    for number, line in enumerate(file.text.split("\n"), 1):
        found = _PACKAGE.match(line)
        name = re.sub(r"[-_.]+", "-", found[1]).lower() if found else ""
        row = file.services.packages.get(name)
        if row and row.kind in _WORDS:
            yield Evidence(
                subject=f"{_WORDS[row.kind]}:{row.id}",
                attribute="used",
                value=None,
                span=file.line(number, 1, len(line) + 1),
                key=name,
                strength=Strength.DECLARED,
                note="a package that is listed may be used; that proves nothing",
            )
