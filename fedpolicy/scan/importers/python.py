"""Python: models of others that are called, and models of one's own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.records import replace
from fedpolicy.scan import Evidence, settled
from fedpolicy.scan.reading.cloud import profile_of
from fedpolicy.scan.reading.code import CodeCall, Module
from fedpolicy.scan.reading.origins import sources
from fedpolicy.scan.reading.values import Argument
from fedpolicy.scan.services import (
    AZURE,
    CALLED,
    CLOUD,
    DEPLOYED,
    OLLAMA,
    elsewhere,
    host_of,
    in_cloud,
    is_own,
)

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import ServiceRow
    from fedpolicy.scan.reading import File

_CLOUDS = ("boto3", "aioboto3", "aiobotocore")
_ASKS = frozenset({
    "create", "acreate", "parse", "stream", "complete", "chat", "converse",
    "converse_stream", "invoke_model", "invoke", "embed", "embed_content", "generate_content",
    "generate_content_stream", "generate_text",
})  # fmt: skip
_NAMES_FIRST = ("GenerativeModel", "from_pretrained")  # of Google: made with the name of the model
_WHOSE = re.compile(r"[a-z][a-z_]*[:/][\w./:-]+")  # `openai:gpt-4o`


def wants(file: File) -> bool:
    """A module with a word of a service's."""
    if file.path.suffix != ".py":
        return False
    words = (*file.services.modules, *file.services.host_words, b"boto")
    return any(word in file.content for word in words)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    module = _Asking(file)
    for call in module.calls:
        row = file.services.of_class(call.name)
        if row and row.kind in (*CALLED, "own"):
            yield from _constructed(module, call, row)
        elif row and row.kind == "vector_store":
            yield from _stored(module, call, row)
        elif call.last == "client" and not module.frameworks.isdisjoint(_CLOUDS):
            yield from _client_of_a_cloud(module, call)


class _Asking(Module):
    """A module with the calls that ask models, by the name of what they are made on, and how many clients there are."""

    def __init__(self, file: File) -> None:
        vars(self).update(vars(file.module))  # which others have looked through
        self.asks: dict[tuple[object, str], list[CodeCall]] = {}
        self._at_once: dict[int, CodeCall] = {}  # by the client that is made and asked in one go
        for one in self.calls:
            if one.last in _ASKS and "." in one.name and (key := self._holder(one.node.func, one)):
                self.asks.setdefault(key, []).append(one)
        self.clients = sum(one.last == "client" or file.services.of_class(one.name) is not None for one in self.calls)

    @cached_property
    def named_models(self) -> tuple[str, ...]:
        """Whose models the module names with whoever runs them: what a name may be that nobody can follow."""
        said = {self.file.services.asked(text)[0] for text in self.texts() if _WHOSE.fullmatch(text)}
        known = sorted({row.id for row in said if row and row.kind in CALLED})
        return (f"the file names models of {', '.join(known)}",) if known else ()

    @cached_property
    def named_hosts(self) -> tuple[str, ...]:
        """Which hosts of providers stand in the module: what an address may be that nobody can follow."""
        addresses = sorted({text for text in self.texts() if text.startswith("https://")})
        behind = {host_of(text): self.file.services.behind(text) for text in addresses}
        known = [host for host, row in behind.items() if row and row.kind in CALLED]
        return (f"the file names {', '.join(known)}",) if known else ()

    def asked_by(self, call: CodeCall) -> list[CodeCall]:
        """The calls that ask by a client: those of what holds it, or all where nobody shows which holds it."""
        if at_once := self._at_once.get(id(call.node)):
            return [at_once]
        keys = {self._holder(target): None for target in self.targets(call.node)}
        held = [one for key in keys if key for one in self._asks_by(*key)]
        if held or self.clients > 1:
            return held
        return [one for asks in self.asks.values() for one in asks]

    def _asks_by(self, where: object, name: str) -> list[CodeCall]:
        """What a client asks: in its function or class, else in the classes that its class is made of."""
        found = self.asks.get((where, name), [])
        waiting, seen = [where] if not found else [], set[object]()
        while waiting and not found:
            seen.add(where := waiting.pop())
            found = self.asks.get((where, name), [])
            bases = [getattr(base, "id", "") for one in self.classes if one.name == where for base in one.bases]
            waiting += [base for base in bases if base and base not in seen]
        return found

    def _holder(self, node: ast.expr, asks: CodeCall | None = None) -> tuple[object, str] | None:
        """What a call is made on, and where that is known: `client` in a function, `self.client` in a class."""
        below = None
        while isinstance(node, (ast.Attribute, ast.Call)):
            if asks is not None and isinstance(node, ast.Call):
                self._at_once[id(node)] = asks
            below, node = node, node.func if isinstance(node, ast.Call) else node.value
        if not isinstance(node, ast.Name):
            return None
        scope = self.scopes.get(id(node))
        if node.id in ("self", "cls") and isinstance(below, ast.Attribute):
            return (scope.owner_of() if scope else "", below.attr)
        while scope and not (node.id in scope.assigned or node.id in scope.parameters):
            scope = scope.outer
        return (scope, node.id)


