"""
Writes what packages and indexes say of models into `fedpolicy/catalog/generated/`: names, days, licences, openness.

    make refresh

Packages are read as archives, indexes from clones of their repositories. What is written by hand wins, field by
field. A new name of a family that was never published and all of whose rows by hand agree (`claude-opus-5-5` of
`claude-opus`) takes their weights and terms, and names their source.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fedpolicy.catalog import Catalog, load_catalog
from fedpolicy.catalog.extra import read_extra
from fedpolicy.catalog.rows import ROWS
from fedpolicy.errors import CatalogError, Problems
from fedpolicy.files import catalog_dir
from tools import indexes, wheels
from tools.families import CLOUDS, ROUTES, family
from tools.generated import FIELDS, Row, contradicted, listed_in, rows_in, with_ended, written
from tools.hub import HUB, Page, hub_models

Groups = dict[tuple[str, str], list[wheels.Said]]  # what is said of each (provider, name)

INDEXES: Mapping[str, tuple[str, Callable[[indexes.Clone], Iterator[wheels.Said]]]] = {
    "anomalyco/models.dev": ("models.dev", indexes.models_dev),
    "lfai/model_openness_tool": ("openness", indexes.openness_rows),
    "mistralai/platform-docs-public": ("mistral", indexes.mistral_names),
}
MODES = {
    "chat": "text-generation",
    "completion": "text-generation",
    "responses": "text-generation",
    "embedding": "embedding",
    "sound": "",  # speech and music are called like chats, and the name alone does not say which
}
_DATED = re.compile(r"(?P<base>.+?)(?:-(?:\d{4}-\d{2}-\d{2}|\d{8})|@[\w.]+)")
_REGION = re.compile(r"(?:[a-z]{2}(?:-gov)?|apac|global)\.")
_NO_NAME = re.compile(r"[/*]|^ft:|^container$")
_STRANGE = re.compile(r"internal|testing|dummy|random", re.IGNORECASE)


def main() -> None:
    """Read what is newest, write the rows, and tell what does not fit: a mistake with its place."""
    try:
        _refresh()
    except (CatalogError, Problems) as error:
        raise SystemExit(str(error)) from error


def _refresh() -> None:
    with TemporaryDirectory() as folder:
        given = [Path(word) for word in sys.argv[1:]]
        found = wheels.newest(given[0] if given else Path(folder))
        said = said_by({wheel.name: wheel for wheel in found})
        models = {*(one.name for one in said["transformers"]), *_open_by_hand()}
        listed, unreached = indexed(given[1] if len(given) > 1 else Path(folder) / "clones", models)
        said |= listed
        rows = rows_of(said, hand_rows())
    target = catalog_dir() / "generated" / "models.yaml"
    target.parent.mkdir(exist_ok=True)
    rows = with_ended(rows, rows_in(target) if target.exists() else {})
    target.write_text(written(rows), encoding="utf-8")
    shipped = load_catalog()
    for path in (catalog_dir() / "models.yaml", target):
        read_extra([path], {name: getattr(shipped, name) for name in ROWS})
    catalog = load_catalog()
    if wrong := list(unresolved(catalog, (*said["openai"], *said["anthropic"]))):
        raise SystemExit("; ".join(wrong))
    told = [f"{len(rows):,} rows from {', '.join(f'{wheel.name} {wheel.version}' for wheel in found)}"]
    told += [f"{repo} was not reached: what it said last stays" for repo in unreached]
    told += contradicted(rows, catalog_dir() / "models.yaml")
    sys.stdout.write("\n".join([*told, *unknown_licences((*said["mteb"], *said["openness"]))]) + "\n")


def unresolved(catalog: Catalog, said: Iterable[wheels.Said]) -> Iterator[str]:
    """Names of SDKs that lead to no row, and those whose row outlives the day that the SDK states."""
    for one in said:
        row, day = catalog.model(one.name), one.facts.get("shutdown_on")
        if row is None:
            yield f"{one.name} leads to no row"
        elif day and not (row.shutdown_on or (row.shutdowns or {}).get(one.name)):
            yield f"{one.name} ends on {day}, and {row.id} does not say so"


def said_by(found: Mapping[str, wheels.Wheel]) -> dict[str, list[wheels.Said]]:
    """What each package says."""
    readers = {
        "openai": wheels.openai_names,
        "anthropic": wheels.anthropic_names,
        "litellm": wheels.litellm_routes,
        "llmfit": wheels.llmfit_licences,
        "mteb": wheels.mteb_models,
        "transformers": wheels.transformers_models,
    }
    return {name: list(reader(found[name])) if name in found else [] for name, reader in readers.items()}


def _open_by_hand() -> Iterator[str]:
    yield from (name for name, row in hand_rows().items() if row.get("weights") in {"open", "gated"})


def indexed(folder: Path, models: Iterable[str]) -> tuple[dict[str, list[wheels.Said]], list[str]]:
    """What the indexes say, and those that were not reached."""
    said, unreached = indexes.kept(), []
    for repo, (_, reader) in INDEXES.items():
        clone = indexes.cloned(repo, folder)
        if clone is None:
            unreached.append(repo)
        else:
            said[repo] = list(reader(clone))
    listed = {one.name for found in said.values() for one in found}
    pages = hub_models({*models, *listed}, said.get(HUB, ()))
    if pages is None:
        unreached.append(HUB)
    else:
        said[HUB] = pages
    indexes.renewed(said)
    return {**{name: said.get(repo, []) for repo, (name, _) in INDEXES.items()}, "hub": said.get(HUB, [])}, unreached


def hand_rows() -> dict[str, Row]:
    """What is written by hand."""
    return rows_in(catalog_dir() / "models.yaml")


def rows_of(said: Mapping[str, Sequence[wheels.Said]], hand: Mapping[str, Row]) -> dict[str, Row]:
    """The rows, by id: those that somebody runs for others, then those whose weights can be had."""
    rows = hosted_rows(_by_provider(said), hand)
    order = ("hub", "mteb", "mistral", "models.dev", "openness", "transformers")
    listed = [one for origin in order for one in said[origin]]
    # The table of llmfit lists thousands of copies: it says more of models that are listed elsewhere, and adds none.
    known = {*_names(hand), *(one.name for one in listed)}
    listed += [one for one in said["llmfit"] if one.name in known]
    for name, row in open_rows(listed, hand).items():
        if set(row) > {"developer", "source", "as_of"}:
            rows.setdefault(name, row)
    return dict(sorted(rows.items()))


def _by_provider(said: Mapping[str, Sequence[wheels.Said]]) -> Groups:
    groups: Groups = {}
    # What a provider's own package says comes first, and counts.
    for provider in ("openai", "anthropic"):
        for one in said[provider]:
            groups.setdefault((provider, one.name), []).append(one)
    for one in (*said["mistral"], *said["litellm"]):
        placed = _route(str(one.facts.get("route")), one.name)
        if placed and one.facts.get("mode") in MODES:
            groups.setdefault(placed, []).append(one)
    return groups


def _route(route: str, name: str) -> tuple[str, str] | None:
    if route.startswith("vertex_ai"):
        provider, start = "google-vertex", "vertex_ai/"
    elif route in ROUTES:
        provider, start = ROUTES[route]
    else:
        return None
    bare = name.removeprefix(start) if start else name
    # Vertex calls models of others by their publishers. Elsewhere, what is left with a slash is a region, a commitment
    # or another company's name; `ft:` is somebody's own model.
    own = bare.partition("/")[2] or bare if provider == "google-vertex" else bare
    return None if _NO_NAME.search(own) else (provider, bare)


def hosted_rows(groups: Groups, hand: Mapping[str, Row]) -> dict[str, Row]:
    """A row for each model of each provider; dated names and those of regions are its aliases."""
    known = _names(hand)
    gathered: dict[str, list[tuple[str, str]]] = {}
    for provider, name in sorted(groups):
        base = _base(provider, name, groups)
        mine = next((known[n] for n in (base, name) if n in known and hand[known[n]].get("provider") == provider), None)
        gathered.setdefault(mine or f"{provider}/{base}", []).append((provider, name))
    taken = {*known, *gathered}
    rows = {}
    for identity, names in sorted(gathered.items()):
        rows[identity] = _hosted(identity, names, groups, hand, taken)
        taken |= set(rows[identity].get("aliases", ()))
    return rows


def _names(hand: Mapping[str, Row]) -> dict[str, str]:
    """The ids of the rows by hand, by every name that they have."""
    return {alias: name for name, row in hand.items() for alias in (name, *listed_in(row.get("aliases")))}


def _base(provider: str, name: str, groups: Groups) -> str:
    dated = _DATED.fullmatch(name)
    if dated and (provider, dated["base"]) in groups:
        return _base(provider, dated["base"], groups)
    return _REGION.sub("", name, count=1) if provider == "amazon-bedrock" and _REGION.match(name) else name


def _hosted(
    identity: str, names: Sequence[tuple[str, str]], groups: Groups, hand: Mapping[str, Row], taken: set[str]
) -> Row:
    said = [one for name in names for one in groups[name]]
    provider = names[0][0]
    own = identity.removeprefix(f"{provider}/")
    row: Row = {"provider": provider, **({} if identity in hand else family(own, provider, hand))}
    start = CLOUDS.get(provider, "")
    own = f"{start}{own}"
    row["aliases"] = [alias for _, name in names if (alias := f"{start}{name}") not in taken]
    days = {f"{start}{name}": day for _, name in names if (day := _first(groups[provider, name], "shutdown_on"))}
    if days:
        last = days.get(own) or (max(days.values()) if len(days) == len(names) else "")
        row |= {"shutdown_on": last} if last else {}
        other = {name: day for name, day in days.items() if day != last}
        row |= {"shutdowns": dict(sorted(other.items()))} if other else {}
    instead = re.sub(r"^(?:gemini|mistral|xai|deepseek)/", "", _first(said, "replaced_by") or "")
    # A bare name is what the same provider calls it: Vertex replaces its model by its own, not by Google's.
    row["replaced_by"] = f"{start}{instead}" if (provider, instead) in groups else instead
    mode = _first(said, "mode")
    row["tasks"] = [MODES[mode]] if MODES.get(mode) else None
    return _with_sources(row, said)


def open_rows(listed: Sequence[wheels.Said], hand: Mapping[str, Row]) -> dict[str, Row]:
    """Models whose weights can be had, and those whose architecture a library has."""
    gated = {name.partition("/")[0] for name, row in hand.items() if row.get("weights") == "gated"}
    known = _names(hand)
    said: dict[str, list[wheels.Said]] = {}
    for one in listed:
        if "/" in one.name and not _STRANGE.search(one.name):
            said.setdefault(known.get(one.name, one.name), []).append(one)
    return {name: _open(name, found, gated) for name, found in said.items()}


def _open(name: str, found: Sequence[wheels.Said], gated: Collection[str]) -> Row:
    row: Row = {"developer": name.partition("/")[0].lower()}
    licence = load_catalog().licence(str(_first(found, "license")))
    row["licence"] = licence.id if licence else None
    for key in ("architecture", "inference_code", "training_code", "training_data"):
        row[key] = _first(found, key)
    by_hub = _first((one for one in found if isinstance(one.origin, Page)), "weights")
    if by_hub:
        row["weights"] = by_hub
    elif name.partition("/")[0] not in gated:
        # Whether published weights are behind a gate, the index does not say; an open licence hardly ever is.
        free = "open" if licence and licence.category == "open" and _first(found, "published") else None
        row["weights"] = _first(found, "weights") or free
    size = _first(found, "n_parameters")
    row["parameters_b"] = float(f"{size / 1e9:.3g}") if isinstance(size, int) and size else None
    mode = _first(found, "mode")
    row["tasks"] = [MODES[mode]] if mode else None
    return _with_sources(row, found)


def unknown_licences(listed: Iterable[wheels.Said]) -> list[str]:
    """Licences that the catalogue does not know, each with a model that has it, and where that is said."""
    catalog = load_catalog()
    found: dict[str, list[wheels.Said]] = {}
    for one in listed:
        licence = one.facts.get("license")
        if isinstance(licence, str) and catalog.licence(licence) is None:
            found.setdefault(licence.strip(), []).append(one)
    return [
        f"no row for the licence {name} of {first.name} in {first.origin.source(first.member)}"
        + (f", and of {len(more)} more" if more else "")
        for name, (first, *more) in sorted(found.items())
    ]


def _with_sources(row: Row, said: Sequence[wheels.Said]) -> Row:
    origin = row.pop("origin", {"source": [], "as_of": ""})
    sources = dict.fromkeys([*(one.origin.source(one.member) for one in said), *origin["source"]])
    days = [*(one.origin.day for one in said), *([origin["as_of"]] if origin["as_of"] else [])]
    row |= {"source": list(sources), "as_of": min(days)}
    return {key: row[key] for key in FIELDS if row.get(key) not in (None, "", [], {})}


def _first(said: Iterable[wheels.Said], key: str) -> Any:  # noqa: ANN401  any fact
    return next((one.facts[key] for one in said if one.facts.get(key)), None)


if __name__ == "__main__":
    main()
