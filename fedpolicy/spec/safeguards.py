"""The safeguards of the language, one class a kind."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fedpolicy.spec.types import Above, Entry, Ids, NonNegative, Positive, open_field

__all__ = [
    "Attestation",
    "Deidentification",
    "DifferentialPrivacy",
    "EndToEndEncryption",
    "Filter",
    "HomomorphicEncryption",
    "LeakageAudit",
    "NormBound",
    "RobustAggregation",
    "Safeguard",
    "SecretSharing",
    "SecureAggregation",
    "UpdateInspection",
]

Share = Annotated[float, Field(gt=0, le=1)]


class Operated(Entry):
    """What every safeguard may say: who performs it, if not the default of its kind."""

    operated_by: Ids | None = None


class SecureAggregation(Operated):
    """The aggregator learns only the sum over at least `min_clients` clients."""

    kind: Literal["secure_aggregation"]
    min_clients: Positive
    protocol: str | None = open_field()


class DifferentialPrivacy(Operated):
    """Calibrated noise; `where` says who adds it."""

    kind: Literal["differential_privacy"]
    where: Literal["client", "distributed", "aggregator"]
    mechanism: Literal["gaussian", "dp_sgd", "laplace", "sparse_vector", "dp_ftrl_tree", "dp_matrix_ftrl"] = "gaussian"
    noise_multiplier: NonNegative | None = open_field()
    clipping_norm: Above | None = open_field()
    sampling: Literal["poisson", "fixed", "none"] | None = open_field()
    sampling_rate: Share | None = open_field()
    steps: Positive | None = open_field()
    min_separation: Positive | None = open_field()
    max_participations: Positive | None = open_field()
    delta: Annotated[float, Field(gt=0, lt=1)] | None = open_field()
    unit: Literal["record", "person", "client"] | None = open_field()
    claimed_epsilon: Above | None = open_field()
    claimed_rho: Above | None = open_field()


class HomomorphicEncryption(Operated):
    """The payload stays encrypted for everybody but the holders of the key."""

    kind: Literal["homomorphic_encryption"]
    sealed_for: Ids


class EndToEndEncryption(Operated):
    """The payload stays encrypted from the sender to the named readers."""

    kind: Literal["end_to_end_encryption"]
    sealed_for: Ids


class SecretSharing(Operated):
    """The payload is split; `threshold` of the named readers together can read it."""

    kind: Literal["secret_sharing"]
    threshold: Positive
    of: Ids


class Deidentification(Operated):
    """Identifying parts are removed or changed before the payload leaves."""

    kind: Literal["deidentification"]
    method: Literal["safe_harbor", "expert", "k_anonymity", "pseudonymisation", "redaction"]


class NormBound(Operated):
    """Each contribution's norm is bounded; limits poisoning, hides nothing."""

    kind: Literal["norm_bound"]
    limit: Above | None = open_field()


class Filter(Operated):
    """Anything else that a framework calls a privacy filter; it lowers nothing."""

    kind: Literal["filter"]
    name: str


class UpdateInspection(Operated):
    """Single updates are looked at before they are used."""

    kind: Literal["update_inspection"]


class RobustAggregation(Operated):
    """The aggregation rule withstands some malicious contributions."""

    kind: Literal["robust_aggregation"]


class Attestation(Operated):
    """The software that runs is measured and checked."""

    kind: Literal["attestation"]


class LeakageAudit(Operated):
    """A published attack was run against the result before its release."""

    kind: Literal["leakage_audit"]
    attack: str | None = open_field()
    result: str | None = open_field()
    reference: str | None = open_field()


Safeguard = Annotated[
    SecureAggregation
    | DifferentialPrivacy
    | HomomorphicEncryption
    | EndToEndEncryption
    | SecretSharing
    | Deidentification
    | NormBound
    | Filter
    | UpdateInspection
    | RobustAggregation
    | Attestation
    | LeakageAudit,
    Field(discriminator="kind"),
]
