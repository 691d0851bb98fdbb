"""
vantage6 4: policies and whitelist of a node's configuration.

By vantage6-node 4.15.2: docker/docker_manager.py applies the policies, docker/squid.py the whitelist. Version 5 has no
whitelist; its policies have the same names, below `node`.
"""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.enforce.plan import Enforced, LeftOut, Plan

SUMMARY = "policies and whitelist of a vantage6 node"
_NOTHING = "^$"  # no name of an image is empty


def write(plan: Plan) -> Enforced:
    """Who may send tasks, which programs may run, and what these may reach."""
    lines = [f"# For the configuration of a vantage6 node, from {plan.document.file}.", "policies:"]
    lines += ["  allow_basics_algorithm: false", "  allowed_algorithms:"]
    lines += [f"    - {_quoted(one)}" for one in plan.algorithms or (_NOTHING,)]
    lines += ["  allowed_organizations:", *(f"    - {_quoted(name)}" for name in _senders(plan))]
    domains, left_out = _domains(plan)
    if not plan.algorithms:
        advice = "give --algorithm IMAGE for each that may run"
        none = LeftOut(message="a declaration names no programs, so none is allowed", span=plan.at("name"), help=advice)
        left_out = [none, *left_out]
    if domains:
        lines += ["whitelist:", "  domains:", *(f"    - {_quoted(one)}" for one in domains), "  ips: []"]
        lines += ["  ports:", "    - 443"]
    else:
        lines.append("# No whitelist: programs reach nothing outside.")
    return Enforced(text="\n".join(lines) + "\n", left_out=(*left_out, *_unprotected(plan)))


def _unprotected(plan: Plan) -> Iterator[LeftOut]:
    for task, at, one in plan.safeguards():
        if one.kind != "unknown":
            what = f"{one.kind.replace('_', ' ')} of {task}"
            message = f"{what} is not in the file: the program does it, or nobody"
            yield LeftOut(message=message, span=plan.at("tasks", task, "safeguards", at))


def _senders(plan: Plan) -> list[str]:
    """Whoever combines what the nodes send: it starts their tasks. vantage6 knows organisations by name or number."""
    mine = {one.id for one in plan.nodes if one.node_kind == "client"}
    parties = plan.study.deployment.parties
    found = set()
    for flow in plan.study.graph.flows:
        if flow.source in mine and flow.role in ("uplink", "activations") and flow.target in plan.places:
            found |= {who for who in plan.study.lookup.operators(flow.target) if who in parties}
    return sorted(parties[one].name or one for one in found) or [plan.party or "nobody"]


def _domains(plan: Plan) -> tuple[list[str], list[LeftOut]]:
    mine = {one.id for one in plan.nodes}
    found: set[str] = set()
    left_out: dict[str, LeftOut] = {}
    for channel in plan.channels:
        target = plan.places[channel.target]
        if channel.source in mine and target.path[:1] != ("nodes",):  # nodes talk by way of a server of vantage6
            found.update(one.removeprefix("*") for one in plan.reached(target, left_out))
    # squid takes a name with a dot for a host and all below it, and none of these a second time.
    plain = sorted(one for one in found if f".{one}" not in found)
    return plain, [left_out[name] for name in sorted(left_out)]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
