"""What `fedpolicy facts` says to programs: everything that was computed, as documented JSON (version 1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fedpolicy.analysis import Study
from fedpolicy.analysis.facts import LEVELS
from fedpolicy.analysis.idle import idle_elements
from fedpolicy.findings import Hop, Span
from fedpolicy.graph import FlowGraph, bits
from fedpolicy.report.budget import spending_row
from fedpolicy.report.rows import hop_row, json_text

if TYPE_CHECKING:
    from fedpolicy.analysis.facts import Disclosure, ModelFacts, NotCounted, Step
    from fedpolicy.graph import Access, Flow, Guard, Principal
    from fedpolicy.language.reading import Document

__all__ = ["MOST_LISTED", "VERSION", "facts_json", "hops_of", "wide"]

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
        "datasets": [
            {
                "id": item.id,
                "dataset": item.family,
                "at": item.place,
                "owner": item.owner,
                "units": item.units,
                "unit": item.unit or "unknown",
                "categories": list(item.categories),
            }
            for item in graph.data
        ],
        "models": [_model(model) for model in facts.models],
        "flows": [_flow(flow, names, document) for flow in graph.flows],
        "disclosures": [_disclosure(one, owners, document) for one in disclosures],
        "notes": [f"{element}: {why}" for element, why in idle_elements(facts)],
    }


def hops_of(path: Sequence[Step], document: Document) -> tuple[Hop, ...]:
    """A witness path with its places in the file."""
    return tuple(
        Hop(
            source=_short(step.source),
            target=_short(step.target),
            payload=step.payload,
            flow=step.flow,
            implied_by=step.implied_by,
            span=document.spans.key(step.path),
        )
        for step in path
    )


def wide(low: int, high: int) -> str:
    """An interval of levels in words."""
    return LEVELS[high] if low == high else f"{LEVELS[low]} to {LEVELS[high]}"


def _party(principal: Principal) -> dict[str, Any]:
    return {
        "id": principal.id,
        "party": principal.party,
        "roles": list(principal.roles),
        "jurisdictions": None if principal.jurisdictions is None else list(principal.jurisdictions),
        "trusts": sorted(principal.trusts),
        "implied": principal.implied,
    }


def _model(model: ModelFacts) -> dict[str, Any]:
    return {
        "id": model.id,
        "class": model.cls or None,
        "lowest": model.lowest,
        "highest": model.highest,
        "claimed": model.claimed or None,
        "aspects": {name: _plain(model.aspects.get(name)) for name in _ASPECTS},
        "missing": list(model.missing),
        "access": [_access(access) for access in model.access],
        "produced_by": list(model.produced_by),
        "runners": list(model.runners),
        "contains": list(model.contains[:MOST_LISTED]),
        "contains_count": len(model.contains),
        "catalogue": model.catalogue or None,
    }


def _access(access: Access) -> dict[str, Any]:
    return {
        "use": access.use,
        "how": access.how,
        "at": list(access.at[:MOST_LISTED]),
        "at_count": len(access.at),
        "runner": access.runner or None,
        "hops": list(access.hops),
        "interface": None if access.interface is None else list(access.interface),
        "feasible": access.feasible,
        "why": access.why,
    }


def _flow(flow: Flow, names: _Names, document: Document) -> dict[str, Any]:
    data = names.of(flow.data)
    span: Span = document.spans.key(flow.path)
    return {
        "id": flow.id,
        "from": _short(flow.source),
        "to": _short(flow.target),
        "payload": flow.payload,
        "data": data[:MOST_LISTED],
        "data_count": len(data),
        "implied_by": flow.implied_by,
        "origin": flow.origin,
        "role": flow.role,
        "certain": flow.certain,
        "missing": list(flow.missing),
        "safeguards": [_guard(guard) for guard in flow.guards],
        "file": span.file,
        "line": span.line,
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
        "missing": list(one.missing),
        "claims": list(one.claims),
        "epsilon": spending_row(one.spent) if one.spent else None,
        "count": one.pairs,
        "parties": list(one.parties[:MOST_LISTED]),
        "parties_count": len(one.parties),
        "datasets": list(one.datasets[:MOST_LISTED]),
        "datasets_count": len(one.datasets),
    }


def _not_counted(reason: NotCounted) -> dict[str, Any]:
    return {
        "safeguard": reason.safeguard,
        "kind": reason.kind,
        "why": reason.why,
        "level": reason.level,
        "rests_on": sorted(reason.rests_on)[:MOST_LISTED],
        "step": reason.step,
    }


def _short(vertex: str) -> str:
    """`client@aphp` for `nodes.client@aphp`; models keep their section, so that nobody takes them for a place."""
    return vertex.removeprefix("nodes.").removeprefix("parties.")


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def facts_json(document: Document, facts: Study, disclosures: Iterable[Disclosure], *, version: str) -> str:
    """Write the facts as indented JSON; `disclosures` are those of the facts, or the same pair by pair."""
    row = _facts_row(document, facts, disclosures, version=version)
    return json_text(row)
