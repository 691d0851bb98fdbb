"""Settings of frameworks: what their keys mean, as a table, and secrets that stand among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from fedpolicy.scan.evidence import NONE, Evidence, ForeignNode, settled

__all__ = ["Table", "found", "literals", "switch", "told_by"]

Table = Mapping[str, tuple[str, str]]  # path of keys -> subject and attribute
_SECRET = re.compile(r"(?:password|passwd|pwd|secret|token|api_?key|access_key|secret_key|wandb_key)$", re.IGNORECASE)


def found(root: ForeignNode, path: str) -> ForeignNode | None:
    """The value behind a path such as `llm.adapter.args.0.r`; None where nothing stands there."""
    node = root.get(*(int(step) if step.isdigit() else step for step in path.split(".")))
    return None if node is None or node.value in (None, "") else node


def told_by(root: ForeignNode, table: Table) -> Iterator[Evidence]:
    """Each key of the table that is there, in its own words."""
    for path, (subject, attribute) in table.items():
        if node := found(root, path):
            yield node.tells(subject, attribute)


def switch(
    root: ForeignNode, path: str, subject: str, attribute: str = "used", *, silent: bool = False
) -> Iterator[Evidence]:
    """A switch: `true` where it is on, none where it is off; with `silent`, nothing where it is off."""
    node = found(root, path)
    if node and isinstance(node.value, bool) and (node.value or not silent):
        yield node.says(subject, attribute, "true" if node.value else NONE)


def literals(root: ForeignNode, subject: str) -> Iterator[Evidence]:
    """Secrets that stand among the settings, by the names of their keys."""
    for name, node in root.items():
        if isinstance(node.value, str) and node.value and settled(node.value) and _SECRET.search(name):
            yield node.says(f"secret:{name}", "literal", subject)
        else:
            yield from literals(node, subject)
    for node in root.each():
        yield from literals(node, subject)
