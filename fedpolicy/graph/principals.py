"""Who can see or be trusted: declared parties, implied ones, and the symbolic members of cohorts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.graph.model import Principal

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog
    from fedpolicy.language.model.deployment import Deployment
    from fedpolicy.language.model.party import Party

__all__ = ["COHORT_MEMBERS", "NOBODY", "implied_principal", "is_unknown", "members_of", "nameless", "principals_of"]

NOBODY = "unknown"

# A cohort stands for any two of its members: one's own view, and everybody else's data.
COHORT_MEMBERS = ("self", "peer")


def nameless(node: str) -> str:
    """Whoever owns a node of which nobody says whose it is: a party of its own, as no id has a colon."""
    return f"{NOBODY}:{node}"


def is_unknown(party: str) -> bool:
    """Whether nobody says who this party is."""
    return party == NOBODY or party.startswith(f"{NOBODY}:")


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
    if NOBODY in _supplying(deployment):
        found[NOBODY] = Principal(id=NOBODY, party=NOBODY, implied=True)
    return found


def implied_principal(name: str, catalog: Catalog) -> Principal:
    """A party that nobody declared: the provider of a catalogue model, `public`, or `unknown`."""
    row = catalog.provider(name)
    jurisdiction = (row.jurisdiction,) if row and row.jurisdiction else None
    roles = () if name in {"public", "unknown"} else ("provider",)
    return Principal(id=name, party=name, roles=roles, jurisdictions=jurisdiction, implied=True)


def _supplying(deployment: Deployment) -> set[str | None]:
    """Whoever runs, hosts or supplies the nodes of others."""
    return {who for node in deployment.nodes.values() for who in (*node.operators, node.host, node.code_from)}


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
