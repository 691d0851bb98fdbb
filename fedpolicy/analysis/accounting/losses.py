"""
Privacy losses on a grid, composed exactly with whole numbers: close upper bounds on ε by the standard library alone.

The privacy loss of one step is how much likelier what is seen is with a unit than without it, as a logarithm. Its
distribution is taken to a grid by connecting the dots (Doroshenko et al. 2022): what lies between two points goes to
both of them, such that it stays as likely with the unit and without it. The result is never more private. So is every
coarser grid that is made in the same way, which is how a distribution keeps its size as it grows wider.

Probabilities are whole multiples of 2^-bits, always rounded up, with more digits than δ has. To convolve two
distributions, each is written as one long whole number, and those are multiplied (Kronecker's substitution). Nothing is
lost by that, so that a δ of 1e-20 is as good as one of 1e-5. What is cut off at the upper end counts as a loss without
end, and what is cut off at the lower end is moved up.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from math import ceil, exp, expm1, floor, inf, log, log2
from typing import NamedTuple

from fedpolicy.analysis.accounting import Run
from fedpolicy.analysis.accounting.pairs import WIDEST, Pair, Side, sides_of

# What floats may lose of a probability, and more.
_ROUNDING = 1e-12
# How many bits there are below δ; which share of δ may be cut off at the upper end, and how much at the lower one.
_BITS, _CUT, _LOW = 40, 2.0**-8, 1e-5
_HALVINGS = 40
# The most points of one distribution, the fewest that are of use, what they may cost together, and the most points of
# the distributions of all runs.
_POINTS, _FEWEST, _WORK, _ALL_POINTS = 1000, 60, 8e5, 6000
# Where many questions are asked of a run, or where the answer is a share in whole percents.
_SOME_POINTS, _SOME_BITS, _FEW_RUNS = 300, 150, 20


class _Grid(NamedTuple):
    """The losses at multiples of `step`, from the `first` one on, and how likely a loss without end is."""

    first: int
    masses: list[int]
    endless: int
    step: float


def upper_bound(runs: Sequence[Run], delta: float) -> float:
    """Return an upper bound on ε at `delta` of all runs together; infinite where losses are too wide for floats."""
    bits = _BITS + ceil(-log2(delta)) + sum(run.steps for run in runs).bit_length()
    products = sum(2 * run.steps.bit_length() for run in runs)
    # Python multiplies long numbers in the time of their length to 1.58, so that this bounds the time.
    points = min(_POINTS, int(_WORK / bits / products**0.63), _ALL_POINTS // len(runs))
    if points < _FEWEST:
        return inf
    cut = delta * _CUT / len(runs)
    sides = [(sides_of(run), run.steps) for run in runs]
    ways = [_whole([(both[way], steps) for both, steps in sides], points, bits, cut) for way in (0, 1)]
    return max(inf if whole is None else _epsilon(whole, bits, delta) for whole in ways)


def upper_bounds(run: Run, places: Sequence[int], delta: float) -> list[float]:
    """Return an upper bound on ε at `delta` after each of some numbers of steps, which grow; less closely."""
    bits, found = _BITS + ceil(-log2(delta)) + run.steps.bit_length(), [0.0 for _ in places]
    cut, points = delta * _CUT / len(places) / 2, min(_SOME_POINTS, _SOME_BITS * _SOME_POINTS // bits)
    for side in sides_of(run):
        one = _grid(side, points, bits, cut / run.steps)
        if one is None:
            return [inf for _ in places]
        counts = [place - before for before, place in pairwise([0, *places])]
        parts = {count: _repeated(one, count, points, bits, cut) for count in set(counts)}
        whole = None
        for index, count in enumerate(counts):
            joined = _convolved(*_alike(whole, parts[count]), bits) if whole else parts[count]
            whole = _trimmed(joined, bits, cut)
            while len(whole.masses) > points:
                whole = _coarser(whole)
            found[index] = max(found[index], _epsilon(whole, bits, delta))
    return found


def share_found(runs: Sequence[Run], wrongly: float) -> float:
    """
    Return the share at most of the units that took part that a test finds, which accuses this share of others wrongly.

    A test that is right so often is no better than exp(ε) · wrongly + δ(ε) at any ε, and the least of these is the best
    there is (Dong, Roth and Su 2019, propositions 2.5 and 2.12).
    """
    bits, sides = 2 * _BITS + sum(run.steps for run in runs).bit_length(), [(sides_of(run), run.steps) for run in runs]
    if len(runs) > _FEW_RUNS:
        return 1.0
    ways = [_whole([(both[way], steps) for both, steps in sides], _SOME_POINTS, bits, _CUT * _CUT) for way in (0, 1)]
    return max(1.0 if whole is None else _found(whole, bits, wrongly) for whole in ways)


def _found(one: _Grid, bits: int, wrongly: float) -> float:
    likely, unlikely, unit, shrink = one.endless * 2.0**-bits, 0.0, 2.0**-bits, exp(-one.step)
    least = 1.0
    for place in range(len(one.masses) - 1, -1, -1):
        loss, mass = (one.first + place) * one.step, one.masses[place] * unit
        likely, unlikely = likely + mass, unlikely * shrink + mass
        if loss < WIDEST:
            least = min(least, likely - unlikely + exp(loss) * wrongly)
    return least


def _whole(runs: Sequence[tuple[Side, int]], points: int, bits: int, cut: float) -> _Grid | None:
    """Compose runs in one direction; none where one of them is too wide for floats."""
    found = []
    for side, steps in runs:
        one = _grid(side, points, bits, cut / steps / 2)
        if one is None:
            return None
        found.append(_repeated(one, steps, points, bits, cut / 2))
    return reduce(lambda one, other: _convolved(*_alike(one, other), bits), found)


def _grid(side: Side, points: int, bits: int, cut: float) -> _Grid | None:
    """Take one step to a grid whose step is a power of 2, so that all grids fit into one another."""
    above, below = side
    most, least = _highest(above, cut), _lowest(below, _LOW * cut)
    if most >= WIDEST or most <= least:
        return None
    step = 2.0 ** floor(log2((most - least) / points))
    first, last = floor(least / step), max(1, ceil(most / step))
    masses = [0.0] * (last - first + 1)
    masses[0] = below.up_to(first * step)[0]
    _spread(masses, 0, [below.up_to((first + place) * step) for place in range(1 - first)], first, step)
    beyond = [above.above(place * step) for place in range(last + 1)]
    _spread(masses, -first, [(-one, -other) for one, other in beyond], 0, step)
    masses[-first] += max(0.0, 1 - below.up_to(0.0)[1] - beyond[0][1]) + _ROUNDING
    return _Grid(first, [int(mass * 2.0**bits) + 1 for mass in masses], int(beyond[-1][0] * 2.0**bits) + 1, step)


def _spread(masses: list[float], place: int, likely: list[tuple[float, float]], first: int, step: float) -> None:
    """Connect the dots: share out what lies between two points; `likely` grows from point to point."""
    shrink = -expm1(-step)
    for offset in range(len(likely) - 1):
        (one, other), (one_after, other_after) = likely[offset], likely[offset + 1]
        grown = exp((first + offset) * step)
        spare = _ROUNDING * max(abs(one), abs(one_after), grown * abs(other_after))
        mass = one_after - one + spare
        right = min(mass, max(0.0, (mass - (other_after - other) * grown + 2 * spare) / shrink))
        masses[place + offset + 1] += right
        masses[place + offset] += mass - right


def _highest(pair: Pair, cut: float) -> float:
    """Return a loss that is passed with this probability at most."""
    low, high = 0.0, WIDEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if pair.above(middle)[0] > cut else (low, middle)
    return high


def _lowest(pair: Pair, cut: float) -> float:
    low, high = -WIDEST, 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if pair.up_to(middle)[0] > cut else (middle, high)
    return low


def _repeated(one: _Grid, steps: int, points: int, bits: int, cut: float) -> _Grid:
    """Compose a distribution with itself, by squaring; cut off what is far out, and take coarser grids as it grows."""
    levels = 2 * steps.bit_length()
    whole, left, done = None, steps, 1
    while True:
        if left & 1:
            whole = one if whole is None else _trimmed(_convolved(*_alike(whole, one), bits), bits, cut / levels)
        left >>= 1
        if not left:
            return whole or one
        done *= 2
        one = _trimmed(_convolved(one, one, bits), bits, cut / levels * done / steps)
        while len(one.masses) > points:
            one = _coarser(one)


def _convolved(one: _Grid, other: _Grid, bits: int) -> _Grid:
    count = len(one.masses) + len(other.masses) - 1
    width = (2 * (bits + 1) + count.bit_length()) // 8 + 1
    first = _written(one.masses, width)
    product = (first * first if one is other else first * _written(other.masses, width)).to_bytes(
        width * (count + 1), "little"
    )
    read = (int.from_bytes(product[place : place + width], "little") for place in range(0, width * count, width))
    masses = [(mass >> bits) + 1 for mass in read]
    return _Grid(one.first + other.first, masses, one.endless + other.endless, one.step)


def _written(masses: list[int], width: int) -> int:
    return int.from_bytes(b"".join(mass.to_bytes(width, "little") for mass in masses), "little")


def _trimmed(one: _Grid, bits: int, cut: float) -> _Grid:
    masses, few, fewer = one.masses, int(_LOW * cut * 2.0**bits), int(cut * 2.0**bits)
    start, end, moved, endless = 0, len(masses), 0, 0
    while start < end - 1 and moved + masses[start] <= few:
        moved += masses[start]
        start += 1
    while end > start + 1 and endless + masses[end - 1] <= fewer:
        end -= 1
        endless += masses[end]
    kept = masses[start:end]
    kept[0] += moved
    return _Grid(one.first + start, kept, one.endless + endless, one.step)


def _alike(one: _Grid, other: _Grid) -> tuple[_Grid, _Grid]:
    """Bring the finer of two grids to the other's."""
    while one.step < other.step:
        one = _coarser(one)
    while other.step < one.step:
        other = _coarser(other)
    return one, other


