"""vantage6: a node's server, data, encryption, which algorithms it runs, and whom it may reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan.reading.variables import found, literals, switch, told_by
from fedpolicy.scan.services import CALLED

if TYPE_CHECKING:
    from fedpolicy.scan import Evidence, ForeignNode
    from fedpolicy.scan.reading import File

_SITE = "site"
_LIMITS = ("allowed_algorithms", "allowed_algorithm_stores")
_OLD = (b"server_url:", b"databases:", b"encryption:")


def wants(file: File) -> bool:
    """YAML of a node: of version 4 at the top, of version 5 below `node`."""
    if file.path.suffix not in (".yml", ".yaml"):
        return False
    return b"vantage6" in file.content and (b"hq:" in file.content or all(word in file.content for word in _OLD))


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for root in file.yaml[:1]:
        new = root.get("node")
        node = new if new and new.get("hq") else root
        if node.get("hq", "url") or node.get("server_url"):
            yield node.says(_SITE, "framework", "vantage6")
            yield from _site(file, node)


def _site(file: File, node: ForeignNode) -> Iterator[Evidence]:
    server = node.get("hq", "url") or node.get("server_url")
    if server:
        yield server.tells(_SITE, "server") if server.value else server.says(_SITE, "server", None)
    yield from switch(node, "encryption.enabled", _SITE, "encryption")
    policies = node.get("policies")
    if policies:
        limits = [found(policies, key) for key in _LIMITS]
        yield policies.says(_SITE, "algorithms", "listed" if any(limits) else "any")
    if (logs := node.get("share_algorithm_logs")) and logs.value is True:
        yield logs.says(_SITE, "algorithm_logs", "shared")
    yield from told_by(node, {"image": (_SITE, "image"), "images.node": (_SITE, "image")})
    yield from _data(node)
    for domain in node.each("whitelist", "domains"):
        row = file.services.behind(str(domain.value))
        if row and row.kind in CALLED:
            yield domain.says(f"call:{row.id}", "used", None, note="it may be reached, which proves no use")
    yield from literals(node, _SITE)


def _data(node: ForeignNode) -> Iterator[Evidence]:
    for group in ((), ("fileBased",), ("serviceBased",)):
        for one in node.each("databases", *group):
            name = one.text("label") or one.text("name")
            place = one.get("uri") or one.get("volumePath")
            if name and place:
                yield place.tells(f"dataset:{name}", "at")
