"""What `fedpolicy facts` says to programs: everything that was computed, as documented JSON (version 1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fedpolicy.analysis import Study
from fedpolicy.analysis.facts import LEVELS, Disclosure, ModelFacts, NotCounted, Step, vertex_name
from fedpolicy.analysis.idle import idle_elements
from fedpolicy.findings import Hop
from fedpolicy.graph import Access, DataItem, Flow, FlowGraph, Guard, Principal, bits
from fedpolicy.report.budget import spending_row
from fedpolicy.report.rows import hop_row, json_text, row_of

if TYPE_CHECKING:
    from fedpolicy.language.reading import Document

VERSION = 1
MOST_LISTED = 100  # names in one list; how many there are is always said beside it
_ASPECTS = ("weights", "architecture", "inference_code", "training_code", "training_data", "licence", "interface")
_EVERYTHING = "*"


def _facts_row(document: Document, facts: Study, disclosures: Iterable[Disclosure], *, version: str) -> dict[str, Any]:
    """Everything as one tree of plain values, in the documented order."""
    graph = facts.graph
    owners = {item.id: item.owner for item in graph.data}
    names = _Names(graph=graph, sizes=Counter(item.family for item in graph.data))
    return {
        "version": VERSION,
        "tool": {"name": "fedpolicy", "version": version},
        "deployment": {"name": document.deployment.name, "file": document.file, "setting": document.deployment.setting},
        "max_epsilon": facts.max_epsilon,
        "parties": [_party(graph.principals[name]) for name in sorted(graph.principals)],
        "datasets": [_dataset(item) for item in graph.data],
        "models": [_model(model) for model in facts.models],
        "flows": [_flow(flow, names, document) for flow in graph.flows],
        "disclosures": [_disclosure(one, owners, document) for one in disclosures],
        "notes": [f"{element}: {why}" for element, why in idle_elements(facts)],
    }


def hops_of(path: Sequence[Step], document: Document) -> tuple[Hop, ...]:
    """A witness path with its places in the file."""
    return tuple(step.hop(document.spans.key(step.path)) for step in path)


def _dataset(item: DataItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "dataset": item.family,
        "at": item.place,
        **row_of(item, "owner", "units"),
        "unit": item.unit or "unknown",
        "categories": item.categories,
    }


def _party(principal: Principal) -> dict[str, Any]:
    said = row_of(principal, "id", "party", "roles", "jurisdictions")
    return {**said, "trusts": sorted(principal.trusts), "implied": principal.implied}


def _model(model: ModelFacts) -> dict[str, Any]:
    return {
        "id": model.id,
        "class": model.cls or None,
        **row_of(model, "lowest", "highest"),
        "claimed": model.claimed or None,
        "aspects": {name: model.aspects.get(name) for name in _ASPECTS},
        "missing": model.missing,
        "access": [_access(access) for access in model.access],
        **row_of(model, "produced_by", "runners"),
        **_counted("contains", model.contains),
        "catalogue": model.catalogue or None,
    }


def _counted(name: str, items: Sequence[str]) -> dict[str, Any]:
    """Some names, and how many there are."""
    return {name: items[:MOST_LISTED], f"{name}_count": len(items)}


def _access(access: Access) -> dict[str, Any]:
    return {
        **row_of(access, "use", "how"),
        **_counted("at", access.at),
        "runner": access.runner or None,
        **row_of(access, "hops", "interface", "feasible", "why"),
    }


def _flow(flow: Flow, names: _Names, document: Document) -> dict[str, Any]:
    return {
        "id": flow.id,
        "from": vertex_name(flow.source),
        "to": vertex_name(flow.target),
        "payload": flow.payload,
        **_counted("data", names.of(flow.data)),
        **row_of(flow, "implied_by", "origin", "role", "certain", "missing"),
        "safeguards": [_guard(guard) for guard in flow.guards],
        **row_of(document.spans.key(flow.path), "file", "line"),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """Sets of instances by names, whole datasets by the dataset's; thousands of flows share the same sets."""

    graph: FlowGraph
    sizes: Mapping[str, int]
    known: dict[int, list[str]] = field(default_factory=dict)

    def of(self, mask: int | None) -> list[str]:
        """The names, sorted; `*` for whatever the source holds."""
        if mask is None:
            return [_EVERYTHING]
        if mask not in self.known:
            self.known[mask] = self._spelt(mask)
        return self.known[mask]

    def _spelt(self, mask: int) -> list[str]:
        families: dict[str, list[str]] = {}
        for index in bits(mask):
            item = self.graph.data[index]
            families.setdefault(item.family, []).append(item.id)
        return [
            name
            for family, items in sorted(families.items())
            for name in ([family] if len(items) == self.sizes[family] else sorted(items))
        ]


def _guard(guard: Guard) -> dict[str, Any]:
    return {
        "safeguard": ".".join(map(str, guard.path)),
        "kind": guard.spec.kind,
        "rests_on": sorted(guard.rests_on)[:MOST_LISTED],
        "ignored": guard.ignored or None,
    }


def _disclosure(one: Disclosure, owners: Mapping[str, str], document: Document) -> dict[str, Any]:
    party = one.parties[0]
    paths = [[hop_row(hop) for hop in hops_of(path, document)] for path in one.paths]
    return {
        "party": party,
        "as": one.role,
        "dataset": next((name for name in one.datasets if owners.get(name) != party), one.datasets[0]),
        "low": LEVELS[one.low],
        "high": LEVELS[one.high],
        "guaranteed": LEVELS[one.guaranteed],
        **({"guaranteed_low": LEVELS[one.vouched]} if one.vouched != one.guaranteed else {}),
        "allowed": None if one.allowed is None else LEVELS[one.allowed],
        "path": paths[0] if paths else [],
        "paths": paths,
        "not_counted": [_not_counted(reason) for reason in one.not_counted],
        **row_of(one, "missing", "claims"),
        "epsilon": spending_row(one.spent) if one.spent else None,
        "count": one.pairs,
        **_counted("parties", one.parties),
        **_counted("datasets", one.datasets),
    }


def _not_counted(reason: NotCounted) -> dict[str, Any]:
    return {
        **row_of(reason, "safeguard", "kind", "why", "level"),
        "rests_on": sorted(reason.rests_on)[:MOST_LISTED],
        "step": reason.step,
    }


def facts_json(document: Document, facts: Study, disclosures: Iterable[Disclosure], *, version: str) -> str:
    """Write the facts as indented JSON; `disclosures` are those of the facts, or the same pair by pair."""
    row = _facts_row(document, facts, disclosures, version=version)
    return json_text(row)
