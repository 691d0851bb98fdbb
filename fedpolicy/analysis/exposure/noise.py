"""
The noise of a declared mechanism as one number, by the mechanism's own definition and towards one viewer.

Noise that clients share out among them is smaller towards whoever knows some of the shares, and where clients drop
out: of n shares, those of the survivors that the viewer does not know remain, with sqrt(left / n) of the deviation.
"""

from __future__ import annotations

from math import exp, hypot, log, pi, sqrt

from fedpolicy.graph import Path
from fedpolicy.language.model import Deployment
from fedpolicy.language.model.flow import Task
from fedpolicy.language.model.safeguards import DifferentialPrivacy, SecureAggregation
from fedpolicy.language.model.types import UNMIXED
from fedpolicy.records import dataclass

# These mechanisms give pure differential privacy, which has no delta.
PURE = frozenset({"laplace", "sparse_vector", "exponential", "randomised_response"})
# Votes and choices are not clipped.
UNCLIPPED = frozenset({"exponential", "randomised_response", "gnmax"})
_BY_EPSILON = frozenset({"exponential", "randomised_response"})
_NO_SUMS = frozenset(
    {"median", "coordinate_median", "geometric_median", "trimmed_mean", "multi_krum", "bulyan", "majority", *UNMIXED}
)
SUMS = frozenset({"mean", "sum", "norm_bounded"})
_SHORT = "no sum has more than 10^12 numbers"
_WEIGHTED = "no weight in the mean is larger than the one that the noise was made for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Towards:
    """
    Who looks: how many shares of the noise it knows, and whether it sees who is in a sample of clients.

    Where it sees the sum of some clients only, or can subtract what it saw of others, `there` is how many shares that
    has at least.
    """

    own: int = 0
    sees_sample: bool = False
    there: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseRatio:
    """
    Noise over the sensitivity: `most` in the favourable reading, `least` in the other (None: nobody knows).

    `missing` names the facts that would make them one, `notes` are what that takes for granted, `because` says what
    the viewer knows. `left` is the part of the deviation that counts: what else is told of the noise shrinks with it.
    """

    most: float | None
    least: float | None
    left: float = 1.0
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    because: tuple[str, ...] = ()


def noise_of(deployment: Deployment, path: Path, spec: DifferentialPrivacy, towards: Towards) -> NoiseRatio:
    """The noise of a mechanism towards somebody."""
    at = ".".join(map(str, path))
    most, missing = _stated(spec, at)
    there = survivors_of(deployment, path) if towards.there is None else towards.there
    if spec.where == "distributed" and towards.own >= there:
        return NoiseRatio(most=0.0, least=0.0, because=_insight(towards, 1.0, 0.0))
    if most is None:
        return NoiseRatio(most=None, least=None, missing=missing)
    most, notes = _effective(spec, most) / (spec.contributions_per_unit or 1), _granted(deployment, path, spec)
    lacks_norm = spec.mechanism == "laplace" and spec.norm is None
    unstated = (*((f"{at}.norm",) if lacks_norm else ()), *_unweighed(deployment, path, spec, at))
    rounded = _unrounded(deployment, path, spec, at)
    least = None if unstated or rounded else most
    if spec.where != "distributed":
        return NoiseRatio(most=most, least=least, missing=(*unstated, *rounded), notes=notes)
    survivors, shares, silent = _shared(deployment, path, spec, at)
    # Not knowing into how many shares it was divided, the best is that all of them are there.
    whole, part = (sqrt(min(1.0, max(0, left) / (shares or survivors))) for left in (there, there - towards.own))
    if part < 1 and spec.mechanism in PURE:
        part, least, silent = 1.0, None, (*silent, f"{at}.mechanism")
    rough = 0.0 if rounded else _roughness(deployment, path, spec)
    return NoiseRatio(
        most=_added(most * part, rough),
        least=None if least is None or shares is None else _added(least * part, rough),
        left=part,
        missing=(*unstated, *rounded, *silent),
        notes=(*notes, *((_there(there, shares),) if shares else ())),
        because=_insight(towards, whole, part),
    )


# The least deviation of one share, in steps of the grid, for which a theorem says what a sum of shares is.
_LEAST_SHARE = 0.5
_COORDINATES = 10**12


