"""
What `fedpolicy budget` writes beside text and JSON: curves of epsilon as SVG, and an entry for the OpenDP registry.

The registry has three tiers: what is published (1), the guarantee (2), and how it was come to (3). A deployment says
a part of that; what it does not say stands at the end, field by field with its tier, for somebody to fill in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import floor, log10
from typing import TYPE_CHECKING

import yaml

from fedpolicy.analysis.budget.meaning import over_steps
from fedpolicy.report import amount, clean, listing

if TYPE_CHECKING:
    from fedpolicy.analysis.budget import Budget, Ledger
    from fedpolicy.analysis.budget.claims import Share
    from fedpolicy.language.model import Deployment
    from fedpolicy.language.model.safeguards import DifferentialPrivacy

_WIDTH, _HEIGHT, _LEFT, _TOP, _LEGEND = 640, 320, 64, 44, 18
_RIGHT, _BOTTOM = _WIDTH - 24, _HEIGHT - 44
# Told apart by people who do not see all colours (Okabe and Ito 2008).
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_TICKS = 5
_FONT = 'font-family="sans-serif" font-size="12"'
_SPARE = 1.08
_Points = Sequence[tuple[int, float, float]]
_FLAVOURS = {True: "Pure DP", False: "Approximate DP"}
_TRUST = {"client": "Local", "distributed": "Federated", "aggregator": "Central"}
# What no deployment says, by tier.
_NEVER = (
    (1, "product.data_product_sector"),
    (1, "product.intended_use"),
    (1, "product.data_product_region"),
    (1, "product.publication_date"),
    (3, "accounting.post_processing"),
    (3, "implementation.justification"),
    (3, "resources.registry_authors"),
    (3, "resources.sources"),
)
_Entry = dict[str, object]


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
    lines = [*_canvas(name, height), *_axes(steps, top), *_limit(limit, top)]
    for place, (_, points) in enumerate(curves):
        lines += _curve(points, steps, top, _COLOURS[place % len(_COLOURS)])
    drawn = {share.path: _COLOURS[place % len(_COLOURS)] for place, (share, _) in enumerate(curves)}
    lines += [_legend(place, share, drawn.get(share.path)) for place, share in enumerate(ledger.shares)]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _canvas(name: str, height: int) -> Iterator[str]:
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" {_FONT}>'
    yield f"<title>{_text(name)}: epsilon over the steps of each mechanism</title>"
    yield f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
    yield f'<text x="{_LEFT}" y="24" font-size="14">{_text(name)}: epsilon over the run</text>'


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


def as_registry_entry(deployment: Deployment, ledger: Ledger) -> str:
    """Write the entry as YAML; the numbers are the largest that anybody gets who sees noise only."""
    worst = _worst(ledger.budgets)
    entry: dict[str, _Entry] = {
        "product": _product(deployment),
        "dp_flavor": _flavour(ledger, worst),
        "privacy_loss": _loss(worst),
        "model": _model(deployment, ledger),
        "accounting": {"composition": _composition(worst)},
        "implementation": {
            "pre_processing_eda_hyperparameter_tuning": _tuning(deployment),
            "mechanisms": _mechanisms(ledger),
        },
    }
    told = {name: {key: value for key, value in part.items() if value is not None} for name, part in entry.items()}
    silent = [(_tier(name, key), f"{name}.{key}") for name, part in entry.items() for key in part if part[key] is None]
    text = yaml.safe_dump(
        {"url_slug": _slug(deployment.name), "status": "Draft", "tier": 2 if worst else 1, "deployment": told},
        sort_keys=False,
        allow_unicode=True,
        width=100,
    )
    missing = "".join(f"#   tier {tier}: {name}\n" for tier, name in sorted({*silent, *_NEVER}))
    return f"{text}# The deployment does not say:\n{missing}"


def _slug(name: str) -> str:
    return "-".join("".join(char if char.isalnum() else " " for char in clean(name).lower()).split())


def _tuning(deployment: Deployment) -> str | None:
    """What is said of runs that settings were chosen by."""
    runs = [guard.tuning_runs for guard in _noises(deployment) if guard.tuning_runs]
    return f"settings were chosen by {amount(max(runs), 'run')}, each of which is counted" if runs else None


def _tier(part: str, key: str) -> int:
    return (
        1 if part == "product" else 3 if key.endswith("_description") or part in {"accounting", "implementation"} else 2
    )


def _worst(budgets: Sequence[Budget]) -> Budget | None:
    known = [one for one in budgets if not math.isinf(one.high)]
    return max(known, key=lambda one: (one.high, one.family), default=None)


def _product(deployment: Deployment) -> _Entry:
    trained = any(task.produces or task.model for task in deployment.tasks.values())
    owners = sorted(name for name, party in deployment.parties.items() if "participant" in _roles(party.role))
    return {
        "name": clean(deployment.name),
        "data_curators": owners or None,
        "data_product_type": "Machine learning model" if trained else None,
        "description": clean(deployment.summary) if deployment.summary else None,
    }


def _roles(role: object) -> Sequence[str]:
    return [role] if isinstance(role, str) else tuple(role) if isinstance(role, (tuple, list)) else ()


def _flavour(ledger: Ledger, worst: Budget | None) -> _Entry:
    bare = sorted({one.family for one in ledger.budgets if one.sees_more} | set(ledger.bare))
    seen = f"some parties see more than noise protects, or see without noise, of {listing(bare)}" if bare else "none"
    return {
        "name": _FLAVOURS[worst.spent.delta is None] if worst else None,
        "data_domain": ", ".join(sorted({one.family for one in ledger.budgets})) or None,
        "unprotected_quantities": seen,
    }


def _loss(worst: Budget | None) -> _Entry:
    if worst is None:
        return {"privacy_unit": None, "privacy_parameters": None}
    numbers: dict[str, float] = {"epsilon": float(f"{worst.high:.4g}")}
    if worst.spent.delta is not None:
        numbers["delta"] = worst.spent.delta
    return {
        "privacy_unit": worst.unit,
        "privacy_unit_description": f"neighbours differ in the contribution of one {worst.unit}, which is zeroed",
        "privacy_parameters": numbers,
        "privacy_parameters_description": f"of {worst.family}, towards {listing(worst.parties)}: {worst.words}",
    }


def _model(deployment: Deployment, ledger: Ledger) -> _Entry:
    where = sorted({_TRUST[guard.where] for guard in _noises(deployment)})
    actors = [f"{name}: {', '.join(_roles(party.role))}" for name, party in sorted(deployment.parties.items())]
    return {
        "model_name": listing(where) if where and ledger.shares else None,
        "actors": "; ".join(actors) or None,
        "release_type": None,
        "data_source_type": None,
        "access_type": None,
    }


def _noises(deployment: Deployment) -> Iterator[DifferentialPrivacy]:
    elements: Mapping[str, object] = {**deployment.tasks, **deployment.flows}
    for element in elements.values():
        for guard in getattr(element, "safeguards", ()):
            if guard.kind == "differential_privacy":
                yield guard


def _composition(worst: Budget | None) -> str | None:
    return worst.spent.theorem or None if worst else None


def _mechanisms(ledger: Ledger) -> str | None:
    said = [f"{share.path}: {share.kind}; assuming: {'; '.join(share.spent.assumptions)}" for share in ledger.shares]
    return "\n".join(said) or None
