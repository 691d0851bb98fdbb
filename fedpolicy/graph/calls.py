"""Calls of models: every hop sees what is sent, and what may be kept reaches everybody who uses the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fedpolicy.graph.builder import Builder, LookUp, Origin, Use
from fedpolicy.graph.guards import guards_on_work, seal_for
from fedpolicy.graph.model import Access, Mask, Vertex
from fedpolicy.graph.retrieval import answer
from fedpolicy.graph.routes import Route, aspect, provider_of, route, runs_for_others
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.language.model.call import ApiCall
    from fedpolicy.language.model.model import Terms
    from fedpolicy.language.model.safeguards import Safeguard

__all__ = ["Call", "call_model", "desugar_api_calls", "may_train"]

Runs = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    One use of one model: what is sent, under which safeguards and terms.

    `retrieves` names what its answers quote (None: not said).
    """

    origin: Origin
    model: str
    payloads: tuple[str, ...]
    terms: tuple[tuple[str, Terms], ...] = ()
    safeguards: tuple[Safeguard, ...] = ()
    judged: tuple[str, ...] = ()
    retrieves: tuple[str, ...] | None = None
    role: str = "call"


def desugar_api_calls(builder: Builder, runs: Runs) -> None:
    """Turn every api call into flows to whoever runs the model, and back."""
    for name in sorted(builder.deployment.api_calls):
        call = builder.deployment.api_calls[name]
        origin = Origin(id=f"api_calls.{name}", path=("api_calls", name), implied_by=_implied_by(name, call))
        for place in _callers(builder, call):
            mask = builder.instances(place, call.sends)
            if call.model is None:
                _to_party(builder, origin, place, call, mask)
            else:
                call_model(builder, place, mask, _declared(origin, call.model, call), runs)


def _declared(origin: Origin, model: str, call: ApiCall) -> Call:
    return Call(
        origin=origin,
        model=model,
        payloads=(call.payload,),
        terms=((origin.id, call),),
        safeguards=call.safeguards,
        retrieves=call.retrieves,
    )


def call_model(builder: Builder, place: Vertex, mask: Mask, call: Call, runs: Runs) -> Mask:
    """
    Add the flows of one use of a model, and of its fallbacks.

    Returns what its answers quote beside what they were sent.
    """
    found = route(builder, place, call.model, runs)
    _note_access(builder, place, call, found)
    quoted = 0
    for chain in found.chains:
        _send(builder, place, chain, mask, call, found.payload)
        quoted |= answer(builder, call.origin, (place, *chain), call.model, call.retrieves)
        for partner in (other for other in found.partners if other != chain[-1]):
            _send(builder, chain[-1], (partner,), mask, call, "activations")
    if found.local or found.payload or any(chain == (place,) for chain in found.chains):
        # What is asked about does not leave the place as such, so no flow says that it has come there.
        payload = call.payloads[0]
        builder.lookups.append(LookUp(origin=call.origin, place=place.id, data=mask, payload=payload))
    if found.local:
        _keep(builder, place, mask, call)
        quoted |= answer(builder, call.origin, (place,), call.model, call.retrieves)
    _use(builder, place, call, found)
    return quoted | _fall_back(builder, place, mask, call, runs)


def may_train(builder: Builder, call: Call, runner: Vertex) -> tuple[bool | None, str]:
    """
    Whether inputs may be used for training: looked up on the call, the model's terms, the catalogue.

    The catalogue is asked about whoever runs the model, and only then about the model's own provider. The text
    names the fact to declare where nobody says.
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
    rows = [builder.catalog.provider(name) for name in (runner.party, provider_of(builder, call.model) or "")]
    known = next((row.terms.trains_on_inputs for row in rows if row and row.terms.trains_on_inputs is not None), None)
    first = call.terms[0][0] if call.terms else f"models.{call.model}.terms"
    return known, "" if known is not None else f"{first}.trains_on_inputs"


def _callers(builder: Builder, call: ApiCall) -> list[Vertex]:
    return [builder.vertex(place) for reference in sorted(call.from_) for place in builder.sources(reference)]


def _implied_by(name: str, call: ApiCall) -> str:
    return f"api_calls.{name} (call of {call.model or call.provider})"


def _to_party(builder: Builder, origin: Origin, place: Vertex, call: ApiCall, mask: Mask) -> None:
    target = builder.party_place(call.provider or "unknown")
    guards = guards_on_work(builder, call.safeguards, origin.path, place, target, payload=call.payload)
    seal = seal_for(builder, call.safeguards, origin.path, target)
    builder.add(origin, "call", place.id, target.id, call.payload, mask, guards=guards, seal=seal)
    builder.add(origin, "completion", target.id, place.id, "completions", mask, echo=True)
    answer(builder, origin, (place, target), "", call.retrieves)


def _send(builder: Builder, place: Vertex, chain: tuple[Vertex, ...], mask: Mask, call: Call, payload: str) -> None:
    runner = chain[-1]
    seal = seal_for(builder, call.safeguards, call.origin.path, runner)
    previous = place
    for hop in chain:
        for sent in (payload,) if payload else call.payloads:
            guards = guards_on_work(builder, call.safeguards, call.origin.path, place, runner, payload=sent)
            builder.add(call.origin, call.role, previous.id, hop.id, sent, mask, guards=guards, seal=seal)
            for judged in call.judged:
                builder.uses.append(
                    Use(model=judged, targets=(hop.id,), origin=call.origin, role="judged-outputs", payload=sent)
                )
        builder.add(call.origin, "completion", hop.id, previous.id, "completions", mask, echo=True)
        previous = hop
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
    interface = aspect(builder, call.model, "interface")
    for chain in found.chains or ((),):
        builder.access.append(
            Access(
                use=call.origin.id,
                model=call.model,
                how="weights" if found.local else "remote",
                at=(place.id,),
                runner=chain[-1].party if chain else place.party,
                hops=tuple(hop.id for hop in chain),
                interface=tuple(interface) if isinstance(interface, (tuple, list)) else None,
            )
        )


def _fall_back(builder: Builder, place: Vertex, mask: Mask, call: Call, runs: Runs) -> Mask:
    quoted = 0
    for name in builder.deployment.models[call.model].fallback:
        fallback = Call(
            origin=call.origin.fallback(name, call.model),
            model=name,
            payloads=call.payloads,
            safeguards=call.safeguards,
            judged=call.judged,
            retrieves=call.retrieves,
            role="fallback",
        )
        quoted |= call_model(builder, place, mask, fallback, runs)
    return quoted
