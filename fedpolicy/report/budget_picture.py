"""How epsilon grows over the steps of each mechanism, as SVG: `fedpolicy budget --format svg`, and pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from math import floor, log10
from typing import TYPE_CHECKING

from fedpolicy.analysis.budget.meaning import over_steps
from fedpolicy.report.style import clean

if TYPE_CHECKING:
    from fedpolicy.analysis.budget import Ledger, Share

__all__ = ["as_svg", "has_curves"]

_WIDTH, _HEIGHT, _LEFT, _TOP, _LEGEND = 640, 320, 64, 44, 18
_RIGHT, _BOTTOM = _WIDTH - 24, _HEIGHT - 44
# Told apart by people who do not see all colours (Okabe and Ito 2008).
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_TICKS = 5
_FONT = 'font-family="sans-serif" font-size="12"'
_SPARE = 1.08

_Points = Sequence[tuple[int, float, float]]


def has_curves(ledger: Ledger) -> bool:
    """Whether there is anything to draw: a mechanism of several steps whose epsilon is known."""
    return any(over_steps(share.mechanism) for share in ledger.shares)


def as_svg(name: str, ledger: Ledger, limit: float) -> str:
    """Draw one curve a mechanism, as a band where it is known as a bracket only, and the limit as a line."""
    found = ((share, over_steps(share.mechanism)) for share in ledger.shares)
    curves = [(share, [(0, 0.0, 0.0), *points]) for share, points in found if points]
    height = _HEIGHT + _LEGEND * len(ledger.shares)
    steps = max((points[-1][0] for _, points in curves), default=1)
    top = _SPARE * max([limit, *(high for _, points in curves for _, _, high in points)])
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" {_FONT}>',
        f"<title>{_text(name)}: epsilon over the steps of each mechanism</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="24" font-size="14">{_text(name)}: epsilon over the run</text>',
        *_axes(steps, top),
        *_limit(limit, top),
    ]
    for place, (_, points) in enumerate(curves):
        lines += _curve(points, steps, top, _COLOURS[place % len(_COLOURS)])
    drawn = {share.path: _COLOURS[place % len(_COLOURS)] for place, (share, _) in enumerate(curves)}
    lines += [_legend(place, share, drawn.get(share.path)) for place, share in enumerate(ledger.shares)]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _axes(steps: int, top: float) -> Iterator[str]:
    yield f'<path d="M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}" fill="none" stroke="#333333"/>'
    for epsilon in _ticks(top):
        at = _y(epsilon, top)
        yield f'<path d="M{_LEFT - 4} {at:.1f}h4" stroke="#333333"/>'
        yield f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{epsilon:g}</text>'
    for step in (number for number in _ticks(steps) if number == int(number)):
        at = _x(step, steps)
        yield f'<path d="M{at:.1f} {_BOTTOM}v4" stroke="#333333"/>'
        yield f'<text x="{at:.1f}" y="{_BOTTOM + 18}" text-anchor="middle">{step:,.0f}</text>'
    yield f'<text x="{(_LEFT + _RIGHT) / 2:.1f}" y="{_BOTTOM + 36}" text-anchor="middle">steps</text>'


def _ticks(most: float) -> Sequence[float]:
    """Give round numbers from 0 on, few enough to be read."""
    power = 10.0 ** floor(log10(most / _TICKS))
    apart = next(power * times for times in (1, 2, 5, 10) if most <= power * times * _TICKS)
    return [float(f"{apart * place:.6g}") for place in range(floor(most / apart) + 1)]


def _limit(limit: float, top: float) -> Iterator[str]:
    at = _y(limit, top)
    yield f'<path d="M{_LEFT} {at:.1f}H{_RIGHT}" stroke="#999999" stroke-dasharray="4 3"/>'
    yield f'<text x="{_RIGHT}" y="{at - 4:.1f}" text-anchor="end" fill="#666666">limit {limit:g}</text>'


def _curve(points: _Points, steps: int, top: float, colour: str) -> Iterator[str]:
    upper = [f"{_x(step, steps):.1f} {_y(high, top):.1f}" for step, _, high in points]
    lower = [f"{_x(step, steps):.1f} {_y(low, top):.1f}" for step, low, _ in points]
    yield f'<path d="M{"L".join([*upper, *reversed(lower)])}Z" fill="{colour}" fill-opacity="0.15"/>'
    yield f'<path d="M{"L".join(upper)}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _legend(place: int, share: Share, colour: str | None) -> str:
    at = _HEIGHT + _LEGEND * place
    said = f"{share.path} ({share.kind})" + ("" if colour else ": no curve, one step or not known")
    mark = f'<rect x="{_LEFT}" y="{at - 9}" width="10" height="10" fill="{colour or "none"}" stroke="#333333"/>'
    return f'{mark}<text x="{_LEFT + 16}" y="{at}">{_text(said)}</text>'


def _x(step: float, steps: int) -> float:
    return _LEFT + (_RIGHT - _LEFT) * step / steps


def _y(epsilon: float, top: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * min(1.0, epsilon / top)


def _text(text: str) -> str:
    return escape(clean(text))
