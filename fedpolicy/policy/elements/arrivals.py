"""In what form data arrive, one word for payloads that need the same answer; and where, as laws see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure import VERBATIM, Reading
from fedpolicy.analysis.exposure.openers import shielded
from fedpolicy.analysis.facts import Disclosure, Step
from fedpolicy.graph.lookup import ordered
from fedpolicy.policy.fields import Missing, Presence
from fedpolicy.policy.world import World

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import CountryRow
    from fedpolicy.policy.elements.disclosure_view import DisclosureView

ADEQUACY = ("none", "partial", "full")  # of decisions on a country, the weakest first
FORMS = (
    "records",
    "logs",
    "readable_prompts",
    "embeddings",
    "outputs",
    "updates",
    "aggregates",
    "statistics",
    "metrics",
    "membership",
)

_FORM: Mapping[str, str] = {
    "logs": "logs",
    "prompt_text": "readable_prompts",
    "embeddings": "embeddings",
    "activations": "embeddings",
    "logits": "outputs",
    "labels": "outputs",
    "predictions": "statistics",
    "statistics": "statistics",
    "sketches": "statistics",
    "synthetic_data": "statistics",
    "kv_cache": "embeddings",
    "histograms": "statistics",
    "sums": "statistics",
    "metrics": "metrics",
    "scalars": "metrics",
    "intersection": "membership",
}
_BY_LEVEL = {"verbatim": "records", "reconstructable": "updates"}
_OPENED = {4: "records", 3: "updates"}
_OWN = 3  # reconstructable
_SUMMED = {"updates", "outputs"}


def also_public(view: DisclosureView) -> bool:
    """
    Whether everybody learns as much: the public is a recipient of its own.

    Whoever has a key, or a part in a sum, may learn more from what is published.
    """
    found, exposure = view.found, view.world.study.exposure
    if found.role == "public" or not exposure.public:
        return False
    known = exposure.view(exposure.public, _reading(found)).levels[found.high]
    return all(known & exposure.items[name].bit for name in found.datasets)


def _reading(found: Disclosure) -> Reading:
    """What is certain, where the level is."""
    return Reading.LOW if found.low == found.high else Reading.HIGH


def rests(view: DisclosureView) -> bool:
    """Whether any of the data rest where the recipient reads them, so that nothing has to bring them."""
    found, exposure = view.found, view.world.study.exposure
    if not view.ways:
        return True
    if found.high < VERBATIM:
        return False
    party = found.parties[0]
    viewer, holdings = exposure.viewers[party, found.role], exposure.holdings(_reading(found))
    places = set(viewer.places)
    own = (exposure.items[name] for name in found.datasets)
    here = [one for one in own if one.place in places and one.owner != party]
    return any(not shielded(holdings, view.world.graph.vertices[one.place], party) & one.bit for one in here)


def forms(view: DisclosureView) -> list[str]:
    """
    The forms in which a disclosure's data arrive; what is stored with the recipient is there as records.

    Somebody who learns no more than everybody has nothing of its own to be told.
    """
    if also_public(view):
        return []
    return ordered([*(["records"] if rests(view) else []), *_arriving(view)])


def given_away(view: DisclosureView) -> str:
    """By what numbers give away what they are made of: few units, or values that are repeated as they are."""
    sent, payloads = ordered(step.payload for step in view.last), view.world.catalog.payloads
    numbers = [name for name in sent if _FORM.get(name) in {"statistics", "metrics"}]
    repeated = {name for name in numbers if payloads[name].level == "reconstructable"}
    few = [name for name in numbers if name not in repeated]
    said = [
        *([f"numbers ({', '.join(few)}) that are made of too few units"] if few else []),
        *([f"what repeats values as they are ({', '.join(sorted(repeated))})"] if repeated else []),
    ]
    return " and from ".join(said)


def _arriving(view: DisclosureView) -> Iterator[str]:
    world, level = view.world, view.found.high
    for path in view.ways:
        if path:
            form = "updates" if _is_one(world, path, level) else _form(world, path[-1], level)
            # What comes down is a sum already, and so is what secure aggregation or a hop lets through, hiding nobody.
            few = level >= _OWN and form in _SUMMED and _is_summed(world, path)
            is_sum = few or (form in _SUMMED and path[-1].role == "downlink")
            yield "aggregates" if is_sum else form


def _is_summed(world: World, path: Sequence[Step]) -> bool:
    """Whether what comes by the last element on this way is added up, with however few."""
    own = {step.flow for step in path if step.origin == path[-1].origin}
    flows = [flow for flow in world.lookup.flows_of[path[-1].origin] if flow.id in own]
    met = {flow.source for flow in flows if world.graph.vertices[flow.source].kind == "exchange"}
    sent = (flow for flow in world.lookup.flows_of[path[-1].origin] if flow.target in met) if met else ()
    guards = (one for some in (flows, sent) for flow in some for one in flow.guards)
    last = flows[-1].aggregate if flows else None
    return last is not None or any(one.aggregate is not None and not one.ignored for one in guards)


def _is_one(world: World, path: Sequence[Step], level: int) -> bool:
    """Whether weights come straight from where their data are: then they are the update of one owner."""
    if level != _OWN or path[-1].role not in {"declared", "uplink"}:
        return False
    row = world.catalog.payloads.get(path[-1].payload)
    straight = all((step.origin, step.payload) == (path[0].origin, path[0].payload) for step in path)
    return row is not None and row.weights and straight


def _form(world: World, step: Step, level: int) -> str:
    if step.payload == "ciphertext":
        return _OPENED.get(level, "aggregates")
    if step.payload in _FORM:
        return _FORM[step.payload]
    row = world.catalog.payloads.get(step.payload)
    return _BY_LEVEL.get(row.level, "aggregates") if row else "records"


def whereabouts(world: World, found: Disclosure, parties: Sequence[str]) -> Presence:
    """Where these parties are, and where the machines stand on which it arrives."""
    known = world.jurisdictions(parties)
    return known if isinstance(known, Missing) else ordered([*known, *_regions(world, found)])


def _regions(world: World, found: Disclosure) -> set[str]:
    """The countries that nodes and terms of calls name; EU names none."""
    last = (path[-1] for path in found.paths if path)
    named = {world.catalog.country(region) for step in last for region in _at(world, step)}
    return {region for region in named if region not in {None, "EU"}}


def _at(world: World, step: Step) -> Iterator[str]:
    vertex = world.graph.vertices[step.target]
    node = world.deployment.nodes.get(vertex.family) if step.target.startswith("nodes.") else None
    said = [node.region if node is not None else None]
    section, _, name = step.origin.partition(".")
    call = world.deployment.api_calls.get(name) if section == "api_calls" else None
    if node is None and call is not None:
        said.append(call.region)
    for access in world.lookup.access_of.get(step.origin, ()) if node is None else ():
        terms = world.deployment.models[access.model].terms
        if step.target in access.hops and terms is not None and (call is None or call.region is None):
            said.append(terms.region)
    yield from (region for region in said if region is not None)


def adequacy(view: DisclosureView) -> Presence:
    """The weakest decision on these parties, by the laws that protect the owners."""
    found = view.places
    if "public" in view.parties:
        return "none"
    if not isinstance(found, list):
        return found
    decided = (decision(view.world, law, found) for owner in view.owners for law in laws_of(view.world, owner))
    return min(decided, key=ADEQUACY.index, default="none")


def laws_of(world: World, owner: str) -> set[str]:
    """By whose decisions an owner goes: those of the EEA, where nothing else is known."""
    found = world.jurisdictions([owner])
    codes = found if isinstance(found, list) else []
    laws = {code for code in codes if code in {"GB", "CH"}}
    return laws | ({"EEA"} if not laws or world.is_in(owner, ("EEA",)) else set())


def decision(world: World, law: str, places: Sequence[str]) -> str:
    """The weakest that a law has decided on some places."""
    rows = world.catalog.countries
    decided = (_decided(rows[code], law, world.today) if code in rows else "none" for code in places)
    return min(decided, key=ADEQUACY.index, default="none")


def _decided(row: CountryRow, law: str, today: str) -> str:
    """Whether a law finds a country adequate; a decision that has ended is none."""
    if row.eea or row.id == law:
        return "full"
    if law == "EEA":
        ended = row.adequacy_until is not None and row.adequacy_until < today
        return "none" if ended else row.adequacy or "none"
    return (row.adequacy_gb if law == "GB" else row.adequacy_ch) or "none"


def adequacy_scope(view: DisclosureView) -> str:
    """Whom the partial decisions by the owners' laws cover, in words to put after `partial`."""
    found, world = view.places, view.world
    if not isinstance(found, list) or adequacy(view) != "partial":
        return ""
    rows = [world.catalog.countries[code] for code in found if code in world.catalog.countries]
    pairs = [(row, law) for row in rows for owner in view.owners for law in laws_of(world, owner)]
    covered = ordered(_covered(row, law) for row, law in pairs if _decided(row, law, world.today) == "partial")
    return f" ({'; '.join(covered)})"


def _covered(row: CountryRow, law: str) -> str:
    own = {"GB": row.adequacy_gb_scope, "CH": row.adequacy_ch_scope}.get(law)
    return f"{row.name}: {own or row.adequacy_scope or 'some recipients'}"
