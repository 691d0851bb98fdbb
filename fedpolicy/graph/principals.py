"""Who can see or be trusted: declared parties, implied ones, and the symbolic members of cohorts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.graph.model import Principal

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog
    from fedpolicy.language.model.deployment import Deployment
    from fedpolicy.language.model.party import Party

__all__ = ["COHORT_MEMBERS", "implied_principal", "members_of", "principals_of"]

# A cohort stands for any two of its members: one's own view, and everybody else's data.
COHORT_MEMBERS = ("self", "peer")


def members_of(party: str, *, cohort: bool) -> tuple[str, ...]:
    """The principals of a party's node: the party itself, or its two symbolic members."""
    return tuple(f"{party}.{member}" for member in COHORT_MEMBERS) if cohort else (party,)


def principals_of(deployment: Deployment) -> dict[str, Principal]:
    """Every declared party, and two symbolic members for each party that a cohort belongs to."""
    cohorts = {party for node in deployment.nodes.values() if node.count > 1 for party in _parties(node.party)}
    trusted = _trusted(deployment, cohorts)
    found = {name: _principal(name, name, party, trusted[party.trusts]) for name, party in deployment.parties.items()}
    for name in sorted(cohorts & set(deployment.parties)):
        for member in members_of(name, cohort=True):
            party = deployment.parties[name]
            found[member] = _principal(member, name, party, trusted[party.trusts] | {name})
    # A node may be run or hosted by nobody who is named.
    for name in _nameless(deployment, cohorts):
        found[name] = Principal(id=name, party="unknown", implied=True)
    return found


def implied_principal(name: str, catalog: Catalog) -> Principal:
    """A party that nobody declared: the provider of a catalogue model, `public`, or `unknown`."""
    row = catalog.provider(name)
    jurisdiction = (row.jurisdiction,) if row and row.jurisdiction else None
    roles = () if name in {"public", "unknown"} else ("provider",)
    return Principal(id=name, party=name, roles=roles, jurisdictions=jurisdiction, implied=True)


def _nameless(deployment: Deployment, cohorts: set[str]) -> tuple[str, ...]:
    named = {
        who
        for node in deployment.nodes.values()
        for who in (*_parties(node.party), *node.operators, node.host, node.code_from)
    }
    if "unknown" not in named:
        return ()
    return ("unknown", *(members_of("unknown", cohort=True) if "unknown" in cohorts else ()))


def _parties(party: str | tuple[str, ...]) -> tuple[str, ...]:
    return (party,) if isinstance(party, str) else party


def _trusted(deployment: Deployment, cohorts: set[str]) -> dict[tuple[str, ...], frozenset[str]]:
    # Thousands of parties may trust the same ones; they then share one set.
    participants = {name for name, other in deployment.parties.items() if "participant" in other.role}
    found: dict[tuple[str, ...], frozenset[str]] = {}
    for trusts in {party.trusts for party in deployment.parties.values()}:
        names = set(trusts) | (participants if "participants" in trusts else set())
        found[trusts] = frozenset(names | {m for name in names & cohorts for m in members_of(name, cohort=True)})
    return found


def _principal(name: str, party: str, declared: Party, trusts: frozenset[str]) -> Principal:
    return Principal(id=name, party=party, roles=declared.role, jurisdictions=declared.jurisdiction, trusts=trusts)
