"""What NVFLARE's files are made of: a class by its path with arguments, and what filters among them do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fedpolicy.scan import NONE, Evidence, ForeignNode

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
TOLD = {**{one: one for one in _NUMBERS}, **dict.fromkeys(_NOISE, "noise")}


def filters(
    root: ForeignNode, holder: ForeignNode, subject: str, filters: list[ForeignNode], attribute: str
) -> Iterator[Evidence]:
    """Each filter by its class with what it is set to, and whether any of them is noise or encryption."""
    where = at(holder, f"task_{attribute}s")
    if not filters:
        yield where.says(subject, attribute, NONE)
    for one in filters:
        yield at(one, "path").says(subject, attribute, class_label(one))
        for name, value in (each for each in arguments(one) if each[0] in TOLD):
            yield value.says(subject, TOLD[name], with_variable(root, value))
    if attribute == "result_filter":
        yield _dp(root, subject, filters, where)
        if subject.startswith("task:"):
            yield _he(subject, filters, where)


def _dp(root: ForeignNode, subject: str, filters: list[ForeignNode], where: ForeignNode) -> Evidence:
    doubt = None
    for one in filters:
        name = class_label(one)
        if name in DP:
            return at(one, "path").says(subject, "dp_filter", name)
        noise = [value for key, value in arguments(one) if key in _NOISE]
        silent = next((value for value in noise if with_variable(root, value) == "0"), None)
        if silent:
            where = silent
        elif name not in _NO_DP:
            doubt = one
    if doubt:
        return at(doubt, "path").says(subject, "dp_filter", None, note="a class of the project, not read")
    return where.says(subject, "dp_filter", NONE)


def _he(subject: str, filters: list[ForeignNode], where: ForeignNode) -> Evidence:
    doubt = None
    for one in filters:
        if class_label(one) == ENCRYPTS:
            return at(one, "path").says(subject, "he_filter", ENCRYPTS)
        if class_label(one) not in (_NO_DP | DP):
            doubt = one
    if doubt:
        return at(doubt, "path").says(subject, "he_filter", None, note="a class of the project, not read")
    return where.says(subject, "he_filter", NONE)


def with_variable(root: ForeignNode, node: ForeignNode) -> str | None:
    """A value as text, with `{NAME}` looked up at the top of the file."""
    inside = VARIABLE.fullmatch(node.value) if isinstance(node.value, str) else None
    return root.text(inside[1]) if inside else node.text()


def at(node: ForeignNode, key: str) -> ForeignNode:
    """What stands behind a key; the whole where there is no such key."""
    return node.get(key) or node


def arguments(node: ForeignNode) -> Iterable[tuple[str, ForeignNode]]:
    """What a component is set to."""
    return node.items("args")


def class_name(path: object) -> str:
    """A class without its module."""
    return str(path).rpartition(".")[2]


def class_of(node: ForeignNode) -> str:
    """The class of a component, without its module."""
    path = node.get("path")
    return class_name(path.value) if path else ""


def class_label(node: ForeignNode) -> str:
    """The class by its name where NVFLARE ships it, else by its whole path."""
    path = node.text("path") or ""
    return class_name(path) if path.startswith("nvflare.") else path
