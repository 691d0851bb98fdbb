"""Python: requests by hand to those who run models, by their hosts, or by the paths of their interfaces alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan.reading.code import CodeCall, Module
from fedpolicy.scan.reading.origins import sources
from fedpolicy.scan.reading.values import beginning
from fedpolicy.scan.services import CALLED, host_of, is_own

if TYPE_CHECKING:
    from fedpolicy.scan import Evidence
    from fedpolicy.scan.reading import File

_REQUESTS = re.compile(
    r"(?:requests|httpx|aiohttp|urllib).*\.(?:get|post|put|request|stream|urlopen|Client|AsyncClient|ClientSession)"
)
_SENDS, _HTTP = ("post", "put", "request", "stream"), ("requests", "httpx", "aiohttp", "urllib3")
_PATHS = (b"/chat/completions", b"/v1/completions", b"/v1/embeddings", b"/v1/messages", b"/v1/responses")
_ENDS = tuple(path.decode() for path in _PATHS)


def wants(file: File) -> bool:
    """A module with a host of a service's, or a path at which models are asked."""
    return file.path.suffix == ".py" and any(word in file.content for word in (*file.services.host_words, *_PATHS))


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    module = file.module
    served = {id(one) for function in ast.walk(file.python) for one in getattr(function, "decorator_list", ())}
    for call in module.calls:
        by_hand = call.last in _SENDS and not module.frameworks.isdisjoint(_HTTP)
        if (by_hand or _REQUESTS.fullmatch(call.name)) and id(call.node) not in served:
            yield from _requested(module, call)


def _requested(module: Module, call: CodeCall) -> Iterator[Evidence]:
    named = call.argument("url", "base_url")
    for node in (*call.node.args[:2], *((named,) if named is not None else ())):
        found = module.value(node)
        said = found.value if found.known and isinstance(found.value, str) else ""
        behind = module.file.services.behind(said)
        if behind and behind.kind in CALLED:
            yield module.says(call.node, f"call:{behind.id}", "made", "true", note=found.open)
            yield from (
                (module.says(one, f"call:{behind.id}", "sends", path)) for one, path in sources(module, call.node)
            )
        elif not behind and (said or _end(node)).endswith(_ENDS) and not is_own(host := _host(module, node)):
            note = f"the catalogue does not know who answers at {host}" if host else "the address comes from elsewhere"
            yield module.says(call.node, "call:unknown", "made", "true", note=note)


def _end(node: ast.expr) -> str:
    """How a text ends of which a part is open."""
    match node:
        case ast.JoinedStr(values=[*_, ast.Constant(value=str(said))]) | ast.BinOp(right=ast.Constant(value=str(said))):
            return said
    return ""


def _host(module: Module, node: ast.expr) -> str:
    """The host of an address, of which the path may be all that stands here: then of the only client in the module."""
    address = beginning(module, node)
    if address.startswith("/") or not address:
        bases = [base for one in module.calls if (base := one.argument("base_url")) is not None]
        address = beginning(module, bases[0]) if len(bases) == 1 else ""
    return host_of(address)
