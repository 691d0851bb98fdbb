"""
What `fedpolicy budget --format dp-registry` writes: a draft entry of the OpenDP deployments registry.

The registry has three tiers: what is published (1), the guarantee (2), and how it was come to (3). A deployment says
a part of that; what it does not say stands at the end, field by field with its tier, for somebody to fill in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import yaml

from fedpolicy.report.style import clean, listing

if TYPE_CHECKING:
    from fedpolicy.analysis.budget import Budget, Ledger
    from fedpolicy.language.model.deployment import Deployment
    from fedpolicy.language.model.safeguards import DifferentialPrivacy

__all__ = ["as_registry_entry"]

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
    return f"settings were chosen by {max(runs):,} runs, each of which is counted" if runs else None


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