def _unrounded(deployment: Deployment, path: Path, spec: DifferentialPrivacy, at: str) -> tuple[str, ...]:
    """What else discrete noise needs; a share of discrete Gaussian noise must be long enough on its grid."""
    if spec.mechanism not in {"discrete_gaussian", "skellam"}:
        return ()
    found = () if spec.rounded_norm else (f"{at}.rounded_norm",)
    if spec.mechanism == "skellam":
        return found if spec.grid_noise else (*found, f"{at}.grid_noise")
    each = _each_share(deployment, path, spec)
    return found if each is None or each >= _LEAST_SHARE else (*found, f"{at}.grid_noise")


def _each_share(deployment: Deployment, path: Path, spec: DifferentialPrivacy) -> float | None:
    """The deviation of one of several shares in steps of the grid, 0 where nobody says; None: it is not shared out."""
    _, shares, _ = _shared(deployment, path, spec, "")
    if spec.where != "distributed" or shares == 1:
        return None
    return (spec.grid_noise or 0.0) / sqrt(shares or 1)


def _roughness(deployment: Deployment, path: Path, spec: DifferentialPrivacy) -> float:
    """
    By how much more, over the noise, a sum of discrete Gaussian shares tells than one discrete Gaussian.

    τ √d, where τ is at most 10 n exp(-π² s²) for n shares of s steps each (Kairouz, Liu and Steinke 2021, theorem 1).
    """
    each = _each_share(deployment, path, spec) if spec.mechanism == "discrete_gaussian" else None
    if each is None:
        return 0.0
    task = task_of(deployment, path)
    most = max(spec.shares or 1, (task.clients_per_round if task else None) or 1)
    return 10 * most * exp(-pi * pi * each * each) * sqrt(_COORDINATES)


def _added(noise: float, rough: float) -> float:
    return noise / (1 + noise * rough)


def _insight(towards: Towards, whole: float, part: float) -> tuple[str, ...]:
    """What somebody knows of the noise that others do not."""
    own = (f"knows {towards.own:,} of the shares of the noise",) if part < whole else ()
    if towards.there is None:
        return own
    return (
        f"sees, or can work out, a sum that may have no more than {towards.there:,} of the shares of the noise",
        *own,
    )


def _there(survivors: int, shares: int) -> str:
    least = min(survivors, shares)
    there = f"{least:,} of {shares:,} share{'s' * (shares > 1)} of the noise"
    return f"in each step at least {there} {'is' if least == 1 else 'are'} there"


def _stated(spec: DifferentialPrivacy, at: str) -> tuple[float | None, tuple[str, ...]]:
    """The noise multiplier as it is declared, or as it follows from the epsilon of each step."""
    if spec.mechanism in _BY_EPSILON:
        return (1 / spec.step_epsilon, ()) if spec.step_epsilon else (None, (f"{at}.step_epsilon",))
    if spec.noise_multiplier is not None:
        return spec.noise_multiplier, ()
    if spec.step_epsilon is None or spec.mechanism == "sparse_vector":
        return None, (f"{at}.noise_multiplier",)
    names = ["clipping_norm", "step_sensitivity", *([] if spec.mechanism == "laplace" else ["step_delta"])]
    if missing := tuple(f"{at}.{name}" for name in names if getattr(spec, name) is None):
        return None, missing
    each = (spec.step_sensitivity or 1.0) / (spec.clipping_norm or 1.0) / spec.step_epsilon
    return each if spec.mechanism == "laplace" else each * sqrt(2 * log(1.25 / (spec.step_delta or 1.0))), ()


def _effective(spec: DifferentialPrivacy, noise: float) -> float:
    """
    The noise over what one unit really changes.

    Units that are clipped together move their mean from one end of the ball to the other, which is twice the norm. The
    count of clipped contributions that an adaptive norm is learned from changes by a half (Andrew et al. 2021).
    """
    if not noise:
        return 0.0
    if spec.mechanism == "sparse_vector":
        return 3 / (1 / noise + 2 / (spec.comparison_noise or 2 * noise) + 1 / (spec.answer_noise or noise))
    if spec.mechanism == "gnmax":
        return noise / sqrt(2)  # a teacher that votes otherwise changes two counts by one
    if spec.microbatch_size is not None and spec.microbatch_size > 1:
        noise /= 2
    noise /= spec.rounded_norm or 1.0
    if spec.clipped_count_noise is not None:
        count = 2 * spec.clipped_count_noise
        noise *= count / hypot(noise, count)
    return noise


def _granted(deployment: Deployment, path: Path, spec: DifferentialPrivacy) -> tuple[str, ...]:
    several = spec.mechanism == "discrete_gaussian" and (_each_share(deployment, path, spec) or 0) >= _LEAST_SHARE
    return (*_contributions(spec), *_summed(_aggregation(deployment, path, spec)), *((_SHORT,) if several else ()))


