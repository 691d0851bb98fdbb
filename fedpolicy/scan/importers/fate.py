"""FATE, FATE-LLM and KubeFATE: parties and their addresses, engines, who has to prove who they are, base models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan import Evidence, ForeignNode, settled, single
from fedpolicy.scan.reading.variables import found, literals, switch, told_by

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File

_ASSIGNED = re.compile(r"(\w+)=\(?([^)]*)\)?\s*")
_SECRET = re.compile(r"(?:password|passwd)$")
_SERVICE = {"default_engines.federation": ("federation", "engine")}
_TUNED = {
    "pretrained_model_path": ("model", "base"),
    "paths.pretrained_model_path": ("model", "base"),
    "peft_config.r": ("model", "lora_r"),
    "peft_config.lora_alpha": ("model", "lora_alpha"),
}
_TUNES = (b"peft_config:", b"emulator_layer_num:")
_EXCHANGE = "fate-exchange"  # passes on what parties send each other
_PEERS = (("rollsite", "partyList"), ("osx", "partyList"), ("nginx", "route_table"))


def wants(file: File) -> bool:
    """A list of parties, the configuration of FATE Flow, a cluster of KubeFATE, or parameters of FATE-LLM."""
    if file.path.name == "parties.conf":
        return b"party_list=" in file.content
    if file.path.suffix not in (".yml", ".yaml"):
        return False
    if any(word in file.content for word in (b"default_engines:", b"chartName: fate")):
        return True
    return b"pretrained_model_path:" in file.content and any(word in file.content for word in _TUNES)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    if file.path.name == "parties.conf":
        yield from _parties(file)
        return
    for root in file.yaml[:1]:
        if root.get("default_engines"):
            yield from _service(root)
        elif str(root.text("chartName")).startswith("fate"):
            yield from _cluster(root)
        else:
            yield from _tuned(root)


def _parties(file: File) -> Iterator[Evidence]:
    said: dict[str, tuple[list[str], ForeignNode]] = {}
    for number, line in enumerate(file.text.split("\n"), 1):
        if known := _ASSIGNED.fullmatch(line.strip()):
            place = file.line(number, 1, len(line) + 1)
            said[known[1]] = (known[2].split(), single(known[2], place, known[1]))
    names, where = said.get("party_list", ([], None))
    addresses, beside = said.get("party_ip_list", ([], None))
    yield from (where.says(f"node:party-{name}", "role", "client") for name in names if where)
    for name, address in zip(names, addresses, strict=False):
        if beside:
            yield beside.says(f"node:party-{name}", "address", address)
    if "federation" in said:
        yield said["federation"][1].tells("federation", "engine")
    for key, (words, node) in said.items():
        if words and _SECRET.search(key) and settled(words[0]):
            yield node.says(f"secret:{key}", "literal", "federation")


def _service(root: ForeignNode) -> Iterator[Evidence]:
    if party := found(root, "party_id"):
        yield party.says(f"node:party-{party.value}", "role", "client")
    yield from told_by(root, _SERVICE)
    for key, name in (
        ("client", "client_authentication"),
        ("site", "site_authentication"),
        ("permission", "permission"),
    ):
        yield from switch(root, f"authentication.{key}", "federation", name)
    yield from literals(root, "federation")


def _cluster(root: ForeignNode) -> Iterator[Evidence]:
    if party := found(root, "partyId"):
        role = "relay" if root.text("chartName") == _EXCHANGE else "client"
        yield party.says(f"node:party-{party.value}", "role", role)
    yield from told_by(root, {"federation": ("federation", "engine")})
    for steps in _PEERS:
        for one in root.each(*steps):
            peer, address = one.get("partyId"), one.get("partyIp")
            if peer:
                yield peer.says(f"node:party-{peer.value}", "role", "client")
            if peer and address:
                yield address.tells(f"node:party-{peer.value}", "address")
    for name, peer in root.items("nginx", "route_table"):
        yield peer.says(f"node:party-{name}", "role", "client")
        if address := peer.get("fateflow", 0, "host") or peer.get("proxy", 0, "host"):
            yield address.tells(f"node:party-{name}", "address")
    for name, one in root.items("ingress"):
        if place := one.get("tls") or one.get("hosts"):
            yield place.says(f"ingress:{name}", "tls", bool(one.get("tls")))
    yield from literals(root, "federation")


def _tuned(root: ForeignNode) -> Iterator[Evidence]:
    yield from told_by(root, _TUNED)
    if kind := found(root, "peft_config.peft_type"):
        yield kind.says("model", "tuning", str(kind.value).lower())
    elif emulator := found(root, "models.client.emulator_layer_num"):
        yield emulator.says("model", "tuning", "offsite_tuning")
