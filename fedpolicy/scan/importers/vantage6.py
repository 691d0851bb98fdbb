"""vantage6: a node's server, data, encryption, algorithms and exits; secrets of servers; who takes part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan import NONE, Evidence, ForeignNode
from fedpolicy.scan.reading.variables import found, literals, switch, told_by
from fedpolicy.scan.services import CALLED, is_own

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File

_SITE, _SERVER = "site", "server"
_LIMITS = ("allowed_algorithms", "allowed_algorithm_stores")
_ANY = frozenset({".*", "^.*$", ".+", "^.*", ".*$"})
_NODE = (b"server_url:", b"databases:", b"encryption:")
_OURS = (b"vantage6", b"task_dir:")
_STARTS = (b"organizations:", b"collaborations:", b"public_key:")  # of what `v6 server import` is given


def wants(file: File) -> bool:
    """YAML of a node or a server, as each version writes it, and of what a server starts with."""
    if file.path.suffix not in (".yml", ".yaml"):
        return False
    node = all(word in file.content for word in _NODE) and any(word in file.content for word in _OURS)
    new = b"vantage6" in file.content and b"hq:" in file.content
    return node or new or b"allow_drop_all:" in file.content or all(word in file.content for word in _STARTS)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for root in file.yaml[:1]:
        nodes = [one for one in _settings(root) if one.get("hq", "url") or one.get("server_url")]
        nodes = [one for one in nodes if not one.get("allow_drop_all")]
        for node in nodes:
            yield node.says(_SITE, "framework", "vantage6")
            yield from _site(file, node)
        if not nodes:
            yield from _collaborations(root)
            yield from literals(root, _SERVER)


def _settings(root: ForeignNode) -> list[ForeignNode]:
    """Where settings stand: below `node` in version 5, at the top in 4, for each environment in those before."""
    below = [root.get("node"), root.get("application"), *(one for _, one in root.items("environments"))]
    return [one for one in (root, *below) if one is not None and isinstance(one.value, dict)]


def _collaborations(root: ForeignNode) -> Iterator[Evidence]:
    """Who works together, and whether the server can read what they send."""
    for one in root.each("collaborations"):
        encrypted = one.get("encrypted")
        if encrypted and isinstance(encrypted.value, bool):
            yield encrypted.says(_SERVER, "encryption", "true" if encrypted.value else NONE)
        for member in one.each("participants"):
            place = member.get("name") or member
            if isinstance(place.value, str):
                yield place.says(f"node:{place.value}", "role", "client")


def _site(file: File, node: ForeignNode) -> Iterator[Evidence]:
    server = node.get("hq", "url") or node.get("server_url")
    if server:
        yield server.tells(_SITE, "server") if server.value else server.says(_SITE, "server", None)
        if str(server.value).startswith("http://") and not is_own(str(server.value)):
            yield server.says(_SITE, "transport", NONE)
    yield from switch(node, "encryption.enabled", _SITE, "encryption")
    yield _algorithms(node)
    if (logs := node.get("share_algorithm_logs")) and logs.value is True:
        yield logs.says(_SITE, "algorithm_logs", "shared")
    yield from told_by(node, {"image": (_SITE, "image"), "images.node": (_SITE, "image")})
    yield from _data(node)
    for domain in node.each("whitelist", "domains"):
        row = file.services.behind(str(domain.value))
        if row and row.kind in CALLED:
            yield domain.says(f"call:{row.id}", "used", None, note="it may be reached, which proves no use")
    yield from literals(node, _SITE)


def _algorithms(node: ForeignNode) -> Evidence:
    """
    Which algorithms run: any, where no list names them, or where one list is enough and the other names none.

    vantage6 4.13, node/docker/docker_manager.py: a list that is not there lets everything pass.
    """
    policies = node.get("policies") or node.get("allowed_images")  # which is how version 3 calls its list
    if policies is None:
        return node.says(_SITE, "algorithms", "any")
    if isinstance(policies.value, (list, tuple)):
        policies = ForeignNode(value={_LIMITS[0]: policies.value}, at=policies.at, path=policies.path)
    lists = [[one.text() or "" for one in policies.one_or_each(key)] for key in _LIMITS if found(policies, key)]
    named = [one for one in lists if one and _ANY.isdisjoint(one)]
    either = policies.text("allow_either_whitelist_or_store") == "true"
    return policies.says(_SITE, "algorithms", "listed" if len(named) > either else "any")


def _data(node: ForeignNode) -> Iterator[Evidence]:
    for group in ((), ("fileBased",), ("serviceBased",)):
        for one in node.each("databases", *group):
            name = one.text("label") or one.text("name")
            place = one.get("uri") or one.get("volumePath")
            if name and place:
                yield place.tells(f"dataset:{name}", "at")
    for name, place in node.items("databases"):
        if isinstance(place.value, str):
            yield place.tells(f"dataset:{name}", "at")
