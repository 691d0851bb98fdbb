"""Ways out that resources of clouds open: rules of security groups and firewalls, and where they lead."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fedpolicy.scan import Evidence, ForeignNode
from fedpolicy.scan.reading.cloud import Resource

_ANYWHERE = ("0.0.0.0/0", "::/0", "*", "Internet")
_ANY_PROTOCOL = ("-1", "all", "*")


def ways_out(one: Resource) -> Iterator[Evidence]:
    """What a resource lets out; most let nothing."""
    if one.kind in _SAY:
        yield from _SAY[one.kind](one)


def _aws_group(one: Resource) -> Iterator[Evidence]:
    for rule in one.node.one_or_each("egress"):
        yield from _way_out(one, rule, ("cidr_blocks", "ipv6_cidr_blocks"))


def _aws_rule(one: Resource) -> Iterator[Evidence]:
    if one.kind != "aws_security_group_rule" or one.text("type") == "egress":
        yield from _way_out(one, one.node, ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6"))


def _google_firewall(one: Resource) -> Iterator[Evidence]:
    allow = one.node.get("allow")
    if one.text("direction") == "EGRESS" and allow:
        listed = [str(port.value) for port in allow.each("ports")]
        yield from _told_out(one, one.node, list(one.node.each("destination_ranges")), listed)


def _azure_rule(one: Resource) -> Iterator[Evidence]:
    if (one.text("direction"), one.text("access")) == ("Outbound", "Allow"):
        port = one.text("destination_port_range") or ""
        target = one.node.get("destination_address_prefix")
        yield from _told_out(one, one.node, [target] if target else [], [] if port == "*" else [port])


def _way_out(one: Resource, rule: ForeignNode, keys: tuple[str, ...]) -> Iterator[Evidence]:
    """A rule of AWS; -1 stands for every protocol, and so for every port."""
    targets = [each for key in keys for each in rule.one_or_each(key)]
    first, last = (_known(one, rule.get(key)) for key in ("from_port", "to_port"))
    protocol = rule.text("protocol") or rule.text("ip_protocol")
    ports = [] if protocol in _ANY_PROTOCOL else [first or "" if first == last else f"{first}-{last}"]
    yield from _told_out(one, rule, targets, ports)


def _told_out(one: Resource, place: ForeignNode, targets: list[ForeignNode], ports: list[str]) -> Iterator[Evidence]:
    subject = f"firewall:{one.name}"
    known = [one.resolve(target.value)[0] for target in targets]
    if any(value in _ANYWHERE for value in known):
        for port in ports or ["all"]:
            yield place.says(subject, "egress_port", port or None)
    elif targets:
        yield place.says(subject, "egress", "limited")


def _known(one: Resource, found: ForeignNode | None) -> str | None:
    return one.resolve(found.value)[0] if found else None


_SAY: dict[str, Callable[[Resource], Iterator[Evidence]]] = {
    "aws_security_group": _aws_group,
    "aws_security_group_rule": _aws_rule,
    "aws_vpc_security_group_egress_rule": _aws_rule,
    "google_compute_firewall": _google_firewall,
    "azurerm_network_security_rule": _azure_rule,
}
