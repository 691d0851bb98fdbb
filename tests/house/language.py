"""The tables of the page on the language, made from the declarations."""

from __future__ import annotations

from fedpolicy.language.model import Deployment
from fedpolicy.language.model.dataset import Dataset, Model
from fedpolicy.language.model.flow import ApiCall, Flow, Task
from fedpolicy.language.model.party import Agreement, Governance, Node, Party
from fedpolicy.language.model.safeguards import KINDS
from fedpolicy.language.model.shape import entry_shape
from fedpolicy.topologies import TOPOLOGIES

ENTRIES = {
    "deployment": Deployment,
    "parties": Party,
    "nodes": Node,
    "datasets": Dataset,
    "models": Model,
    "tasks": Task,
    "api_calls": ApiCall,
    "flows": Flow,
    "agreements": Agreement,
    "governance": Governance,
}
# Said once, elsewhere on the page.
ELSEWHERE = {"Terms", "Governance"}
NEEDS = {"none": "none", "one": "one", "optional": "one, or none"}


def tables():
    """Every table by the name that its marks have."""
    found = {f"keys of {name}": table(("key", "meaning"), keys(entry)) for name, entry in ENTRIES.items()}
    return found | {"safeguards": safeguards(), "topologies": topologies()}


def keys(entry, above=""):
    for key in entry_shape(entry).values():
        if not key.shape.values or key.shape.values.entry is None:  # sections have a chapter each
            yield f"| {marked(key, above)} | {meaning(key)} |"
        inner = key.shape.entry or (key.shape.items and key.shape.items.entry)
        if inner and inner.__name__ not in ELSEWHERE:
            yield from keys(inner, f"{above}{key.name}.")


def marked(key, above=""):
    name = f"`{above}{key.name}`"
    return f"**{name}**" if key.required else name if key.open else f"{name}\\*"


def meaning(key):
    words = (key.shape.items or key.shape).choices
    listed = len(words) > 1 and not all(word in key.about for word in words)
    said = isinstance(key.default, (str, int)) and key.default is not False and "Left out:" not in key.about
    default = f" Left out: `{key.default}`." if said else ""
    return key.about + default + (f" One of {', '.join(f'`{word}`' for word in words)}." if listed else "")


def safeguards():
    lines = []
    for kind, entry in KINDS.items():
        lines.append(f"| `{kind}` | | {' '.join(entry.__doc__.split())} |")
        own = (key for key in entry_shape(entry).values() if key.name not in ("kind", "operated_by"))
        lines += [f"| | {marked(key)} | {meaning(key)} |" for key in own]
    return table(("`kind`", "key", "meaning"), lines)


def topologies():
    lines = (
        f"| `{name}` | {row.about} | {NEEDS[row.aggregator]} | {', '.join(f'`{key}`' for key in row.keys) or '-'} |"
        for name, row in TOPOLOGIES.items()
    )
    return table(("`topology`", "who exchanges with whom", "aggregator", "keys of its own"), lines)


def table(header, lines):
    return "\n".join([f"| {' | '.join(header)} |", "|---" * len(header) + "|", *lines]) + "\n"