_FINE = 64


def _coarser(one: _Grid) -> _Grid:
    """Leave out every second point, whose losses go to its neighbours as on the finest grid."""
    odd = one.first % 2
    masses = [0] * odd + one.masses
    kept, between = [*masses[0::2], 0], masses[1::2]
    # Rounded up, as what goes to the right is the worse.
    share = int(2.0**_FINE / (1 + exp(-one.step))) + 2**12
    for place, mass in enumerate(between):
        right = min(mass, (mass * share >> _FINE) + 1)
        kept[place + 1] += right
        kept[place] += mass - right
    return _Grid((one.first - odd) // 2, kept, one.endless, one.step * 2)


def _epsilon(one: _Grid, bits: int, delta: float) -> float:
    """
    Return the least ε at which δ is no larger: the sum, over all losses above ε, of (1 - exp(ε - loss)) each.

    `likely` is how likely these losses are, `unlikely` the same with exp(ε - loss), at the loss that was reached.
    """
    likely, unlikely, unit, shrink = one.endless * 2.0**-bits, 0.0, 2.0**-bits, exp(-one.step)
    if likely > delta:
        return inf
    place = len(one.masses)
    while place > max(0, -one.first) and likely - unlikely * shrink <= delta:
        place -= 1
        mass = one.masses[place] * unit
        likely, unlikely = likely + mass, unlikely * shrink + mass
    if likely <= delta:
        return 0.0
    return max(0.0, (one.first + place) * one.step + log((likely - delta) / unlikely))
