"""A list of hosts, one a line: everything that the nodes may talk to, for a proxy or a firewall that knows names."""

from __future__ import annotations

from fedpolicy.enforce.plan import Enforced, LeftOut, Plan

SUMMARY = "hosts that nodes may talk to, one a line"


def write(plan: Plan) -> Enforced:
    """Every host that a declared flow leads to, with the elements that say so."""
    mine = {one.id for one in plan.nodes}
    hosts: dict[str, set[str]] = {}
    left_out: dict[str, LeftOut] = {}
    for channel in plan.channels:
        target = plan.places[channel.target]
        outside = channel.source in mine and not (target.id in mine and plan.party)
        for host in plan.reached(target, left_out) if outside else ():
            hosts.setdefault(host, set()).update(channel.origins)
    whose = f" of {plan.party}" if plan.party else ""
    lines = [f"# Hosts that nodes{whose} may talk to, as {plan.document.file} declares them. All others are closed."]
    lines += [f"{host}  # {', '.join(sorted(why))}" for host, why in sorted(hosts.items())]
    return Enforced(text="\n".join(lines) + "\n", left_out=tuple(left_out[name] for name in sorted(left_out)))
