"""Python: models of others that are called, models of one's own, adapters, noise, uploads, and peers' pickles."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.scan import settled
from fedpolicy.scan.reading.code import Module
from fedpolicy.scan.reading.origins import origin, sources
from fedpolicy.scan.reading.variables import looks_real
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
    runs_unread_code,
)

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import ServiceRow
    from fedpolicy.scan import Evidence
    from fedpolicy.scan.reading import File
    from fedpolicy.scan.reading.code import Argument, CodeCall

__all__ = ["read", "wants"]

_REQUESTS = re.compile(r"(?:requests|httpx|aiohttp|urllib).*\.(?:get|post|put|request|stream|urlopen)")
# What runs whatever code the bytes hold; in a module of a federation they may be a peer's.
_UNPICKLES = frozenset({"pickle.loads", "cloudpickle.loads", "dill.loads"})
_FEDERATED = frozenset({"flwr", "nvflare"})
_CLOUDS = ("boto3", "aioboto3", "aiobotocore")
_UPLOADS = ("push_to_hub", "upload_file", "upload_folder", "create_commit")
_HUB = ("huggingface_hub", "transformers", "peft", "datasets")
_ASKS = (
    "create",
    "parse",
    "stream",
    "complete",
    "chat",
    "converse",
    "converse_stream",
    "invoke_model",
    "invoke",
    "embed",
    "generate_content",
    "generate_content_stream",
)
_NAMES_FIRST = ("GenerativeModel", "from_pretrained")  # of Google: made with the name of the model
_PROVES = {
    "opacus.PrivacyEngine": ("safeguard:differential_privacy", "used", "PrivacyEngine"),
    "peft.get_peft_model": ("model", "tuning", "peft"),
}
_WORDS = (b"opacus", b"peft", b"pickle", b"boto", b"push_to_hub", b"huggingface_hub", b"trust_remote_code")
_LOADED = ("model", "model_name", "model_name_or_path", "pretrained_model_name_or_path", "path")
_LOADS = ".from_pretrained"
_FOLDER = re.compile(r"(?:\w+_)?(?:dir|directory|folder)")
_WHOSE = re.compile(r"[a-z][a-z_]*[:/][\w./:-]+")  # `openai:gpt-4o`


def wants(file: File) -> bool:
    """A module with a word of a service's."""
    if file.path.suffix != ".py":
        return False
    words = (*file.services.modules, *file.services.host_words, *_WORDS)
    return any(word in file.content for word in words)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    module = _Asking(file)
    for call in module.calls:
        yield from _with_its_code(module, call)
        row = file.services.classes.get(call.name)
        if row and row.kind in (*CALLED, "own"):
            yield from _constructed(module, call, row)
        elif row and row.kind == "vector_store":
            yield module.says(call.node, f"{row.kind}:{row.id}", "used", "true")
        elif _REQUESTS.fullmatch(call.name):
            yield from _requested(module, call)
        elif call.last == "client" and not module.frameworks.isdisjoint(_CLOUDS):
            yield from _client_of_a_cloud(module, call)
        else:
            yield from _done(module, call)


def _done(module: Module, call: CodeCall) -> Iterator[Evidence]:
    """What a call does by itself, whatever it is made on: it protects, uploads, or runs what bytes hold."""
    if call.name in _PROVES:
        yield module.says(call.node, *_PROVES[call.name])
    elif call.name in _UNPICKLES and not module.frameworks.isdisjoint(_FEDERATED):
        yield module.says(call.node, "code", "unpickles", call.name)
    elif call.last in _UPLOADS and not module.frameworks.isdisjoint(_HUB) and _is_of_the_hub(module, call):
        yield module.says(call.node, "upload:huggingface", "made", call.last)


def _is_of_the_hub(module: Module, call: CodeCall) -> bool:
    """Whether an upload goes to the hub: stores of clouds have functions of the same names."""
    func = call.node.func
    made = origin(module, func.value) if isinstance(func, ast.Attribute) and call.last != "push_to_hub" else ""
    return not made or made.partition(".")[0] in _HUB


class _Asking(Module):
    """A module with the calls that ask models, by the name of what they are made on, and how many clients there are."""

    def __init__(self, file: File) -> None:
        super().__init__(file)
        self.asks: dict[str, list[CodeCall]] = {}
        for one in self.calls:
            if one.last in _ASKS and "." in one.name:
                self.asks.setdefault(_root(one.name), []).append(one)
        self.clients = sum(one.name in file.services.classes or one.last == "client" for one in self.calls)

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
        holders = {_root(name) for name in self.holders(call.node)}
        if holders:
            return [one for name in sorted(holders) for one in self.asks.get(name, ())]
        return [one for name in sorted(self.asks) for one in self.asks[name]] if self.clients <= 1 else []


