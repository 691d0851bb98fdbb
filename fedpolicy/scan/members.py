"""Who takes part: the nodes of a deployment, each with the party that files name, or with one of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fedpolicy.findings import Span
from fedpolicy.records import dataclass
from fedpolicy.scan.evidence import Evidence, count
from fedpolicy.scan.groups import Ids
from fedpolicy.scan.jobs import sites_named

__all__ = ["ROLES", "Member", "members_of", "trackers_of"]

ROLES = {"server": "aggregator", "client": "client", "relay": "relay"}
_MOST_SITES = 200  # of those that nobody names
_FILES = ("local", "file:", "sqlite:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One node; `listed` where a file says that it takes part, and not only how many there are."""

    name: str
    id: str
    role: str
    party: str
    span: Span
    party_known: bool
    listed: bool = True


def members_of(said: Sequence[Evidence], start: Span, nodes: Ids, callees: Iterable[str]) -> list[Member]:
    """Every node that files tell of, and what a federation has where they tell of none."""
    named = {one.name: one.value for one in said if one.kind == "node" and one.attribute == "party" and one.value}
    parties = Ids()
    for callee in callees:
        parties(f"provider {callee}", callee)
    found: dict[str, Member] = {}
    for one in said:
        if one.kind == "node" and one.attribute == "role" and one.value in ROLES and one.name not in found:
            party = named.get(one.name)
            alone = f"{one.name}-operator" if one.value == "server" else one.name
            found[one.name] = Member(
                name=one.name,
                id=nodes(one.name),
                role=one.value,
                party=parties(party) if party else parties(f"node {one.name}", alone),
                span=one.span,
                party_known=party is not None,
            )
    roles = {member.role for member in found.values()}
    missing = [("client", one, one) for one in _sites(said)] if "client" not in roles else []
    missing += [("server", "server", "coordinator")] if "server" not in roles else []
    return [
        *found.values(),
        *(
            Member(
                name=name,
                id=nodes(name),
                role=role,
                party=parties(f"node {name}", party),
                span=start,
                party_known=False,
                listed=False,
            )
            for role, name, party in missing
        ),
    ]


def trackers_of(said: Iterable[Evidence]) -> dict[str, Evidence]:
    """The trackers that metrics go to, each with the first place; one that only writes into a file is none."""
    found: dict[str, Evidence] = {}
    for one in said:
        used = one.attribute == "used" and one.value == "true"
        away = one.attribute == "address" and one.value is not None and not one.value.startswith(_FILES)
        if one.kind == "tracker" and (used or away):
            found.setdefault(one.name, one)
    return found


def _sites(said: Sequence[Evidence]) -> list[str]:
    """Sites that no file lists: those that jobs name, else as many as a job needs, and two at least."""
    if named := sites_named(said):
        return list(named)
    counts = [count(one.value) for one in said if one.attribute in ("min_clients", "sampled_clients", "supernodes")]
    most = max(counts, default=0)
    return [f"site-{number}" for number in range(1, min(max(most, 2), _MOST_SITES) + 1)]
