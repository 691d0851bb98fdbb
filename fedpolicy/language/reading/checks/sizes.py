"""More places and instances than anybody could follow."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.language.reading.checks.base import Contradiction, contradiction
from fedpolicy.language.reading.names import Names
from fedpolicy.language.reading.view import entries, ids
from fedpolicy.limits import MAX_INSTANCES

__all__ = ["check_sizes"]

_ADVICE = "write `count` on one node for a cohort, or check parts of it in files of their own"


def check_sizes(names: Names) -> Iterator[Contradiction]:
    """Families make one node for each member, and datasets one instance for each node."""
    sizes = {str(path[1]): len(ids(node, "party")) for path, node in entries(names.root, "nodes")}
    places = sum(sizes.values())
    if places > MAX_INSTANCES:
        message = f"{places:,} nodes, the members of families counted; at most {MAX_INSTANCES:,} are checked"
        yield contradiction(("nodes",), message, _ADVICE)
    instances = sum(
        sizes.get(name, 1)
        for _, dataset in entries(names.root, "datasets")
        for name in {name for _, name in ids(dataset, "at")}
    )
    if instances > MAX_INSTANCES:
        message = f"{instances:,} instances of datasets, one at each node; at most {MAX_INSTANCES:,} are checked"
        yield contradiction(("datasets",), message, _ADVICE)
