"""FATE, FATE-LLM and KubeFATE: parties and their addresses, engines, who has to prove who they are, base models."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from fedpolicy.records import replace
from fedpolicy.scan import NONE, Evidence, ForeignNode, Strength, scalar_text, settled, single
from fedpolicy.scan.reading.variables import found, literals, switch, told_by

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File
    from fedpolicy.scan.reading.code import Module

_HE, _SUMS = "safeguard:homomorphic_encryption", "safeguard:secure_aggregation"
_COMPONENTS = "fate_client.pipeline.components.fate."
_JOBS = (b"fate_client.pipeline.components", b'"component_parameters"')
_OPEN_KINDS = ("mock", None)  # FATE 2.2, core/params/_he_param.py: its cipher of this name encrypts nothing
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
    if file.path.suffix in (".py", ".json"):
        return any(word in file.content for word in _JOBS)
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
    if file.path.suffix == ".py":
        yield from _pipeline(file.module)
        return
    if file.path.suffix == ".json":
        for root in file.yaml[:1]:
            yield from _job(root)
        return
    for root in file.yaml[:1]:
        if root.get("default_engines"):
            yield from _service(root)
        elif str(root.text("chartName")).startswith("fate"):
            yield from _cluster(root)
        else:
            yield from _tuned(root)


def _pipeline(module: Module) -> Iterator[Evidence]:
    """What a job encrypts, and how it adds up, by the classes of FATE 2."""
    for call in module.calls:
        given = call.argument("he_param", "encrypt_param") if call.name.startswith(_COMPONENTS) else None
        if isinstance(given, ast.Dict):
            entries = {str(module.value(key).value): value for key, value in zip(given.keys, given.values, strict=True)}
            node = entries.get("kind") or entries.get("method")
            yield _wired(module, node or given, _HE, "he_param", _OPEN_KINDS)
        if call.name.startswith(_COMPONENTS) and (node := call.argument("aggregator")) is not None:
            yield _wired(module, node, _SUMS, "aggregator", ("plaintext",))


def _wired(module: Module, node: ast.expr, subject: str, key: str, off: Sequence[str | None]) -> Evidence:
    """A setting in code that the framework obeys."""
    said = module.value(node)
    value = None if not said.known or said.open else NONE if said.value in off else scalar_text(said.value)
    found = module.says(node, subject, "used", value, note=said.open)
    return replace(found, strength=Strength.CONFIGURED, key=key)


def _job(root: ForeignNode) -> Iterator[Evidence]:
    """A job of FATE 1: who takes part, what it encrypts, and how it adds up."""
    for role in ("guest", "host"):
        for party in root.each("role", role):
            yield party.says(f"node:party-{party.value}", "role", "client")
    for name, component in root.items("component_parameters", "common"):
        if method := component.get("encrypt_param", "method"):
            yield method.says(_HE, "used", NONE if method.value in _OPEN_KINDS else method.value)
        yield from switch(root, f"component_parameters.common.{name}.secure_aggregate", _SUMS)


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
