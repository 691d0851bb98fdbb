"""Calls of models: every hop sees what is sent, answers quote what is looked up, and users get what may be kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from fedpolicy.graph import Access, Mask, Vertex
from fedpolicy.graph.answers import answer, guards_on_answer, unsaid_on_answer
from fedpolicy.graph.builder import Builder, LookUp, Origin, Use
from fedpolicy.graph.guards import Shield, guards_on_work, seals_for
from fedpolicy.graph.masks import united
from fedpolicy.graph.routes import Route, Runs, aspect, beyond, provider_of, route, runs_for_others, stand_ins
from fedpolicy.records import dataclass, replace

if TYPE_CHECKING:
    from fedpolicy.language.model.dataset import Terms
    from fedpolicy.language.model.flow import ApiCall
    from fedpolicy.language.model.safeguards import Safeguard


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    One use of one model: what is sent, under which safeguards and terms.

    `retrieves` names what its answers quote (None: not said); `perhaps`: nobody knows whether it comes to the last hop.
    """

    origin: Origin
    model: str
    payloads: tuple[str, ...]
    terms: tuple[tuple[str, Terms], ...] = ()
    safeguards: tuple[Safeguard, ...] = ()
    judged: tuple[str, ...] = ()
    retrieves: tuple[str, ...] | None = None
    role: str = "call"
    perhaps: bool = False

    @property
    def shield(self) -> Shield:
        """Its safeguards, and where they stand."""
        return Shield(self.safeguards, self.origin.path)


def desugar_api_calls(builder: Builder, runs: Runs) -> None:
    """Turn every api call into flows to whoever runs the model, and back."""
    for name in sorted(builder.deployment.api_calls):
        call = builder.deployment.api_calls[name]
        implied_by = f"api_calls.{name} (call of {call.model or call.provider})"
        origin = Origin(id=f"api_calls.{name}", path=("api_calls", name), implied_by=implied_by)
        for place in builder.places_of(sorted(call.from_)):
            mask = builder.instances(place, call.sends, call.from_)
            builder.worked[origin.id] = united(builder.worked.get(origin.id, 0), mask)
            if call.model is None:
                _to_party(builder, origin, place, call, mask)
            else:
                asked = Call(
                    origin=origin,
                    model=call.model,
                    payloads=(call.payload,),
                    terms=((origin.id, call),),
                    safeguards=call.safeguards,
                    retrieves=call.retrieves,
                )
                call_model(builder, place, mask, asked, runs)


def call_model(builder: Builder, place: Vertex, mask: Mask, call: Call, runs: Runs) -> Mask:
    """
    Add the flows of one use of a model, and of all that stand in for it, each once and the nearest first.

    Returns what its answers quote beside what they were sent.
    """
    quoted = _ask(builder, place, mask, call, runs)
    for name, of in stand_ins(builder.deployment, call.model).items():
        # What was said of the call's own terms says nothing of a fallback.
        other = replace(call, origin=call.origin.fallback(name, of), model=name, terms=(), role="fallback")
        quoted |= _ask(builder, place, mask, other, runs)
    return quoted


def _ask(builder: Builder, place: Vertex, mask: Mask, call: Call, runs: Runs) -> Mask:
    found = route(builder, place, call.model, runs)
    _note_access(builder, place, call, found)
    quoted = 0
    for chain in found.chains:
        _send(builder, place, chain, mask, _beyond(call, chain, found.chains), found.payload)
        for partner in (other for other in found.partners if other != chain[-1]):
            _send(builder, chain[-1], (partner,), mask, call, "activations")
    stays = found.local or found.payload or any(chain == (place,) for chain in found.chains)
    if stays and not call.origin.id.startswith("tasks."):
        # What is asked about does not leave the place as such, so no flow says that it has come there.
        payload = call.payloads[0]
        builder.lookups.append(LookUp(origin=call.origin, place=place.id, data=mask, payload=payload))
    if found.local or found.payload:
        _keep(builder, place, mask, call)
    for chain in found.ends:
        origin = beyond(call.origin, chain, found.ends)
        quoted |= answer(builder, origin, (place, *chain), call.model, call.retrieves, call.shield)
    _use(builder, place, call, found)
    return quoted


def _beyond(call: Call, chain: Sequence[Vertex], chains: Collection[Sequence[Vertex]]) -> Call:
    """The call as it goes on beyond what may have ended it."""
    origin = beyond(call.origin, chain, chains)
    return call if origin is call.origin else replace(call, origin=origin, perhaps=True)


