"""
How the contributions to a task travel: one file a way, found where it stands.

Each has `TOPOLOGIES`, by the word of the language the row that says what it needs, and `desugar(exchange)`, which adds
the flows. Topologies that differ only in their rows share a file. Rows are words of the language; the functions are
called by the graph. So this room knows neither: what a topology does, it does through the exchange that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from fedpolicy.files import modules_in
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.graph.exchange import Exchange
    from fedpolicy.graph.jobs import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """
    One way for contributions to travel.

    `about` says in a phrase who exchanges with whom. `exchanges`: the clients' updates, activations of a divided model,
    or nothing. `aggregator`: there is none, there has to be one, or there may be one. `keys` are the keys of a task
    that belong to this topology, or to few others too. `order` says how early lists of words name it.
    """

    about: str
    exchanges: Literal["updates", "activations", "nothing"]
    aggregator: Literal["none", "one", "optional"]
    keys: tuple[str, ...] = ()
    order: int = 100


# Each file imports what stands above.
_FILES = [import_module(f"{__name__}.{module}") for module in modules_in(__path__)]
_ROWS: dict[str, Topology] = {name: row for file in _FILES for name, row in file.TOPOLOGIES.items()}

TOPOLOGIES: Mapping[str, Topology] = dict(sorted(_ROWS.items(), key=lambda entry: (entry[1].order, entry[0])))
DESUGAR: Mapping[str, Callable[[Exchange], list[Outcome]]] = {
    name: file.desugar for file in _FILES for name in file.TOPOLOGIES
}

KEYS = tuple(dict.fromkeys(key for row in TOPOLOGIES.values() for key in row.keys))  # those of few topologies


def left_out(default: str | None, up: str | None, *, hops: bool, aggregator: bool, blind: bool) -> str:
    """
    The topology of a task that states none: a tree with `hops`, a star with an `aggregator`, else its method's.

    Nothing is exchanged where all compute on what they cannot read (`blind`): what comes of it is revealed.
    """
    if blind:
        return "local"
    if hops:
        return "tree"
    own = default or ("star" if up else "local")
    return "star" if aggregator and up and TOPOLOGIES[own].exchanges != "activations" else own


def possible(stated: Collection[str]) -> list[str]:
    """The topologies that a task may have of which nobody knows it: any that the keys stated there leave open."""
    own = {key for key in KEYS if key in stated}
    return [name for name, row in TOPOLOGIES.items() if own <= set(row.keys) and not _shut_out(row, stated)]


def _shut_out(row: Topology, stated: Collection[str]) -> bool:
    levels = "hops" in row.keys and "hops" not in stated
    idle = row.exchanges == "nothing" and "via" in stated
    return levels or idle or (row.aggregator == "none" and "aggregator" in stated)


# Which names there are is known when the files are found; for type checkers any will do.
if TYPE_CHECKING:
    TopologyName = str
else:
    TopologyName = Literal[tuple(TOPOLOGIES)]
