"""The most work that a rule is let do for one element: what tests see accepted, and `benchmarks/rules.py` measures."""

from __future__ import annotations

from fedpolicy.limits import MAX_PATTERNS
from fedpolicy.policy.expression import language
from fedpolicy.policy.fields import Type

LANGUAGE = language({"a.text": Type.TEXT, "a.list": Type.LIST})
# An expression, the text and the list that it reads.
LARGEST = {
    "a word sought for each item": (
        "a.list.all(x, !a.text.contains('aaaaaaaaaaab'))",
        "a" * 2_700,
        ["d"] * 9_000,
    ),
    "patterns": (r"!a.text.matches('\\pL{300}') && " * MAX_PATTERNS + "true", "a" * 200, []),
    "items sought in their list": ("a.list.all(x, x in a.list)", "", [f"d{n}" for n in range(7_000)]),
    "a word sought again and again": (
        "!a.text.contains('aaaaaaaaaaab') && " * 45 + "true",
        "a" * 1_000_000,
        [],
    ),
}
# Short words only, which nobody looks at beforehand.
NESTED = (
    f"a.list.all(x, a.list.all(y, {' && '.join(['a.list == a.list'] * 8)}))",
    "",
    ["a" * 98 + f"{number:02}" for number in range(99)],
)
