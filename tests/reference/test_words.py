"""Whatever the language can say that a level may depend on, one of the two authors of random deployments says."""

from __future__ import annotations

from functools import cache
from typing import Any

from fedpolicy.language.model import Deployment
from fedpolicy.language.model.safeguards import KINDS
from fedpolicy.language.model.shape import entry_shape
from tests.reference.comparison import AUTHORS, CATALOG

COUNT = 3000  # of each author, which takes a second
RULES = "read by rules and by control; no level depends on it"
BUDGETS = (
    "read by the accounting of noise, which has references of its own; here noise is far more than enough, or none"
)
REFUSED = "refused there"
CONTROL = "who may change a safeguard is a question of its own; no level depends on it"
# What no author says, and why: whatever begins so.
SILENT = {
    **dict.fromkeys(
        (
            *("agreements.", "datasets.lawful_basis", "datasets.permit", "datasets.phi_basis", "datasets.purpose"),
            *("datasets.releases", "datasets.retention_days", "datasets.risk_appetite", "datasets.special_basis"),
            *(
                "api_calls.human_review",
                "api_calls.purpose",
                "api_calls.region",
                "api_calls.transport",
                "flows.purpose",
            ),
            *("api_calls.retention_days=unknown", "api_calls.zero_retention=unknown", "flows.retention_days"),
            *("flows.transport", "models.account", "models.architecture", "models.attribution", "models.claims"),
            *("models.digest", "models.documentation", "models.format", "models.inference_code", "models.interface"),
            *("models.licence", "models.monetised", "models.open_source_exemption", "models.revision"),
            *("models.shutdown_on", "models.systemic_risk", "models.terms.human_review", "models.terms.region"),
            *("models.terms.retention_days", "models.terms.zero_retention", "models.training_", "models.transport"),
            *("nodes.hardware", "nodes.region", "parties.jurisdiction", "parties.name", "parties.sector"),
            *("tasks.transport", "safeguards.leakage_audit.", "safeguards.norm_bound.limit=unknown"),
            "safeguards.secure_aggregation.protocol",
        ),
        RULES,
    ),
    **dict.fromkeys(
        (
            *("datasets.overlap=none", "tasks.rounds=unknown", "tasks.local_steps=unknown"),
            *(
                f"safeguards.differential_privacy.{key}"
                for key in (
                    *("adjacency", "answer_noise", "claimed_", "clipped_count_noise", "comparison_noise"),
                    *("contributions_per_unit", "grid_noise", "max_participations", "mechanism", "microbatch_size"),
                    *("min_separation", "noise_relative_to", "norm", "restart_every", "rounded_norm", "sampling"),
                    *("shares", "step_", "steps=unknown", "tuning_runs"),
                )
            ),
        ),
        BUDGETS,
    ),
    **dict.fromkeys(
        (f"safeguards.{kind}.{key}" for kind in KINDS for key in ("approved_by", "code_signed_by", "controlled_by")),
        CONTROL,
    ),
    "safeguards.unknown.operated_by": "nobody knows what there is to operate",
    **dict.fromkeys(
        (f"api_calls.payload={word}" for word in ("ciphertext", "code", "configuration", "hyperparameters")),
        REFUSED,
    ),
}
NAMED = {"method": "methods", "payload": "payloads"}


def said(tree: Any, at: str = "") -> set[str]:
    """Every key of a deployment, with its words."""
    if isinstance(tree, list):
        return {one for item in tree for one in said(item, at)}
    if not isinstance(tree, dict):
        return {at, f"{at}={str(tree).lower() if isinstance(tree, bool) else tree}"}
    inner = f"safeguards.{tree['kind']}" if at.endswith("safeguards") else at
    return {at, *(one for key, value in tree.items() for one in said(value, f"{inner}.{key}"))}


@cache
def authored() -> set[str]:
    """All that is said by anybody."""
    trees = [write(f"words:{number}") for write in AUTHORS.values() for number in range(COUNT)]
    return {
        one
        for tree in trees
        for section, entries in tree.items()
        for entry in (entries.values() if isinstance(entries, dict) else ())
        for one in said(entry, section)
    }


def declared(entry: Any, at: str) -> set[str]:
    """All that may be said below an entry."""
    found: set[str] = set()
    for key in entry_shape(entry).values():
        here, shape = f"{at}.{key.name}", key.shape.items or key.shape
        names = getattr(CATALOG, NAMED[key.name]) if key.name in NAMED and at.count(".") == 0 else ()
        found |= {here, *(f"{here}={word}" for word in (*shape.choices, *names))}
        found |= {f"{here}=unknown"} if key.open or key.unknown is not ... else set()
        found |= declared(shape.entry, here) if shape.entry is not None else set()
    return found


def sayable() -> set[str]:
    """All that a deployment can say."""
    sections = {name: key.shape.values.entry for name, key in entry_shape(Deployment).items() if key.shape.values}
    found = {one for name, entry in sections.items() for one in declared(entry, name)}
    return found | {one for kind, entry in KINDS.items() for one in declared(entry, f"safeguards.{kind}")}


def test_every_word_that_a_level_may_depend_on_is_asked():
    missing = {one for one in sayable() - authored() if not any(one.startswith(name) for name in SILENT)}

    assert sorted(missing) == []


def test_nothing_is_left_out_that_nobody_could_say():
    missing = sayable() - authored()
    assert [name for name in SILENT if not any(one.startswith(name) for one in missing)] == []
