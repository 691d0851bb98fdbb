"""
Kubernetes: NetworkPolicies that deny everything, and permit exactly the flows that are declared.

A node is known by the label `fedpolicy/node` of its pods, in whatever namespace. Whoever sends may open the connection;
answers come back on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_network

from fedpolicy.enforce.plan import Channel, Enforced, LeftOut, Plan
from fedpolicy.errors import InputError
from fedpolicy.graph import Vertex

SUMMARY = "NetworkPolicies for Kubernetes: everything denied but the declared flows"
_LABEL = "fedpolicy/node"
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_LONGEST = 50
_DENY = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: fedpolicy-deny-all
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
"""
_DNS = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: fedpolicy-names
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
          podSelector: {matchLabels: {k8s-app: kube-dns}}
      ports:
        - {protocol: UDP, port: 53}
        - {protocol: TCP, port: 53}
"""


def write(plan: Plan) -> Enforced:
    """A policy that denies, one for the names of services, and one for each node."""
    names = _Names(plan)
    left_out: dict[str, LeftOut] = {}
    head = (
        f"# From {plan.document.file}: everything that is not declared is denied.\n"
        "# Apply it in each namespace that runs one of these nodes, and label their pods, as in\n"
        f"#   {_LABEL}: {names.of(plan.nodes[0]) if plan.nodes else 'client'}\n"
    )
    documents = [head + _DENY, f"# Names of services are looked up here; no declared flow goes this way.\n{_DNS}"]
    documents += [_policy(plan, node, names, left_out) for node in plan.nodes]
    return Enforced(text="---\n".join(documents), left_out=tuple(left_out[name] for name in sorted(left_out)))


class _Names:
    """What places are called as labels: each another one."""

    def __init__(self, plan: Plan) -> None:
        self._known: dict[str, str] = {}
        for name, place in sorted(plan.places.items()):
            wanted = found = _NOT_IN_NAMES.sub("-", place.name.lower()).strip("-")[:_LONGEST].strip("-") or "node"
            taken, number = set(self._known.values()), 2
            while found in taken:
                found, number = f"{wanted}-{number}", number + 1
            self._known[name] = found

    def of(self, place: Vertex) -> str:
        """The label of a place."""
        return self._known[place.id]


def _policy(plan: Plan, node: Vertex, names: _Names, left_out: dict[str, LeftOut]) -> str:
    outward = [one for one in plan.channels if one.source == node.id]
    inward = [one for one in plan.channels if one.target == node.id]
    label = names.of(node)
    lines = [
        f"# {node.name}, declared at {plan.at(*node.path)}",
        "apiVersion: networking.k8s.io/v1",
        "kind: NetworkPolicy",
        "metadata:",
        f"  name: fedpolicy-{label}",
        "spec:",
        f"  podSelector: {{matchLabels: {{{_LABEL}: {label}}}}}",
        "  policyTypes: [Ingress, Egress]",
        *_rules(plan, "egress", "to", [(one, plan.places[one.target]) for one in outward], names, left_out),
        *_rules(plan, "ingress", "from", [(one, plan.places[one.source]) for one in inward], names, left_out),
    ]
    return "\n".join(lines) + "\n"


def _rules(
    plan: Plan, kind: str, key: str, peers: Sequence[tuple[Channel, Vertex]], names: _Names,
    left_out: dict[str, LeftOut],
) -> Iterator[str]:  # fmt: skip
    lines: list[str] = []
    for channel, peer in peers:
        said = _peer(plan, peer, names)
        if said:
            lines += [f"    # {peer.name}: {', '.join(channel.origins)}", f"    - {key}:"]
            lines += [f"        - {one}" for one in said]
        elif kind == "egress":
            message = f"a NetworkPolicy knows no names of hosts, so nothing may be sent to {peer.name}"
            advice = f"give --address {peer.name}=CIDR, or send it through a proxy with the target egress-allowlist"
            left_out[peer.name] = LeftOut(message=message, span=plan.at(*peer.path), help=advice)
    yield from ([f"  {kind}:", *lines] if lines else [f"  {kind}: []"])


def _peer(plan: Plan, peer: Vertex, names: _Names) -> list[str]:
    """Who is on the other side: its addresses, or the pods that are labelled so; nothing where nobody knows."""
    if addresses := plan.address(peer):
        return [f"ipBlock: {{cidr: {_network(one)}}}" for one in addresses]
    if peer.path[:1] == ("nodes",):
        return [f"{{namespaceSelector: {{}}, podSelector: {{matchLabels: {{{_LABEL}: {names.of(peer)}}}}}}}"]
    return []


def _network(address: str) -> str:
    try:
        return str(ip_network(address))
    except ValueError as error:
        advice = "write an address or a range, as 203.0.113.7 or 203.0.113.0/24"
        raise InputError(f"`{address}` is not a range of addresses: {error}", help=advice) from error
