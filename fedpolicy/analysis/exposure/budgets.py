"""Privacy budgets are composed over everything that one party sees of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from fedpolicy.analysis.exposure.domain import BOUNDED, VERBATIM, Reading
from fedpolicy.analysis.exposure.mechanisms import Mechanism
from fedpolicy.analysis.exposure.spending import Spending, spend
from fedpolicy.analysis.exposure.views import View
from fedpolicy.graph.model import Mask

__all__ = ["combinations", "compose", "spending_on"]


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
