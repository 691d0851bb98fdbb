"""What NVFLARE's files are made of: a class by its path with arguments, and what filters among them do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fedpolicy.scan.evidence import NONE, Evidence, Node

__all__ = [
    "DP",
    "ENCRYPTS",
    "VARIABLE",
    "arguments",
    "at",
    "called",
    "class_of",
    "filters",
    "parts",
    "resolved",
    "short",
]

VARIABLE = re.compile(r"\{(\w+)\}")
# By the class names of nvflare 2.9.0, app_common/filters and app_opt/he: which of them is noise that can be counted.
DP = frozenset({"SVTPrivacy"})
ENCRYPTS = "HEModelEncryptor"
_NO_DP = frozenset({
    "PercentilePrivacy", "ExcludeVars", "ConvertWeights", "DXOBlocker", "StatisticsPrivacyFilter",
    "HEModelEncryptor", "HEModelDecryptor", "HEModelSerializeFilter",
})  # fmt: skip
_NUMBERS = ("percentile", "gamma", "epsilon", "fraction", "noise_var", "tau", "exclude_vars")
_NOISE = ("sigma0", "sigma", "noise_multiplier", "noise_scale", "noise_std")


def filters(root: Node, holder: Node, subject: str, filters: list[Node], attribute: str) -> Iterator[Evidence]:
    """Each filter by its class with what it is set to, and whether any of them is noise or encryption."""
    where = at(holder, f"task_{attribute}s")
    if not filters:
        yield where.says(subject, attribute, NONE)
    for one in filters:
        yield at(one, "path").says(subject, attribute, called(one))
        for name, value in arguments(one):
            if name in (*_NUMBERS, *_NOISE):
                said = resolved(root, value)
                yield value.says(subject, "noise" if name in _NOISE else name, said)
    if attribute == "result_filter":
        yield _dp(root, subject, filters, where)
        if subject.startswith("task:"):
            yield _he(subject, filters, where)


def _dp(root: Node, subject: str, filters: list[Node], where: Node) -> Evidence:
    doubt = None
    for one in filters:
        name = called(one)
        if name in DP:
            return at(one, "path").says(subject, "dp_filter", name)
        noise = [value for key, value in arguments(one) if key in _NOISE]
        silent = next((value for value in noise if resolved(root, value) == "0"), None)
        if silent:
            where = silent
        elif name not in _NO_DP:
            doubt = one
    if doubt:
        return at(doubt, "path").says(subject, "dp_filter", None, note="a class of the project, not read")
    return where.says(subject, "dp_filter", NONE)


def _he(subject: str, filters: list[Node], where: Node) -> Evidence:
    doubt = None
    for one in filters:
        if called(one) == ENCRYPTS:
            return at(one, "path").says(subject, "he_filter", ENCRYPTS)
        if called(one) not in (_NO_DP | DP):
            doubt = one
    if doubt:
        return at(doubt, "path").says(subject, "he_filter", None, note="a class of the project, not read")
    return where.says(subject, "he_filter", NONE)


def resolved(root: Node, node: Node) -> str | None:
    """A value as text, with `{NAME}` looked up at the top of the file."""
    inside = VARIABLE.fullmatch(node.value) if isinstance(node.value, str) else None
    return root.text(inside[1]) if inside else node.text()


def parts(node: Node | None, key: str) -> list[Node]:
    """The entries of a list; none where there is no list."""
    found = node.get(key) if node else None
    return list(found.each()) if found else []


def at(node: Node, key: str) -> Node:
    """What stands behind a key; the whole where there is no such key."""
    return node.get(key) or node


def arguments(node: Node) -> Iterable[tuple[str, Node]]:
    """What a component is set to."""
    found = node.get("args")
    return found.items() if found else ()


def short(path: object) -> str:
    """A class without its module."""
    return str(path).rpartition(".")[2]


def class_of(node: Node) -> str:
    """The class of a component, without its module."""
    path = node.get("path")
    return short(path.value) if path else ""


def called(node: Node) -> str:
    """The class by its name where NVFLARE ships it, else by its whole path."""
    path = node.text("path") or ""
    return short(path) if path.startswith("nvflare.") else path