def _stored(module: Module, call: CodeCall, row: ServiceRow) -> Iterator[Evidence]:
    """A store whose client may talk to one's own is that of others at their addresses alone."""
    place = 0 if row.address_arguments else None
    found = module.value(call.argument(*row.address_arguments, place=place))
    theirs = found.known and isinstance(found.value, str) and module.file.services.behind(found.value) is row
    if theirs or not row.address_arguments:
        yield module.says(call.node, f"{row.kind}:{row.id}", "used", "true", note=found.open)


def _constructed(module: _Asking, call: CodeCall, row: ServiceRow) -> Iterator[Evidence]:
    """A client of a model: the address decides to whom it talks; without one the class does, or the model's name."""
    passed_on = list(_passed_on(module, call)) if row.id == OLLAMA else []
    yield from passed_on
    address = call.argument(*row.address_arguments) or _of_the_library(module, call, row)
    found = module.value(address)
    if address is not None and not _left_to_the_library(found, row):
        yield from _at_address(module, call, found, row)
    elif row.kind == "own":
        if not passed_on:
            yield module.says(call.node, "model:own", "address", "localhost", note=elsewhere(row))
    elif row.hosts or row.provider:
        yield from _made(module, call, row.id, elsewhere(row))
    else:
        yield from _by_name(module, call, row)


def _passed_on(module: _Asking, call: CodeCall) -> Iterator[Evidence]:
    """What Ollama, wherever it runs, passes on to its cloud, by the names of models."""
    for asks in (call, *module.asked_by(call)):
        node = asks.argument("model", place=0)
        found = module.value(node) if node is not None else None
        if node is not None and found and found.known and isinstance(found.value, str) and in_cloud(found.value):
            yield module.says(asks.node, f"call:{CLOUD}", "made", "true", note=found.open)
            yield module.says(node, f"call:{CLOUD}", "model", found.value, note=found.open)
            yield from _sent(module, asks, CLOUD)


def _of_the_library(module: Module, call: CodeCall, row: ServiceRow) -> ast.expr | None:
    """The address that a library is given for all calls of its functions: `openai.api_base = ...`."""
    library = call.name.partition(".")[0]
    here = module.scopes.get(id(call.node.func))
    given = [each for name in row.address_arguments for each in module.settings.get(f"{library}.{name}", ())]
    set_ = [(module.scopes.get(id(target)), value) for target, value in given]
    askers = [module.scopes.get(id(one.node.func)) for one in module.calls if set_ and one.name.startswith(library)]
    # A function that asks for itself sets it for itself; any other may have run before.
    own = [value for scope, value in set_ if scope is here]
    found = own or [value for scope, value in set_ if scope is None or scope not in askers]
    near = own or all(scope is None or not scope.owner or (here and scope.owner == here.owner) for scope, _ in set_)
    # Of two addresses, or one that another class sets, which one counts is not decided here.
    return found[0] if len(found) == 1 and near else ast.Name(id="") if found else None


def _left_to_the_library(found: Argument, row: ServiceRow) -> bool:
    """Whether an address says no more than a library does that is given none: it asks the same variable."""
    return (found.known and found.value is None) or (found.optional and found.variable in row.address_variables)


def _at_address(module: _Asking, call: CodeCall, found: Argument, row: ServiceRow) -> Iterator[Evidence]:
    if not isinstance(found.value, str) or not host_of(found.value) or not settled(found.value):
        yield from _at_open_address(module, call, found, row)
    elif is_own(found.value):
        yield module.says(call.node, "model:own", "address", found.value, note=found.open)
    else:
        behind = module.file.services.behind(found.value)
        note = "" if behind else f"the catalogue does not know who answers at {host_of(found.value)}"
        yield from _made(module, call, behind.id if behind else "unknown", _joined(found, note))


