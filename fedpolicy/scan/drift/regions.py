"""Where machines stand and where calls are processed, on both sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fedpolicy.catalog.load import Catalog
from fedpolicy.scan.drift.rules import Drift
from fedpolicy.scan.drift.sides import Declared, Found, Pair, alike
from fedpolicy.scan.evidence import Evidence

__all__ = ["regions"]

Path = tuple[str, ...]


def regions(declared: Declared, found: Found, pair: Pair, catalog: Catalog) -> Iterator[Drift]:
    """
    Regions that files name and that are not declared.

    What a file says of a node, or of a workload of that name, is compared with that node, what it says of calls with
    the calls of whoever is asked, and all else with every region that is declared.
    """
    said = _declared(declared)
    told: set[tuple[Path, str]] = set()
    for one in found.stating("region"):
        theirs = {path: region for path, region in said.items() if path in _about(one, declared, pair, said, catalog)}
        if not one.value or not theirs or any(_within(one.value, region, catalog) for region in theirs.values()):
            continue
        path, region = min(theirs.items())
        if (path[:2], one.value) not in told:
            told.add((path[:2], one.value))
            where = f"{one.name} is asked in" if one.kind == "call" else "what runs stands in"
            message = f"{where} {one.value}, and {region} is declared"
            yield Drift(
                rule="region-differs",
                element=".".join(path[:2]),
                message=message,
                found=one.span,
                declared=declared.at(*path),
                what=one.value,
            )


def _declared(declared: Declared) -> dict[Path, str]:
    """Every region that is declared, by where it stands."""
    deployment = declared.deployment
    found: dict[Path, str | None] = {("nodes", name, "region"): one.region for name, one in deployment.nodes.items()}
    found |= {("api_calls", name, "region"): one.region for name, one in deployment.api_calls.items()}
    for name, model in deployment.models.items():
        found["models", name, "terms", "region"] = model.terms.region if model.terms else None
    return {path: region for path, region in found.items() if region}


def _about(one: Evidence, declared: Declared, pair: Pair, said: Mapping[Path, str], catalog: Catalog) -> set[Path]:
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
