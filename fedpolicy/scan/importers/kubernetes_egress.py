"""Kubernetes: which workloads may talk to whom outside, as NetworkPolicy and CiliumNetworkPolicy say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from fedpolicy.scan.reading.manifest import Manifest, manifests
from fedpolicy.scan.services import CALLED, Services

if TYPE_CHECKING:
    from fedpolicy.scan import Evidence, ForeignNode
    from fedpolicy.scan.reading import File

_ANYWHERE = ("0.0.0.0/0", "::/0")
_ALL = "all"
_FEW = 20  # workloads that are named one by one
_POLICIES = ("NetworkPolicy", "CiliumNetworkPolicy")


def wants(file: File) -> bool:
    """YAML with a policy for a network."""
    return file.path.suffix in (".yml", ".yaml") and b"NetworkPolicy" in file.content


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    objects = manifests(file)
    policies = [one for one in objects if one.kind in _POLICIES and _limits(one)]
    workloads = [(one, one.labels) for one in objects if one.pod]
    chosen: set[str] = set()
    for policy in policies:
        mine = [one.name for one, labels in workloads if _selects(policy, one, labels)]
        chosen.update(mine)
        few = [f"workload:{name}" for name in mine] if len(mine) <= _FEW else []
        for subject in few or [f"policy:{policy.name}"]:
            yield from _rules(file.services, policy, subject)
    note = "no policy of this file is about it: it may talk to everybody, unless another one says no"
    for one, _ in workloads if policies else ():
        if one.name not in chosen and (name := one.node.get("metadata", "name")):
            yield name.says(f"workload:{one.name}", "egress", None, note=note)


def _limits(policy: Manifest) -> bool:
    """Whether a policy is about what leaves; without a list of types, where it has rules for that."""
    types = policy.node.get("spec", "policyTypes")
    listed = [str(one.value) for one in types.each()] if types else []
    return "Egress" in listed if listed else policy.node.get("spec", "egress") is not None


def _selects(policy: Manifest, workload: Manifest, labels: Mapping[str, str]) -> bool:
    """Whether a policy chooses the pods of a workload by their labels. Expressions decide nothing here."""
    key = "podSelector" if policy.kind == "NetworkPolicy" else "endpointSelector"
    selector = policy.node.get("spec", key)
    if policy.namespace != workload.namespace or selector is None or selector.get("matchExpressions"):
        return False
    wanted = selector.get("matchLabels")
    return all(labels.get(name) == str(node.value) for name, node in wanted.items()) if wanted else True


def _rules(services: Services, policy: Manifest, subject: str) -> Iterator[Evidence]:
    listed = policy.node.get("spec", "egress")
    rules = list(listed.each()) if listed else []
    if not rules:
        place = listed or policy.node.get("spec", "policyTypes") or policy.node
        yield place.says(subject, "egress", "closed")
        return
    for rule in rules:
        for port in _ports(rule) if _anywhere(rule) else ():
            yield rule.says(subject, "egress_port", port)
        yield from _hosts(services, rule)
    if listed and not any(map(_anywhere, rules)):
        yield listed.says(subject, "egress", "limited")


def _anywhere(rule: ForeignNode) -> bool:
    """Whether a rule names no destination, or every one."""
    targets = rule.get("to") or rule.get("toCIDR") or rule.get("toCIDRSet")
    if targets is None or not list(targets.each()):
        named = any(rule.get(key) for key in ("toFQDNs", "toEndpoints", "toServices", "toEntities"))
        return any(one.value in ("world", "all") for one in rule.each("toEntities")) or not named
    blocks = [one.get("ipBlock", "cidr") or one.get("cidr") or one for one in targets.each()]
    return any(one.value in _ANYWHERE for one in blocks)


def _ports(rule: ForeignNode) -> Sequence[str]:
    """The ports of a rule; all where it names none."""
    listed = rule.get("ports") or rule.get("toPorts", 0, "ports")
    found: list[str] = []
    for one in listed.each() if listed else ():
        first, last = one.text("port"), one.text("endPort")
        found.append(f"{first}-{last}" if first and last else first or _ALL)
    return found or [_ALL]


def _hosts(services: Services, rule: ForeignNode) -> Iterator[Evidence]:
    for one in rule.each("toFQDNs"):
        name = one.get("matchName") or one.get("matchPattern")
        row = services.behind(str(name.value).removeprefix("*.")) if name else None
        if row and name and row.kind in CALLED:
            yield name.says(f"call:{row.id}", "used", None, note="it may be reached, which proves no use")
