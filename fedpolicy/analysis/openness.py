"""
How open each model is: its class from its aspects, never from what is claimed.

The four classes follow arXiv 2505.23593 (v3 for gray box); the predicates are this project's own. `open_source`
asks for everything that the Open Source AI Definition 1.0 asks for: weights, code, data information, an open licence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, get_args

from fedpolicy.analysis.exposure import Reading
from fedpolicy.analysis.facts import ModelFacts
from fedpolicy.graph import FlowGraph, bits
from fedpolicy.language.model.types import OpennessClass

if TYPE_CHECKING:
    from fedpolicy.analysis.exposure.state import Exposure
    from fedpolicy.catalog import Catalog
    from fedpolicy.catalog.rows import ModelRow

# From the most closed to the most open.
CLASSES: tuple[str, ...] = get_args(OpennessClass)[::-1]

_ASPECTS = ("weights", "architecture", "inference_code", "training_code", "training_data", "licence", "interface")
_VALUES: Mapping[str, tuple[object, ...]] = {
    "weights": ("open", "closed"),
    "architecture": ("open", "closed"),
    "inference_code": ("open", "closed"),
    "training_code": ("open", "closed"),
    "training_data": ("open", "undisclosed"),
    "licence": ("open", "restricted"),
    "interface": (("logprobs",), ("text",)),
}
_CODE = ("architecture", "inference_code")
# From the least to the most open, for the aspects that a model cannot have better than what it was made from.
_OPENNESS: Mapping[str, tuple[object, ...]] = {
    "training_code": ("closed", "open"),
    "training_data": ("undisclosed", "described", "open"),
}
# Whole next-token distributions or embeddings show something of the model's inside; a few top tokens and
# training on the provider's machines do not.
_INTERNALS = {"logprobs", "embeddings"}


def models_of(graph: FlowGraph, catalog: Catalog, exposure: Exposure) -> tuple[ModelFacts, ...]:
    """The openness, the uses and the contents of every model of a deployment."""
    return tuple(_facts(graph, catalog, exposure, name) for name in sorted(graph.deployment.models))


def classify(aspects: Mapping[str, object]) -> tuple[str, str]:
    """The most closed and the most open class that the known aspects allow (equal where they decide)."""
    found = {_class(filled) for filled in _fillings(aspects)}
    ranks = sorted(CLASSES.index(name) for name in found)
    return CLASSES[ranks[0]], CLASSES[ranks[-1]]


def classify_row(row: ModelRow, catalog: Catalog) -> tuple[str, str]:
    """The same for a model of the catalogue."""
    said = {aspect: getattr(row, aspect) for aspect in _ASPECTS} | {"training_data": catalog.training_data(row)}
    return classify(_judged({aspect: value for aspect, value in said.items() if value is not None}, catalog))


def _fillings(aspects: Mapping[str, object]) -> Iterator[dict[str, object]]:
    names = [name for name in _ASPECTS if aspects.get(name) is None]
    for values in product(*(_VALUES[name] for name in names)):
        filled = {**aspects, **dict(zip(names, values, strict=True))}
        # Weights that can be had run with some code: that it is closed counts only where somebody says so.
        if filled["weights"] == "closed" or not any(filled[name] == "closed" for name in _CODE if name in names):
            yield filled


def _class(aspects: Mapping[str, object]) -> str:
    if aspects["weights"] == "closed" or "closed" in (aspects["architecture"], aspects["inference_code"]):
        interface = aspects["interface"]
        open_inside = isinstance(interface, tuple) and not _INTERNALS.isdisjoint(interface)
        return "gray_box" if open_inside or aspects["weights"] != "closed" else "black_box"
    documented = aspects["training_code"] == "open" and aspects["training_data"] in {"open", "described"}
    if aspects["weights"] == "open" and documented and aspects["licence"] == "open":
        return "open_source"
    return "open_weight"


def _facts(graph: FlowGraph, catalog: Catalog, exposure: Exposure, name: str) -> ModelFacts:
    model = graph.deployment.models[name]
    tasks = {f"tasks.{t}": task for t, task in sorted(graph.deployment.tasks.items()) if task.produces == name}
    row = catalog.row_of(model)
    aspects = _aspects(graph, catalog, name)
    lowest, highest = classify(_judged(aspects, catalog))
    prompt = bool(tasks) and all(catalog.methods[task.method].family == "prompt" for task in tasks.values())
    access = tuple(entry for entry in graph.access if entry.model == name)
    return ModelFacts(
        id=name,
        kind="prompt" if prompt else "model",
        cls=lowest if lowest == highest and not prompt else "",
        lowest=lowest,
        highest=highest,
        claimed=model.claims or "",
        aspects=aspects,
        missing=_missing(name, aspects) if lowest != highest and not prompt else (),
        access=access,
        produced_by=tuple(tasks),
        runners=tuple(sorted({entry.runner for entry in access if entry.runner})),
        contains=contents(graph, exposure, name),
        catalogue=row.id if row else "",
    )


def _aspects(graph: FlowGraph, catalog: Catalog, name: str, seen: frozenset[str] = frozenset()) -> dict[str, object]:
    """What is known: the deployment's words, else the catalogue's; what is produced is no more open than its input."""
    model = graph.deployment.models[name]
    inherited = _inherited(graph, catalog, name, seen | {name})
    found: dict[str, object] = {}
    for aspect in _ASPECTS:
        value = _weaker(aspect, catalog.aspect(model, aspect), inherited.get(aspect))
        if value is not None and not model.says_unknown(aspect):
            found[aspect] = tuple(value) if isinstance(value, (list, tuple)) else value
    return found


def _weaker(aspect: str, own: object, inherited: object) -> object:
    """Training data and code of a model tuned from another include the other's; for the rest its own words win."""
    if own is None or inherited is None:
        return inherited if own is None else own
    order = _OPENNESS.get(aspect)
    return min(own, inherited, key=order.index) if order else own


def _inherited(graph: FlowGraph, catalog: Catalog, name: str, seen: frozenset[str]) -> dict[str, object]:
    """What a produced model has from its input model; its weights are as open as where it rests."""
    tasks = {f"tasks.{t}": task for t, task in sorted(graph.deployment.tasks.items()) if task.produces == name}
    if not tasks:
        return {}
    by_provider = {entry.use for entry in graph.access if entry.how == "hosted"}
    hosted = any(use in by_provider or catalog.methods[task.method].hosted for use, task in tasks.items())
    inputs = [task.model for task in tasks.values() if task.model and task.model not in seen]
    base = _aspects(graph, catalog, inputs[0], seen) if inputs else {}
    return {**base, "weights": "closed" if hosted else "open"}


def _judged(aspects: Mapping[str, object], catalog: Catalog) -> dict[str, object]:
    judged = dict(aspects)
    licence = aspects.get("licence")
    if licence is not None:
        row = catalog.licence(str(licence))
        judged["licence"] = None if row is None else "open" if row.category == "open" else "restricted"
    if judged.get("weights") == "gated":
        judged["weights"] = "open"
    return judged


def _missing(name: str, aspects: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(f"models.{name}.{aspect}" for aspect in _ASPECTS if aspect not in aspects)


def contents(graph: FlowGraph, exposure: Exposure, name: str, reading: Reading = Reading.HIGH) -> tuple[str, ...]:
    """The dataset instances that a model has learned from; in the low reading, those that it surely has."""
    holdings = exposure.holdings(reading)
    found = 0
    for vertex in graph.vertices.values():
        if vertex.kind == "model" and vertex.family == name:
            found |= holdings.open_at(vertex.id)
    return tuple(sorted(graph.data[index].id for index in bits(found)))