def _contributions(spec: DifferentialPrivacy) -> tuple[str, ...]:
    """A step of DP-SGD clips records, of which a larger unit may have several."""
    if spec.contributions_per_unit is not None:
        most = spec.contributions_per_unit
        return (f"no {spec.unit or 'unit'} has more than {most:,} contribution{'s' * (most > 1)} in a step",)
    several = spec.mechanism == "dp_sgd" and spec.unit in {"day", "person"}
    return (f"what one {spec.unit} contributes to a step is clipped together",) if several else ()


def _unweighed(deployment: Deployment, path: Path, spec: DifferentialPrivacy, at: str) -> tuple[str, ...]:
    """The fact that says whether one contribution can change the sum by more than its noise was made for."""
    task = task_of(deployment, path)
    if task is not None and spec.where != "client" and task.says_unknown("aggregation"):
        return (f"tasks.{path[1]}.aggregation",)
    rule = _aggregation(deployment, path, spec)
    return () if not rule or rule in SUMS or spec.bounded_weights else (f"{at}.bounded_weights",)


def _summed(rule: str) -> tuple[str, ...]:
    if rule == "weighted_mean":
        return (_WEIGHTED,)
    return (f"the aggregation `{rule}` is a sum of the clipped contributions",) if rule and rule not in SUMS else ()


def _shared(
    deployment: Deployment, path: Path, spec: DifferentialPrivacy, at: str
) -> tuple[int, int | None, tuple[str, ...]]:
    """How many contributions there are at least, by how many the noise was divided, and what is not stated."""
    task = task_of(deployment, path)
    shares = spec.shares or (task.clients_per_round if task else None)
    silent = f"tasks.{path[1]}.clients_per_round" if task else f"{at}.shares"
    return survivors_of(deployment, path), max(shares, 1) if shares else None, () if shares else (silent,)


def survivors_of(deployment: Deployment, path: Path) -> int:
    """How many clients at least add their share of a noise: as many as a round or its secure sum goes on with."""
    task, beside = task_of(deployment, path), _beside(deployment, path)
    least = [one.min_clients for one in beside if isinstance(one, SecureAggregation)]
    least += [task.min_clients] if task and task.min_clients else []
    return max(least, default=(task.clients_per_round if task else None) or 1)


def _beside(deployment: Deployment, path: Path) -> tuple[object, ...]:
    """The safeguards that stand on the same element."""
    found: object = deployment
    for part in path[:-1]:
        if isinstance(part, int):
            found = found[part]  # type: ignore[index]
        else:
            found = found.get(part) if hasattr(found, "get") else getattr(found, part)
    return tuple(found) if isinstance(found, tuple) else ()


def task_of(deployment: Deployment, path: Path) -> Task | None:
    """The task that a safeguard stands on, if it stands on one."""
    return deployment.tasks.get(str(path[1])) if path[0] == "tasks" else None


def drawn_clients(spec: DifferentialPrivacy) -> bool:
    """Whether what is sampled are clients, whom those who draw them or relay for them know; records are not."""
    sampled = spec.sampling in {"poisson", "fixed"} and spec.where != "client"
    return sampled and (spec.mechanism != "dp_sgd" or spec.unit == "client")


def _aggregation(deployment: Deployment, path: Path, spec: DifferentialPrivacy) -> str:
    task = task_of(deployment, path)
    return (task.aggregation or "") if task and spec.where != "client" else ""


def why_without(deployment: Deployment, path: Path, spec: DifferentialPrivacy) -> str:
    """Why no epsilon follows from a mechanism, whatever its numbers are; an empty text where one does."""
    if spec.mechanism == "metric":
        return "metric privacy bounds what is told apart of near values, not what is learned of a unit"
    if (rule := _aggregation(deployment, path, spec)) in _NO_SUMS:
        return f"its noise is made for a clipped sum, and `{rule}` is none: one contribution may change it by more"
    if rule and rule not in SUMS and spec.bounded_weights is False:
        return f"`{rule}` may give one contribution more weight than its noise was made for"
    if spec.mechanism == "laplace" and spec.norm in {"l2", "linf"}:
        return f"Laplace noise takes a bound in l1; clipping in {spec.norm} leaves more, the more coordinates there are"
    if spec.norm == "linf" and spec.mechanism not in PURE | {"gnmax"}:
        return "Gaussian noise takes a bound in l2; clipping in linf leaves more, the more coordinates there are"
    return ""
