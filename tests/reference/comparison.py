"""
The reference beside the product, on random deployments: `python -m tests.reference.comparison --count 100000`.

A disagreement is shrunk: whatever can be taken out of the deployment without ending it is taken out.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from fedpolicy.catalog import load_catalog
from fedpolicy.language.reading import load_text
from tests.reference.deployments import Tree, deployment
from tests.reference.reference import Levels, Row, levels
from tests.reference.wider import wider

CATALOG = load_catalog()
AUTHORS = {"plain": deployment, "wider": wider}
ASKED = ("sampling", "steps")  # what numbers hang on, and no random deployment leaves out
NONE: Levels = ("none", "none", "none")


@dataclass(frozen=True)
class Disagreement:
    """A pair of which the two say different things."""

    row: Row
    product: Levels
    reference: Levels

    def __str__(self) -> str:
        return f"{' '.join(self.row)}: product {' '.join(self.product)}, reference {' '.join(self.reference)}"


def read(tree: Tree) -> Any | None:
    """The deployment of a mapping, None where it is refused."""
    loaded = load_text(json.dumps({"fedpolicy": 1, "name": "random", **tree}), "random.yaml", CATALOG)
    return None if loaded.errors else loaded.documents[0].deployment


def disagreements(tree: Tree) -> list[Disagreement] | None:
    """Where product and reference disagree; None where the deployment is refused."""
    from tests.helpers import study_of, table  # the product, which the reference itself never sees

    found = read(tree)
    if found is None:
        return None
    product, reference = table(study_of(found)), levels(found, CATALOG)
    rows = sorted({*product, *reference})
    pairs = ((row, product.get(row, NONE), reference.get(row, NONE)) for row in rows)
    return [Disagreement(row, mine, theirs) for row, mine, theirs in pairs if mine != theirs]


def smaller(tree: Any) -> Iterator[Any]:
    """The same with one thing less."""
    if isinstance(tree, dict):
        for key in tree:
            if key in ASKED:
                continue
            yield {name: value for name, value in tree.items() if name != key}
        for key, value in tree.items():
            for less in smaller(value):
                yield {**tree, key: less}
    if isinstance(tree, list) and len(tree) > 1:
        for place in range(len(tree)):
            yield tree[:place] + tree[place + 1 :]
    if isinstance(tree, list):
        for place, value in enumerate(tree):
            for less in smaller(value):
                yield [*tree[:place], less, *tree[place + 1 :]]


def shrunk(tree: Tree, wrong: Callable[[Tree], bool]) -> Tree:
    """The smallest that is still wrong, one step at a time."""
    tree = copy.deepcopy(tree)
    again = True
    while again:
        again = False
        for less in smaller(tree):
            if wrong(less):
                tree, again = less, True
                break
    return tree


def wrong(tree: Tree) -> bool:
    """Whether the two disagree on a deployment that is not refused."""
    try:
        return bool(disagreements(tree))
    except Exception:  # noqa: BLE001  a smaller deployment may be nonsense in a way that nobody reads
        return False


def written(seed: str, number: int, author: str) -> Tree:
    """A deployment by its number; of both authors, each writes every other one."""
    name = ("plain", "wider")[number % 2] if author == "both" else author
    return AUTHORS[name](f"{seed}:{number}")


def compare(seed: str, first: int, count: int, author: str = "both") -> Iterator[tuple[int, list[Disagreement] | None]]:
    """Deployment by deployment: its number, and where the two disagree."""
    for number in range(first, first + count):
        yield number, disagreements(written(seed, number, author))


def shown(tree: Tree, found: list[Disagreement]) -> str:
    """A disagreement as a file to keep, and what is said of it."""
    tree = json.loads(json.dumps(tree))  # no list twice, which YAML would call by a name
    text = yaml.safe_dump(
        {"fedpolicy": 1, "name": "random", **tree}, sort_keys=False, default_flow_style=None, width=120
    )
    return "\n".join([*(f"# {one}" for one in found), text])


def main() -> int:
    """Compare, and show the smallest disagreements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--author", choices=("both", *AUTHORS), default="both", help="who writes the deployments")
    parser.add_argument("--stop", type=int, default=1, help="stop after so many disagreements")
    asked = parser.parse_args()
    started, agreed, refused, different = time.monotonic(), 0, 0, 0
    for number, found in compare(asked.seed, asked.first, asked.count, asked.author):
        agreed, refused = agreed + (found == []), refused + (found is None)
        if found:
            different += 1
            tree = shrunk(written(asked.seed, number, asked.author), wrong)
            print(f"# seed {asked.seed}, deployment {number}\n{shown(tree, disagreements(tree) or found)}", flush=True)
            if different >= asked.stop:
                break
    seconds = time.monotonic() - started
    print(f"{agreed:,} agree, {different:,} do not, {refused:,} refused, in {seconds:.0f} seconds")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
