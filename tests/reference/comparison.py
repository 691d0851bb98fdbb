"""
The reference beside the product, on random deployments: `python -m tests.reference.comparison --count 100000`.

Compared is who learns what; with `--about control`, who can take the system away from whom; with `--about findings`,
what rules say, and how often each said it. A disagreement is shrunk: whatever can be taken out of the deployment
without ending it is taken out.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from fedpolicy.catalog import load_catalog
from fedpolicy.language.reading import load_text
from tests.reference import findings
from tests.reference.control import Answer, control
from tests.reference.deployments import Tree, deployment
from tests.reference.governed import governed
from tests.reference.means import LICENSOR
from tests.reference.reference import levels
from tests.reference.wider import wider

CATALOG = load_catalog()
AUTHORS = {"plain": deployment, "wider": wider}
ASKED = ("sampling", "steps")  # what numbers hang on, and no random deployment leaves out
Tally = Counter[tuple[str, str]]  # in how many deployments something is said of what stands first in a row
Rows = Mapping[tuple[str, ...], str]


@dataclass(frozen=True)
class Disagreement:
    """A row of which the two say different things."""

    row: tuple[str, ...]
    product: str
    reference: str

    def __str__(self) -> str:
        return f"{' '.join(self.row)}: product {self.product}, reference {self.reference}"


@dataclass(frozen=True)
class Subject:
    """What is compared: in which deployments, what each says of it, and what a row says that is not there."""

    made: Callable[[str, int, str], Tree]
    product: Callable[[Tree, Any], Rows]
    reference: Callable[[Tree, Any], Rows]
    silent: str


def _table(_: Tree, found: Any) -> Rows:
    from tests.helpers import LEVELS, pairs, study_of  # the product, which the reference itself never sees

    every = pairs(study_of(found)).items()
    return {row: " ".join(LEVELS[n] for n in (one.low, one.high, one.vouched, one.guaranteed)) for row, one in every}


def _matrix(_: Tree, found: Any) -> Rows:
    """The product's matrix, party by party; a licensor that nobody names is no party."""
    from tests.helpers import study_of

    rows = {}
    for entry in study_of(found).continuity:
        sure = [hold for hold in entry.holds if not hold.missing and not hold.jurisdiction]
        holders = {LICENSOR if name == "unknown" else name for hold in sure for name in hold.parties}
        for party in entry.participants:
            given = Answer(entry.attainable, entry.attainable and not entry.doubts, frozenset(holders - {party}))
            rows[entry.use, party, entry.capability] = str(given)
    return rows


def written(seed: str, number: int, author: str) -> Tree:
    """A deployment by its number; of both authors, each writes every other one."""
    name = ("plain", "wider")[number % 2] if author == "both" else author
    return AUTHORS[name](f"{seed}:{number}")


def _base(seed: str, number: int, author: str) -> Tree:
    """What words are added to: every third is one on which control hangs."""
    return governed(f"{seed}:{number}") if number % 3 == 2 and author == "both" else written(seed, number, author)


EXPOSURE = Subject(
    made=written,
    product=_table,
    reference=lambda _, found: {row: " ".join(said) for row, said in levels(found, CATALOG).items()},
    silent="none none none none",
)
CONTROL = Subject(
    made=lambda seed, number, _: governed(f"{seed}:{number}"),
    product=_matrix,
    reference=lambda _, found: {row: str(said) for row, said in control(found, CATALOG).items()},
    silent="nothing",
)
FINDINGS = Subject(
    made=lambda seed, number, author: findings.worded(_base(seed, number, author), f"{seed}:{number}"),
    product=lambda tree, _: findings.found(tree),
    reference=lambda tree, _: findings.judged(tree),
    silent="pass",
)
SUBJECTS = {"exposure": EXPOSURE, "control": CONTROL, "findings": FINDINGS}


def read(tree: Tree) -> Any | None:
    """The deployment of a mapping, None where it is refused."""
    loaded = load_text(json.dumps({"fedpolicy": 1, "name": "random", **tree}), "random.yaml", CATALOG)
    return None if loaded.errors else loaded.documents[0].deployment


def disagreements(tree: Tree, about: Subject = EXPOSURE, tally: Tally | None = None) -> list[Disagreement] | None:
    """Where product and reference disagree; None where the deployment is refused."""
    found = read(tree)
    if found is None:
        return None
    product, reference = about.product(tree, found), about.reference(tree, found)
    if tally is not None:
        tally.update({(row[0], said) for row, said in reference.items()})
    rows = sorted({*product, *reference})
    pairs = ((row, product.get(row, about.silent), reference.get(row, about.silent)) for row in rows)
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


def wrong(tree: Tree, about: Subject = EXPOSURE) -> bool:
    """Whether the two disagree on a deployment that is not refused."""
    try:
        return bool(disagreements(tree, about))
    except Exception:  # noqa: BLE001  a smaller deployment may be nonsense in a way that nobody reads
        return False


def compare(
    seed: str, first: int, count: int, about: Subject = EXPOSURE, author: str = "both", tally: Tally | None = None
) -> Iterator[tuple[int, list[Disagreement] | None]]:
    """Deployment by deployment: its number, and where the two disagree."""
    for number in range(first, first + count):
        yield number, disagreements(about.made(seed, number, author), about, tally)


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
    parser.add_argument("--allow", type=float, default=0.0, help="the share that may disagree; that many are not shown")
    parser.add_argument("--about", choices=SUBJECTS, default="exposure")
    asked = parser.parse_args()
    about = SUBJECTS[asked.about]
    started, agreed, refused, different = time.monotonic(), 0, 0, 0
    tally: Tally = Counter()
    for number, found in compare(asked.seed, asked.first, asked.count, about, asked.author, tally):
        agreed, refused = agreed + (found == []), refused + (found is None)
        if found:
            different += 1
            if different <= asked.allow * asked.count:
                print(f"# seed {asked.seed}, deployment {number}: {found[0]}", flush=True)
                continue
            tree = shrunk(about.made(asked.seed, number, asked.author), lambda tree: wrong(tree, about))
            rest = disagreements(tree, about) or found
            print(f"# seed {asked.seed}, deployment {number}\n{shown(tree, rest)}", flush=True)
            if different >= asked.stop + asked.allow * asked.count:
                break
    seconds = time.monotonic() - started
    for rule in sorted({findings.TOLD_AS.get(one, one) for one in findings.RULES}) if about is FINDINGS else ():
        print(f"{rule:<34} fails in {tally[rule, 'fail']:>6,}, is open in {tally[rule, 'unknown']:>6,}")
    print(f"{agreed:,} agree, {different:,} do not, {refused:,} refused, in {seconds:.0f} seconds")
    return 1 if different > asked.allow * asked.count else 0


if __name__ == "__main__":
    sys.exit(main())