def _root(name: str) -> str:
    """What a call is made on: `client` of `client.chat.create`, `self.client` of `self.client.chat.create`."""
    steps = name.split(".")
    return ".".join(steps[:2]) if steps[0] in ("self", "cls") else steps[0]


def _constructed(module: _Asking, call: CodeCall, row: ServiceRow) -> Iterator[Evidence]:
    """A client of a model: the address decides to whom it talks; without one the class does, or the model's name."""
    yield from _literal_key(module, call)
    passed_on = list(_passed_on(module, call)) if row.id == OLLAMA else []
    yield from passed_on
    address = call.argument(*row.address_arguments)
    if address is not None and not _is_none(module, address):
        yield from _at_address(module, call, module.value(address), row)
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


def _literal_key(module: Module, call: CodeCall) -> Iterator[Evidence]:
    node = call.argument("api_key", "token")
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and looks_real("", node.value, encoded=False):
        yield module.says(node, "secret:api_key", "literal", f"module:{module.file.path.name}")


def _with_its_code(module: Module, call: CodeCall) -> Iterator[Evidence]:
    """A model that is loaded with the code of its repository, in no version that somebody could have read."""
    trusted = module.value(call.argument("trust_remote_code"))
    if not trusted.known or trusted.value is not True:
        return
    pinned = module.value(call.argument("code_revision", "revision"))
    node = call.argument(*_LOADED, place=0)
    model = module.value(node)
    name = model.value if model.known and isinstance(model.value, str) else ""
    if runs_unread_code(name, pinned.value) and not (node is not None and _is_loaded(module, node)):
        yield module.says(call.node, "code:publisher", "runs", name or None, note=trusted.open)


def _is_loaded(module: Module, node: ast.expr) -> bool:
    """Whether a model is a folder by what it is called, or is there already, and its code has been run by then."""
    called = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    loaded = [one for one in module.bound(called) if isinstance(one, ast.Call)]
    return _FOLDER.fullmatch(called) is not None or any(module.name(one.func).endswith(_LOADS) for one in loaded)


def _is_none(module: Module, address: ast.expr) -> bool:
    found = module.value(address)
    return found.known and found.value is None


def _at_address(module: _Asking, call: CodeCall, found: Argument, row: ServiceRow) -> Iterator[Evidence]:
    if not found.known or not isinstance(found.value, str) or not settled(found.value):
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
    elif row.hosts and all(host.startswith(".") for host in row.hosts):
        yield from _made(module, call, row.id, f"by its class; {note}")
    else:
        note = ", but ".join((*module.named_hosts, note))
        yield module.says(call.node, "call:unknown", "made", "true", note=note)


def _by_name(module: _Asking, call: CodeCall, row: ServiceRow) -> Iterator[Evidence]:
    """Where the model's name says who runs it: `openai/gpt-4o`, `openai:gpt-4o`."""
    node = call.argument("model", "model_id", "model_name", place=0)
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
        yield module.says(node or call.node, f"call:{behind.id}", "model", model, note=found.open)
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
    for asks in (call, *module.asked_by(call)):
        first = 0 if asks is call and call.last in _NAMES_FIRST else None
        node = asks.argument("model", "model_name", "modelId", "model_id", place=first)
        if node is not None:
            found = module.value(node)
            model, note = (None, DEPLOYED) if name == AZURE else (found.value if found.known else None, found.open)
            yield module.says(node, f"call:{name}", "model", model, note=note)
        if asks is not call:
            yield from _sent(module, asks, name)


def _sent(module: Module, call: CodeCall, name: str) -> Iterator[Evidence]:
    """Which files what is asked is read from, where the module shows that."""
    for node, path in sources(module, call.node):
        yield module.says(node, f"call:{name}", "sends", path)


def _joined(found: Argument, note: str) -> str:
    return "; ".join(part for part in (note, found.open) if part)


def _requested(module: Module, call: CodeCall) -> Iterator[Evidence]:
    for node in call.node.args[:2]:
        found = module.value(node)
        behind = module.file.services.behind(found.value) if found.known and isinstance(found.value, str) else None
        if behind and behind.kind in CALLED:
            yield module.says(call.node, f"call:{behind.id}", "made", "true", note=found.open)
            yield from _sent(module, call, behind.id)
