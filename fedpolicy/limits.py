"""
What a file may hold at most, in one place, and what a text may not hold; docs/limits.md tells all of it.

A gate reads what people write whom it does not trust. Without bounds, a few hundred bytes take all the memory or all
the time there is. Each bound is far above what a deployment needs, and a message names it. Some characters say
something else to a person than to a program.
"""

from __future__ import annotations

import re

from fedpolicy.records import dataclass
from fedpolicy.startup import pattern

TIMEOUT = 300.0
"""Seconds that one file may take, where nobody says."""
MAX_BYTES = 20 * 1024 * 1024
"""The text of a deployment. Where 50,000 clients write a party, a node, a dataset and a flow each, it has 18 MB."""
MAX_DIGITS = 300
"""Digits of a number in any file. No quantity needs more, and Python refuses to read some thousands of them."""
MAX_QUANTITY = 10**12
"""
The largest quantity: clients, subjects, days, rounds, steps, GiB, multiples of noise.

Sums over a million of them still fit into the 64 bits of CEL and are exact as JSON numbers in every program.
"""
MAX_HIDDEN_FORMS = 500_000
"""
In how many ways sums and sealed messages may lie at all places together.

Where tasks pass sums on to each other, the ways multiply. A tree of a hundred sites and ten regions has about two
thousand.
"""
MAX_NESTED_SUMS = 128
"""
In how many ways one sum may have gone into further sums when it comes to a place, no way contained in another.

They double with each layer of tasks that pass their results on to the next. Ten layers are far from any federation.
"""
MAX_SEALED_WAYS = 1_024
"""
Behind how many sets of seals data may come to one place. Seals of the same readers count as one.

They double with each call or flow whose other readers get what another one sealed.
"""
MAX_EXPRESSION = 4_000
"""Characters of an expression of a rule. The longest one that ships has 432."""
MAX_ITEM_EXPRESSION = 200
"""Characters inside `all(...)` and its like, which are evaluated for each of up to ten thousand items."""
MAX_JOINS = 16
"""How often one expression may join texts or lists with `+`, or add."""
MAX_FILTERS = 4
"""How often one expression may use `filter`, whose memory grows with the square of the items."""
MAX_PATTERNS = 2
"""How often one expression may use `matches`: to read a pattern of ten characters can take a fifth of a second."""
MAX_FILTERED = 2_000
"""Items of a list that a rule with `filter` may read; `exists` and `all` read more."""
MAX_LOOKED_AT = 50_000_000
"""Characters that one expression may look at for one element, as often as it does so: less than a second of work."""
MAX_ITERATIONS = 10_000
"""Items that `all(...)` and its like look at in one expression; the library stops there."""
MAX_ITEMS = 20_000
"""Items of one list, such as the members of a family. What is more is a cohort, and one node with `count`."""
MAX_ENTRIES = 100_000
"""Keys of one map, such as the parties of a deployment."""
MAX_INSTANCES = 50_000
"""Nodes, and instances of datasets: families and what rests at them counted by their members."""
MAX_VALUES = 2_000_000
"""Values of a file, aliases counted as often as they are used."""
MAX_FLOWS = 500_000
"""Flows that a deployment implies. Two families of different parties have as many as pairs of members."""
MAX_REPAIR_FLOWS = 200_000
"""Flows that all changed copies of a repair may have together, unless `--max-flows` says more; about half a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How large a deployment may be: so many nodes, and instances of datasets, and what else goes with them."""

    bytes: int = MAX_BYTES
    nodes: int = MAX_INSTANCES
    items: int = MAX_ITEMS
    entries: int = MAX_ENTRIES
    values: int = MAX_VALUES
    flows: int = MAX_FLOWS
    forms: int = MAX_HIDDEN_FORMS


USUAL = Bounds()


def bounds_for(nodes: int) -> Bounds:
    """The bounds for so many nodes: the others grow with them, and all of more than usual may be in one family."""
    if nodes <= MAX_INSTANCES:
        return Bounds(nodes=nodes)
    usual = {
        "bytes": MAX_BYTES,
        "entries": MAX_ENTRIES,
        "values": MAX_VALUES,
        "flows": MAX_FLOWS,
        "forms": MAX_HIDDEN_FORMS,
    }
    grown = {name: most * nodes // MAX_INSTANCES for name, most in usual.items()}
    return Bounds(nodes=nodes, items=nodes, **grown)


# The controls that turn the direction of text around them (Trojan Source, CVE-2021-42574; the marks that
# right-to-left writing needs are not among them), and ends of lines for YAML that few editors show: what seems to be
# the rest of a comment would be a key.
_TURNS = "\u202a-\u202e\u2066-\u2069"
_BREAKS = "\x85\u2028\u2029"
HIDING = _TURNS + _BREAKS
SURROGATES = pattern("[\ud800-\udfff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenCharacter:
    """One such character: its line and column from 1, what is wrong with it, and what to do."""

    line: int
    column: int
    message: str
    help: str = "delete it: a reader would see another text than fedpolicy reads"


def hidden(text: str) -> HiddenCharacter | None:
    """The first such character of a text whose lines end with a line feed."""
    found = None if text.isascii() else re.search(f"[{HIDING}]", text)
    if found is None:
        return None
    does = "ends a line that editors do not show" if found.group() in _BREAKS else "changes the order of what is shown"
    return HiddenCharacter(
        line=text.count("\n", 0, found.start()) + 1,
        column=found.start() - text.rfind("\n", 0, found.start()),
        message=f"the character U+{ord(found.group()):04X} is not allowed: it {does}",
    )


def spelt(text: str) -> str:
    r"""Bytes of a file name that are no characters, as `\xff`; those that a locale did not know are what they are."""
    return text if text.isascii() else SURROGATES.sub(_spelt, text)


def _spelt(found: re.Match[str]) -> str:
    try:
        return found.group().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # no byte of a name, but half a character
        return "\ufffd" * len(found.group())
