"""Who is outside: models of others that code calls, and trackers that metrics go to, on both sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fedpolicy.catalog.load import Catalog
from fedpolicy.findings import Verdict
from fedpolicy.scan.drift.rules import Drift
from fedpolicy.scan.drift.sides import Declared, Found
from fedpolicy.scan.evidence import NONE, Evidence
from fedpolicy.scan.members import trackers_of
from fedpolicy.scan.services import is_own

__all__ = ["calls", "egress", "trackers"]

_MADE = ("made", "from")
COMPILED = "fedpolicy-"  # how the names of policies begin that `enforce` writes


def calls(declared: Declared, found: Found, catalog: Catalog) -> Iterator[Drift]:
    """Models of others: who is asked decides, since whoever is asked sees everything."""
    asked: dict[str, list[Evidence]] = {}
    for one in found.said:
        if one.kind == "call" and one.attribute in _MADE and one.value not in (None, NONE):
            asked.setdefault(one.name, []).append(one)
    known = {name: _names(name, catalog) for name in asked}
    for name, places in sorted(asked.items()):
        if name == "unknown" or not known[name] & declared.called.keys():
            yield _asked(declared, name, places)
        else:
            yield from _model(declared, found, name, known[name])
    reachable = {name for row in catalog.services.values() for name in (row.id, row.provider)}
    seen = frozenset(name for names in known.values() for name in names)
    maybe = {name for one in found.said if one.kind == "call" for name in _names(one.name, catalog)}
    told: set[str] = set()
    for name, (element, span) in declared.called.items():
        if name in reachable and name not in seen and element not in told:
            told.add(element)
            yield Drift(
                rule="call-not-found",
                element=element,
                declared=span,
                what=name,
                verdict=Verdict.UNKNOWN if name in maybe or "unknown" in asked else Verdict.FAIL,
                message=f"a call of {name} is declared, and no file that was read makes it",
            )


def _asked(declared: Declared, name: str, places: Sequence[Evidence]) -> Drift:
    more = f" (and {len(places) - 1} more places)" if places[1:] else ""
    what = f"code asks {name}{more}, and no call of it is declared"
    open_ = f"code asks a model{more}, and neither it nor the declaration says whose it is"
    return Drift(
        rule="call-not-declared",
        element=f"api_calls.{name}",
        found=places[0].span,
        message=open_ if name == "unknown" else what,
        declared=declared.at("api_calls"),
        verdict=Verdict.UNKNOWN if name == "unknown" else Verdict.FAIL,
    )


def _model(declared: Declared, found: Found, name: str, names: frozenset[str]) -> Iterator[Drift]:
    """Which model of theirs is asked, where code says so and the declaration names any."""
    uses = [one for one in declared.study.graph.access if one.how == "remote" and one.runner in names]
    refs = {ref: one.model for one in uses if (ref := declared.deployment.models[one.model].ref)}
    told = set()
    for one in found.stating("model", "call"):
        if one.name == name and one.value and refs and one.value not in told:
            told.add(one.value)
            if not any(_same_model(one.value, ref) for ref in refs):
                ref, model = min(refs.items())
                yield Drift(
                    rule="model-differs",
                    element=f"models.{model}",
                    found=one.span,
                    what=one.value,
                    message=f"code asks {name} for {one.value}, and {ref} is declared",
                    declared=declared.at("models", model, "ref"),
                )


def _same_model(asked: str, ref: str) -> bool:
    """A name without its maker; a dated version is the model that it is a version of."""
    short, wanted = asked.rpartition("/")[2].lower(), ref.rpartition("/")[2].lower()
    return short == wanted or short.startswith(f"{wanted}-20") or wanted.startswith(f"{short}-20")


def _names(service: str, catalog: Catalog) -> frozenset[str]:
    row = catalog.services.get(service)
    return frozenset({service, row.provider} if row and row.provider else {service})


def egress(declared: Declared, found: Found) -> Iterator[Drift]:
    """Policies that `fedpolicy enforce` has compiled, and that somebody has opened since."""
    for one in found.stating("egress_port", "policy"):
        if one.name.startswith(COMPILED):
            message = f"the policy {one.name} lets everything out (port {one.value}), and only flows are declared"
            yield Drift(
                rule="egress-differs",
                element=f"policies.{one.name}",
                message=message,
                found=one.span,
                declared=declared.at("flows"),
                what=str(one.value),
            )


def trackers(declared: Declared, found: Found, catalog: Catalog) -> Iterator[Drift]:
    """Trackers that get metrics, by their names, or any that one runs oneself where any is declared."""
    used = trackers_of(found.said)
    ours = [one for one in declared.nodes if one.node_kind == "tracker"]
    reached = " ".join(sorted(declared.reached))
    for name, one in sorted(used.items()):
        known = any(word in reached for word in _names(name, catalog))
        if not known and not (ours and _is_ones_own(name, found, catalog)):
            yield Drift(
                rule="tracker-not-declared",
                element=f"flows.{name}",
                found=one.span,
                message=f"{name} gets metrics, and no flow to it is declared",
                declared=declared.at("flows"),
            )
    listed = any(one.kind == "tracker" for one in found.said)
    for place in ours if not used else ():
        yield Drift(
            rule="tracker-not-found",
            element=place.id,
            declared=declared.at(*place.path),
            message=f"the tracker {place.name} is declared, and no file that was read uses one",
            verdict=Verdict.UNKNOWN if listed else Verdict.FAIL,
        )


def _is_ones_own(name: str, found: Found, catalog: Catalog) -> bool:
    """Whether a tracker may be run by the federation: it is by its address, or nobody runs it for others."""
    addresses = [one.value for one in found.stating("address", "tracker") if one.name == name and one.value]
    row = catalog.services.get(name)
    return any(map(is_own, addresses)) if addresses else not (row and row.hosts)
