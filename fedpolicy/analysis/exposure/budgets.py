"""The privacy budgets of everything that one party sees together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import isinf

from fedpolicy.analysis.exposure import BOUNDED, VERBATIM, Reading
from fedpolicy.analysis.exposure.insiders import Insiders
from fedpolicy.analysis.exposure.mechanisms import Mechanism
from fedpolicy.analysis.exposure.privacy import Spending, spend
from fedpolicy.analysis.exposure.views import View
from fedpolicy.graph import Mask


def leave_parts(insiders: Mapping[int, Insiders], noise: dict[int, int]) -> None:
    """Leave what is known of the sum of some clients: it says all of them that larger sums do."""
    inner = {index: insiders[index].inner for index in noise if index in insiders}
    for index, parts in inner.items():
        for part in inner.keys() & set(parts):
            noise[index] &= ~noise.get(part, 0)


def settle(view: View, mechanisms: Mapping[int, Mechanism], limit: float, reading: Reading) -> None:
    """Of two mechanisms on one another count the first one, or the later one where that leaves the limit."""
    for (first, later), mask in view.stacked.items():
        found = spend([mechanisms[first]], limit)
        epsilon = found.least if reading is Reading.LOW else found.high
        counted = first if epsilon <= limit and not isinf(epsilon) else later
        view.noise[counted] = view.noise.get(counted, 0) | mask
    view.stacked.clear()


def compose(
    view: View,
    mechanisms: Mapping[int, Mechanism],
    outside: Mapping[int, Mechanism],
    limit: float,
    reading: Reading,
    without: Callable[[], View],
) -> View:
    """
    Take `bounded` back where all mechanisms that a viewer sees together spend more than `limit`.

    `mechanisms` are as this viewer sees them, `outside` as those do who know nothing more than what is released.
    `without` gives the view without any noise; it is only asked for where some budget is too large.
    """
    bounded = view.levels[BOUNDED] & ~view.levels[BOUNDED + 1]
    spent = 0
    for names, mask in combinations(view.noise, bounded):
        # One mechanism alone was judged where it stands, for whoever knows nothing more.
        if len(names) > 1 or any(mechanisms[name] is not outside[name] for name in names):
            found = spend([mechanisms[name] for name in names], limit)
            spent |= mask if (found.least if reading is Reading.LOW else found.high) > limit else 0
    if not spent:
        return view
    plain = without()
    levels = [view.levels[level] | (plain.levels[level] & spent) for level in range(VERBATIM + 1)]
    return View(levels=levels, noise=view.noise)


def spending_on(view: View, mechanisms: Mapping[int, Mechanism], index: int, limit: float) -> Spending | None:
    """What all mechanisms through which a viewer sees an instance spend together; None where there is no noise."""
    names = [m for m, mask in sorted(view.noise.items()) if mask >> index & 1]
    return spend([mechanisms[name] for name in names], limit) if names else None


def combinations(noise: Mapping[int, Mask], among: Mask) -> Iterator[tuple[tuple[int, ...], Mask]]:
    """Split instances by the mechanisms through which they are seen."""
    cells: dict[tuple[int, ...], Mask] = {(): among}
    for mechanism, mask in sorted(noise.items()):
        halves = (
            half
            for names, cell in cells.items()
            for half in (((*names, mechanism), cell & mask), (names, cell & ~mask))
        )
        cells = {names: part for names, part in halves if part}
    yield from cells.items()
