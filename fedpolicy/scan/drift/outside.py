"""Who and what is outside: models of others that code calls, trackers that metrics go to, and where it all stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fedpolicy.catalog import Catalog
from fedpolicy.findings import Verdict
from fedpolicy.graph import Vertex
from fedpolicy.report import amount
from fedpolicy.scan import NONE, Evidence, Strength
from fedpolicy.scan.drift import Drift
from fedpolicy.scan.drift.sides import DeclaredSide, FoundSide, NodePairs, alike
from fedpolicy.scan.members import trackers_of
from fedpolicy.scan.services import is_own

_MADE = ("made", "from", "used")
COMPILED = "fedpolicy-"  # how the names of policies begin that `enforce` writes
Path = tuple[str, ...]


def calls(declared: DeclaredSide, found: FoundSide, catalog: Catalog) -> Iterator[Drift]:
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
    yield from _unasked(declared, found, frozenset().union(*known.values()), catalog)


def _unasked(declared: DeclaredSide, found: FoundSide, seen: frozenset[str], catalog: Catalog) -> Iterator[Drift]:
    """Declared calls that nothing makes; that is open where something may make them."""
    reachable = {name for row in catalog.services.values() for name in (row.id, row.provider)}
    maybe = {name for one in found.said if one.kind == "call" for name in _names(one.name, catalog)}
    told: set[str] = set()
    for name, (element, span) in declared.called.items():
        if name in reachable and name not in seen and element not in told:
            told.add(element)
            message = f"a call to {name} is declared, but no file that was read makes it"
            verdict = Verdict.UNKNOWN if name in maybe or "unknown" in seen else Verdict.FAIL
            yield Drift(rule="call-not-found", element=element, message=message, declared=span, what=name,
                        verdict=verdict)  # fmt: skip


def _asked(declared: DeclaredSide, name: str, places: Sequence[Evidence]) -> Drift:
    more = f" (here and in {amount(len(places) - 1, 'more place')})" if places[1:] else ""
    coded = places[0].strength is Strength.WIRED
    who, whose = ("code calls", "the code") if coded else ("these files let a program call", "these files")
    what = f"{who} {name}{more}, but no call to it is declared"
    open_ = f"{who} a model{more}, and neither {whose} nor the declaration says who runs it"
    message, verdict = (open_, Verdict.UNKNOWN) if name == "unknown" else (what, Verdict.FAIL)
    return declared.drift(
        "call-not-declared", f"api_calls.{name}", message, "api_calls", found=places[0].span, verdict=verdict
    )


def _model(declared: DeclaredSide, found: FoundSide, name: str, names: frozenset[str]) -> Iterator[Drift]:
    """Which model of theirs is asked, where code says so and the declaration names any."""
    uses = [one for one in declared.study.graph.access if one.how == "remote" and one.runner in names]
    refs = {ref: one.model for one in uses if (ref := declared.deployment.models[one.model].ref)}
    told = set()
    for one in found.stating("model", "call"):
        if one.name == name and one.value and refs and one.value not in told:
            told.add(one.value)
            if not any(_same_model(one.value, ref) for ref in refs):
                ref, model = min(refs.items())
                message, path = f"code asks {name} for {one.value}, but {ref} is declared", ("models", model, "ref")
                yield declared.drift("model-differs", f"models.{model}", message, *path, found=one.span, what=one.value)


def _same_model(asked: str, ref: str) -> bool:
    """A name without its maker; a dated version is the model that it is a version of."""
    short, wanted = asked.rpartition("/")[2].lower(), ref.rpartition("/")[2].lower()
    return short == wanted or short.startswith(f"{wanted}-20") or wanted.startswith(f"{short}-20")


def _names(service: str, catalog: Catalog) -> frozenset[str]:
    row = catalog.services.get(service)
    return frozenset({service, row.provider} if row and row.provider else {service})


def egress(declared: DeclaredSide, found: FoundSide) -> Iterator[Drift]:
    """Policies that `fedpolicy enforce` has compiled, and that somebody has opened since."""
    for one in found.stating("egress_port", "policy"):
        if one.name.startswith(COMPILED):
            message = f"the policy {one.name} opens port {one.value} to any host, but only flows are declared"
            place, what = f"policies.{one.name}", str(one.value)
            yield declared.drift("egress-differs", place, message, "flows", found=one.span, what=what)


def trackers(declared: DeclaredSide, found: FoundSide, catalog: Catalog) -> Iterator[Drift]:
    """Trackers that get metrics, by their names, or any that one runs oneself where any is declared."""
    used = trackers_of(found.said)
    ours = [one for one in declared.nodes if one.node_kind == "tracker"]
    reached = " ".join(sorted(declared.reached))
    for name, one in sorted(used.items()):
        known = any(word in reached for word in _names(name, catalog))
        if not known and not (ours and _is_ones_own(name, found, catalog)):
            message = f"{name} gets metrics, but no flow to it is declared"
            yield declared.drift("tracker-not-declared", f"flows.{name}", message, "flows", found=one.span)
    yield from () if used else _unused(declared, found, ours)


def _unused(declared: DeclaredSide, found: FoundSide, ours: Sequence[Vertex]) -> Iterator[Drift]:
    verdict = Verdict.UNKNOWN if any(one.kind == "tracker" for one in found.said) else Verdict.FAIL
    for place in ours:
        message = f"the tracker {place.name} is declared, but no file that was read uses a tracker"
        yield declared.drift("tracker-not-found", place.id, message, *place.path, verdict=verdict)


def _is_ones_own(name: str, found: FoundSide, catalog: Catalog) -> bool:
    """Whether a tracker may be run by the federation: it is by its address, or nobody runs it for others."""
    addresses = [one.value for one in found.stating("address", "tracker") if one.name == name and one.value]
    row = catalog.services.get(name)
    return any(map(is_own, addresses)) if addresses else not (row and row.hosts)


def regions(declared: DeclaredSide, found: FoundSide, pair: NodePairs, catalog: Catalog) -> Iterator[Drift]:
    """
    Regions that files name and that are not declared.

    What a file says of a node, or of a workload of that name, is compared with that node, what it says of calls with
    the calls of whoever is asked, and all else with every region that is declared.
    """
    said = _declared(declared)
    told: dict[tuple[Path, str], Drift] = {}
    for one in found.stating("region"):
        theirs = {path: region for path, region in said.items() if path in _about(one, declared, pair, said, catalog)}
        if one.value and theirs and not any(_within(one.value, region, catalog) for region in theirs.values()):
            path, region = min(theirs.items())
            where = f"{one.name} is called in" if one.kind == "call" else "these files name the region"
            message, element = f"{where} {one.value}, but {region} is declared", ".".join(path[:2])
            drift = declared.drift("region-differs", element, message, *path, found=one.span, what=one.value)
            told.setdefault((path[:2], one.value), drift)
    yield from told.values()


def _declared(declared: DeclaredSide) -> dict[Path, str]:
    """Every region that is declared, by where it stands."""
    deployment = declared.deployment
    found: dict[Path, str | None] = {("nodes", name, "region"): one.region for name, one in deployment.nodes.items()}
    found |= {("api_calls", name, "region"): one.region for name, one in deployment.api_calls.items()}
    for name, model in deployment.models.items():
        found["models", name, "terms", "region"] = model.terms.region if model.terms else None
    return {path: region for path, region in found.items() if region}


def _about(
    one: Evidence, declared: DeclaredSide, pair: NodePairs, said: Mapping[Path, str], catalog: Catalog
) -> set[Path]:
    """The declared regions that a fact is about."""
    if one.kind == "call":
        row = catalog.services.get(one.name)
        names = {one.name, row.provider if row else None}
        uses = [access for access in declared.study.graph.access if access.runner in names]
        return {("models", access.model, "terms", "region") for access in uses} | {
            (section, name, "region") for access in uses for section, _, name in [access.use.partition(".")]
        }
    same = {str(place.path[1]) for place, member in pair.same if alike(member.name, one.name)}
    same |= {str(place.path[1]) for place in declared.nodes if alike(place.name, one.name)}
    if one.kind in ("node", "workload", "service") and same:
        return {("nodes", name, "region") for name in same}
    return set(said)


def _within(found: str, declared: str, catalog: Catalog) -> bool:
    """Whether a region lies in another one, or is it; what the catalogue does not know contradicts nothing."""
    if found.lower() == declared.lower():
        return True
    row, wide = catalog.regions.get(found.lower()), catalog.regions.get(declared.lower())
    if row is None:
        return found.upper() not in catalog.countries
    country = catalog.countries.get(row.country)
    if declared == "EU":
        return country is None or country.eea
    return wide is None and row.country == declared
