"""The safeguards of the language: one class a kind, which says as data what it does."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, get_args

from fedpolicy.language.model.does import Cap, Does, Noise, Seal, Sum, Unsaid
from fedpolicy.language.model.entry import Entry, key
from fedpolicy.language.model.types import Above, Ids, NonNegative, Positive, Share, Unit, Within


class Approval(Entry):
    """Who has to agree before something is changed."""

    of: Ids = key("Who is asked: parties, or `participants`.", names="parties")
    at_least: Positive = key("How many of them must agree.")


class Safeguard(Entry):
    """What every safeguard says: its kind, and who performs it, if not the default of its kind."""

    does: ClassVar[Does | None] = None

    operated_by: Ids | None = key(
        "Who performs it, if not the default of its kind: parties, or `participants`. It rests on them, and on"
        " the author of the software that does it.",
        None,
        rule=True,
        names="parties",
    )
    controlled_by: Ids | None = key(
        "Who may change it or turn it off: parties, or `participants`, each its own. Left out: not said.",
        None,
        rule=True,
        names="parties",
    )
    approved_by: Approval | None = key("Who must agree to a change: `{of, at_least}`. Left out: nobody.", None)
    code_signed_by: Ids | None = key(
        "Who must sign the software that performs it: with a new version, they can change the safeguard, too.",
        None,
        rule=True,
        names="parties",
    )
    kind: str = key("Which safeguard this is.", rule=True)


class SecureAggregation(Safeguard):
    """The aggregator learns only the sum over at least `min_clients` clients."""

    does: ClassVar[Does] = Sum(clients="min_clients")

    kind: Literal["secure_aggregation"]
    min_clients: Positive = key("The fewest clients that a sum may contain; at most as many as there are.", rule=True)
    protocol: str | None = key("The protocol, such as secagg+.", open=True, rule=True)


class DifferentialPrivacy(Safeguard):
    """Calibrated noise. Without noise and clipping it counts for nothing."""

    does: ClassVar[Does] = Noise(where="where")

    kind: Literal["differential_privacy"]
    where: Literal["client", "distributed", "aggregator"] = key(
        "Who adds the noise: each client, all of them together (needs secure aggregation), or the aggregator.",
        rule=True,
    )
    mechanism: Literal[
        "gaussian",
        "dp_sgd",
        "laplace",
        "sparse_vector",
        "dp_ftrl_tree",
        "dp_matrix_ftrl",
        "discrete_gaussian",
        "skellam",
        "exponential",
        "randomised_response",
        "gnmax",
        "metric",
    ] = key(
        "How the noise is made. gnmax: noisy votes of teachers (PATE); metric: noise by distance, without an epsilon.",
        "gaussian",
        rule=True,
    )
    noise_multiplier: NonNegative | None = key(
        "The noise over the clipping norm, distributed noise as a whole: its standard deviation; of laplace and"
        " sparse_vector the scale b; of gnmax the deviation on a count. 0 is not a safeguard.",
        open=True,
        rule=True,
    )
    noise_relative_to: Literal["step", "mechanism"] | None = key(
        "dp_matrix_ftrl: whether the noise multiplier is over the clipping norm of a step, or over the sensitivity of"
        " the whole matrix, as in papers. Then epsilon follows from it.",
        open=True,
    )
    shares: Positive | None = key(
        "The number of clients among whom distributed noise was divided. Left out: `clients_per_round`.", None
    )
    clipping_norm: Above | None = key("The bound on one contribution's norm.", open=True, rule=True)
    norm: Literal["l1", "l2", "linf"] | None = key(
        "The norm that is clipped. Laplace noise takes l1, Gaussian noise l2 or l1.", open=True, rule=True
    )
    clipped_count_noise: Above | None = key(
        "Adaptive clipping: the standard deviation of the noise on the count of clipped contributions.", None
    )
    microbatch_size: Positive | None = key(
        "How many units are averaged before clipping; above one, the noise counts half.", None
    )
    contributions_per_unit: Positive | None = key(
        "The most clipped contributions of one unit in a step, such as the records of one person. Left out: 1.",
        None,
    )
    bounded_weights: bool | None = key(
        "Whether a weighted mean, or a rule of your own, gives no contribution more weight than the noise was made"
        " for.",
        open=True,
    )
    tuning_runs: Positive | None = key(
        "The number of runs on the same data that settings were chosen by; each spends as much. Left out: 1.", None
    )
    rounded_norm: Annotated[float, Within(ge=1)] | None = key(
        "Discrete noise: the largest norm of a contribution after it was rounded, over the clipping norm.", open=True
    )
    grid_noise: Above | None = key(
        "Skellam, and discrete Gaussian noise in shares: the deviation of the whole noise in steps of the grid that"
        " values are rounded to.",
        open=True,
    )
    comparison_noise: Above | None = key(
        "sparse_vector: the scale of the noise of each comparison. Left out: twice the noise multiplier.", None
    )
    answer_noise: Above | None = key(
        "sparse_vector: the scale of the noise on each value released. Left out: the noise multiplier.", None
    )
    step_epsilon: Above | None = key(
        "The epsilon of each step, instead of a noise multiplier: with `step_delta`, noise by the classical formula.",
        open=True,
    )
    step_delta: Annotated[float, Within(gt=0, lt=1)] | None = key("The delta that goes with `step_epsilon`.", open=True)
    step_sensitivity: Above | None = key(
        "The sensitivity that `step_epsilon` was made for, in the same measure as the clipping norm.", open=True
    )
    sampling: Literal["poisson", "fixed", "shuffled", "cyclic", "none"] | None = key(
        "How contributions are drawn: each by chance, a fixed number, in turn over shuffled epochs, in turn, or all.",
        open=True,
        rule=True,
    )
    sampling_rate: Share | None = key("The share that is drawn each time, above 0 and at most 1.", open=True, rule=True)
    steps: Positive | None = key(
        "How many times noise is added. Left out: once a round; for dp_sgd once a local step.", open=True, rule=True
    )
    restart_every: Positive | None = key("dp_ftrl_tree: the number of steps after which a new tree begins.", None)
    min_separation: Positive | None = key(
        "The fewest steps from one use of a unit to the next; 1: it may be used in every step.",
        open=True,
    )
    max_participations: Positive | None = key("The most times that one unit is used.", open=True)
    delta: Annotated[float, Within(gt=0, lt=1)] | None = key(
        "The delta of the guarantee; should be below one over the number of units.", open=True, rule=True
    )
    unit: Unit | None = key(
        "What one guarantee protects: a record, a day of one person, a person or a whole client.", open=True, rule=True
    )
    adjacency: Literal["zero_out", "add_remove", "replace_one"] = key(
        "Which neighbouring data the claims compare: a contribution set to zero, a unit left out, or a unit replaced.",
        "zero_out",
        rule=True,
    )
    claimed_epsilon: Above | None = key(
        "The epsilon that the deployment claims; it is computed from the noise and compared.", open=True, rule=True
    )
    claimed_rho: Above | None = key(
        "The rho that the deployment claims (zero-concentrated differential privacy).", open=True, rule=True
    )


class HomomorphicEncryption(Safeguard):
    """The payload stays encrypted for everybody but the holders of the key."""

    does: ClassVar[Does] = Seal(readers="sealed_for", malleable=True)

    kind: Literal["homomorphic_encryption"]
    sealed_for: Ids = key("Who can open what is sealed: nodes or parties.", rule=True, names="readers")


class EndToEndEncryption(Safeguard):
    """The payload stays encrypted from the sender to the named readers."""

    does: ClassVar[Does] = Seal(readers="sealed_for")

    kind: Literal["end_to_end_encryption"]
    sealed_for: Ids = key("Who can open what is sealed: nodes or parties.", rule=True, names="readers")


class SecretSharing(Safeguard):
    """The payload is split; `threshold` of the named readers together can read it."""

    does: ClassVar[Does] = Seal(readers="of", threshold="threshold", malleable=True)

    kind: Literal["secret_sharing"]
    threshold: Positive = key("How many of the readers must act together; at most as many as there are.", rule=True)
    of: Ids = key("The readers: nodes or parties.", names="readers")


class SecureComputation(Safeguard):
    """A task computes on shares, or on ciphertext: whoever runs it reads neither its data nor what comes of them."""

    does: ClassVar[Does] = Seal(readers="of", threshold="threshold", malleable=True, inputs="reveals_to")

    kind: Literal["secure_computation"]
    of: Ids = key("Who holds the shares, or the keys: nodes or parties.", names="readers")
    threshold: Positive = key(
        "How many of them together could open what the task works on; at most as many as there are.", rule=True
    )
    reveals_to: Ids | None = key(
        "Who gets the result in the clear: nodes or parties. Left out: nobody but those whom `weights_at` of the model"
        " or a flow names.",
        None,
        names="readers",
    )


class Deidentification(Safeguard):
    """Identifying parts are removed or changed before the payload leaves."""

    does: ClassVar[Does] = Cap(method="method")

    kind: Literal["deidentification"]
    method: Literal["safe_harbor", "expert", "k_anonymity", "pseudonymisation", "redaction"] = key(
        "How. No method makes free text less than reconstructable.", rule=True
    )


class NormBound(Safeguard):
    """Each contribution's norm is bounded. Limits poisoning, hides nothing."""

    kind: Literal["norm_bound"]
    limit: Above | None = key("The bound on the norm.", open=True, rule=True)