def _at_open_address(module: _Asking, call: CodeCall, found: Argument, row: ServiceRow) -> Iterator[Evidence]:
    """An address from elsewhere may be anybody's, unless the class is for one service that gives each its own."""
    note = f"the address is {found.open}" if found.variable else "the address comes from elsewhere"
    if passed_on := module.file.services.runtimes.get(found.variable):
        yield module.says(call.node, f"call:{passed_on.id}", "made", "true", note=elsewhere(passed_on))
    elif _gives_each_its_own(row):
        yield from _made(module, call, row.id, f"by its class; {note}")
    elif (other := module.file.services.addresses.get(found.variable)) and _gives_each_its_own(other):
        yield from _made(module, call, other.id, note)
    else:
        note = ", but ".join((*module.named_hosts, note))
        yield module.says(call.node, "call:unknown", "made", "true", note=note)


def _gives_each_its_own(row: ServiceRow) -> bool:
    """Whether each customer of a service has a host of its own."""
    return bool(row.hosts) and all(host.startswith(".") for host in row.hosts)


def _by_name(module: _Asking, call: CodeCall, row: ServiceRow) -> Iterator[Evidence]:
    """Where the model's name says who runs it: `openai/gpt-4o`, `openai:gpt-4o`."""
    node = call.argument("model", "model_id", "model_name", place=0)
    if isinstance(node, ast.Call):  # a model of a class of its own, which says whose it is
        return
    found = module.value(node)
    if not found.known or not isinstance(found.value, str):
        note = ", but ".join((*module.named_models, f"the name of the model for {row.name} comes from elsewhere"))
        yield module.says(call.node, "call:unknown", "made", "true", note=note)
        return
    behind, model = module.file.services.asked(found.value)
    if behind is None:
        note = f"the catalogue does not know who runs {found.value}"
        yield module.says(call.node, "call:unknown", "made", "true", note=note)
    elif behind.kind == "own":
        yield module.says(call.node, "model:own", "served", found.value, note=found.open)
    else:
        yield module.says(call.node, f"call:{behind.id}", "made", "true", note=found.open)
        yield from _model(module, node or call.node, behind.id, replace(found, value=model))
        yield from _sent(module, call, behind.id)


def _client_of_a_cloud(module: _Asking, call: CodeCall) -> Iterator[Evidence]:
    service = module.value(call.argument("service_name", place=0))
    row = module.file.services.endpoints.get(str(service.value)) if service.known else None
    if row is None:
        return
    address = call.argument("endpoint_url")
    if address is not None:
        yield from _at_address(module, call, module.value(address), row)
        return
    yield from _made(module, call, row.id, "")
    if (place := call.argument("region_name")) is not None:
        region = module.value(place)
        yield module.says(place, f"call:{row.id}", "region", region.value if region.known else None, note=region.open)


def _made(module: _Asking, call: CodeCall, name: str, note: str) -> Iterator[Evidence]:
    yield module.says(call.node, f"call:{name}", "made", "true", note=note)
    direct = call.last in _ASKS  # a function that asks, and no client that is made to ask later
    for asks in (call,) if direct else (call, *module.asked_by(call)):
        first = 0 if asks is call and call.last in _NAMES_FIRST else None
        node = asks.argument("model", "model_name", "modelId", "model_id", "engine", place=first)
        if node is not None:
            found = module.value(node)
            yield from _model(module, node, name, found)
        if direct or asks is not call:
            yield from _sent(module, asks, name)


def _model(module: Module, node: ast.expr, name: str, found: Argument) -> Iterator[Evidence]:
    """Which model is asked, and the area in which a profile of Bedrock may have prompts processed."""
    if name == AZURE:
        yield module.says(node, f"call:{name}", "model", None, note=DEPLOYED)
        return
    yield module.says(node, f"call:{name}", "model", found.value if found.known else None, note=found.open)
    if found.known and (profile := profile_of(str(found.value))):
        yield module.says(node, f"call:{name}", "profile", profile, note=found.open)


def _sent(module: Module, call: CodeCall, name: str) -> Iterator[Evidence]:
    """Which files what is asked is read from, where the module shows that."""
    for node, path in sources(module, call.node):
        yield module.says(node, f"call:{name}", "sends", path)


def _joined(found: Argument, note: str) -> str:
    return "; ".join(part for part in (note, found.open) if part)