def may_train(builder: Builder, call: Call, runner: Vertex) -> tuple[bool | None, str]:
    """
    Whether inputs may be used for training: looked up on the call, the model's terms, the catalogue.

    The catalogue is asked about whoever runs the model; where it does not know that one, about the model's own
    provider. The text names the fact to declare where nobody says.
    """
    model = builder.deployment.models[call.model]
    places = [*call.terms, *([(f"models.{call.model}.terms", model.terms)] if model.terms else [])]
    for where, terms in places:
        if terms.trains_on_inputs is not None:
            return terms.trains_on_inputs, ""
        if terms.says_unknown("trains_on_inputs"):
            return None, f"{where}.trains_on_inputs"
    if model.says_unknown("terms"):
        return None, f"models.{call.model}.terms.trains_on_inputs"
    own, parties = provider_of(builder, call.model) or "", builder.places.principals
    who = parties[runner.party].provider or (parties[own].provider if own in parties else own)
    row = builder.catalog.provider(who)
    known = row.terms.trains_on_inputs if row else None
    first = call.terms[0][0] if call.terms else f"models.{call.model}.terms"
    return known, "" if known is not None else f"{first}.trains_on_inputs"


def _to_party(builder: Builder, origin: Origin, place: Vertex, call: ApiCall, mask: Mask) -> None:
    target, shield = builder.party_place(call.provider or "unknown"), Shield(call.safeguards, origin.path)
    guards = guards_on_work(builder, shield, place, target, payload=call.payload)
    seals = seals_for(builder, shield, target)
    builder.add(origin, "call", place.id, target.id, call.payload, mask, guards=guards, seals=seals)
    builder.add(origin, "completion", target.id, place.id, "completions", mask, echo=True)
    answer(builder, origin, (place, target), "", call.retrieves, shield)


def _send(builder: Builder, place: Vertex, chain: tuple[Vertex, ...], mask: Mask, call: Call, payload: str) -> None:
    runner = chain[-1]
    seals = seals_for(builder, call.shield, runner)
    guarded, unsaid = (
        guards_on_answer(builder, (place, *chain), call.shield),
        unsaid_on_answer(builder, call.shield, runner),
    )
    # As far as the last it comes in any case, unless behind other seals.
    known = call.perhaps and seals == seals_for(builder, call.shield, chain[-2])
    for previous, hop in [*pairwise((place, *chain))][-1 if known else 0 :]:
        for sent in (payload,) if payload else call.payloads:
            guards = guards_on_work(builder, call.shield, place, runner, payload=sent)
            asks = "" if previous is place else place.id
            added = builder.add(
                call.origin, call.role, previous.id, hop.id, sent, mask, guards=guards, seals=seals, sender=asks
            )
            if added is not None and (previous is not place or payload):  # which was asked already, so it has come
                builder.relayed[added] = place.id, seals
            for judged in call.judged:
                builder.uses.append(
                    Use(model=judged, targets=(hop.id,), origin=call.origin, role="judged-outputs", payload=sent)
                )
        # What comes back says nothing new to whoever asked, but those between may have passed the question on sealed.
        builder.add(
            call.origin,
            "completion",
            hop.id,
            previous.id,
            "completions",
            mask,
            guards=(*guarded[0], *unsaid) if hop is runner and previous is not place else (),
            seals=guarded[1] if hop is runner else (),
            echo=previous is place or not (seals or unsaid),
            passed_on=hop is not runner,
        )
    _keep(builder, runner, mask, call)


def _keep(builder: Builder, runner: Vertex, mask: Mask, call: Call) -> None:
    trains, missing = may_train(builder, call, runner)
    if trains is False or (trains is None and not runs_for_others(builder, runner)):
        return
    origin = call.origin if trains else call.origin.unless([missing])
    vertex = builder.model_vertex(call.model)
    builder.add(origin, "training-on-inputs", runner.id, vertex.id, call.payloads[0], mask)


def _use(builder: Builder, place: Vertex, call: Call, found: Route) -> None:
    # Whoever gets an answer, or passes it on, learns what the model has memorised.
    passed = (hop.id for chain in (*found.chains, found.partners) for hop in chain)
    seen_by = tuple(dict.fromkeys((place.id, *passed)))
    payload = "model_weights" if found.local else "completions"
    model = builder.model_vertex(call.model, place).id
    builder.uses.append(Use(model=model, targets=seen_by, origin=call.origin, role="use", payload=payload))


def _note_access(builder: Builder, place: Vertex, call: Call, found: Route) -> None:
    how = "weights" if found.local else "remote"
    for chain in found.chains or ((),):
        # Whoever holds another part runs it, too: beyond the one that begins.
        beside = [(other,) for other in found.partners if other != chain[-1]]
        for rest in ((), *beside):
            note_access(builder, call.origin.id, call.model, how, (place, *chain, *rest))


def note_access(builder: Builder, use: str, model: str, how: str, way: Sequence[Vertex]) -> None:
    """Remember how the first of some places reaches a model: over the others, the last of which runs it."""
    place, *hops = way
    interface = aspect(builder, model, "interface")
    builder.access.append(
        Access(
            use=use,
            model=model,
            how=how,
            at=tuple([one.id for one in builder.hands.get(place.id, (place,))]),
            runner=way[-1].party,
            hops=tuple(hop.id for hop in hops),
            interface=tuple(interface) if isinstance(interface, (tuple, list)) else None,
        )
    )