class Filter(Safeguard):
    """Anything else that a framework calls a privacy filter. It lowers nothing."""

    does: ClassVar[Does] = Cap(uncounted="a filter named {it.name} gives no guarantee that could be counted")

    kind: Literal["filter"]
    name: str = key("What the framework calls it.", rule=True)


class UpdateInspection(Safeguard):
    """Single updates are looked at before they are used."""

    kind: Literal["update_inspection"]


class RobustAggregation(Safeguard):
    """The aggregation rule withstands some malicious contributions."""

    kind: Literal["robust_aggregation"]


class Attestation(Safeguard):
    """The software that runs is measured and checked."""

    kind: Literal["attestation"]


class LeakageAudit(Safeguard):
    """A published attack was run against the result before its release."""

    kind: Literal["leakage_audit"]
    attack: str | None = key("The attack that was run.", open=True, rule=True)
    result: str | None = key("What it found.", open=True, rule=True)
    reference: str | None = key("Where the document can be found: a path, a URL or a number.", open=True, rule=True)


class UnknownSafeguards(Safeguard):
    """Nobody knows which safeguards there are: `safeguards: unknown` says the same."""

    does: ClassVar[Does] = Unsaid()

    kind: Literal["unknown"]


# What `safeguards: unknown` is read as.
UNKNOWN = ({"kind": "unknown"},)


def _kind(entry: type[Safeguard]) -> str:
    found: str = get_args(entry.types["kind"])[0]
    return found


KINDS: Mapping[str, type[Safeguard]] = {_kind(entry): entry for entry in Safeguard.__subclasses__()}
# A list of safeguards may hold any kind; type checkers see what all have in common.
if TYPE_CHECKING:
    AnySafeguard = Safeguard
else:
    AnySafeguard = reduce(or_, KINDS.values())
