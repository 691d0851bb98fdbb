"""
The reference sets that budgets are held against: parameters, where they come from, and the true ε.

    .venv/bin/python benchmarks/epsilons.py > tests/analysis/accounting/reference_sets.tsv
    .venv/bin/python benchmarks/epsilons.py --compare tests/analysis/accounting/reference_sets.tsv

`true_epsilons.py` says what is true. Takes the extra `dp`, and some minutes.

With `--compare`, bracket and ratio of every set are printed, and what is below the truth, or too far above it, is an
error.
"""

from __future__ import annotations

import csv
import sys
from math import sqrt
from pathlib import Path

from true_epsilons import Set, true

from fedpolicy.analysis.accounting import Release
from fedpolicy.analysis.accounting.bounds import close_bound, tight_bound

# From which ε on a bound counts as close, and how close: without the extra, and with it.
_LEAST, _WITHOUT, _WITH = 0.5, 1.6, 1.3


def sets() -> list[Set]:
    """Give all of them: published ones first."""
    tutorials = "TensorFlow Privacy, tutorials/README.md"
    bu = "Bu, Dong, Long and Su 2020, figure 4"
    poisson = {"mechanism": "dp_sgd", "sampling": "poisson"}
    found = [
        Set("Abadi et al. 2016", **poisson, delta=1e-5, noise=4, rate=0.01, steps=10_000, published="1.26"),
        Set(tutorials, **poisson, delta=1e-5, noise=1.12, rate=256 / 60_000, steps=14_062, published="2.92"),
        Set(tutorials, **poisson, delta=1e-5, noise=0.6, rate=256 / 60_000, steps=7_031, published="9.74"),
        Set(tutorials, **poisson, delta=1e-5, noise=1.2, rate=256 / 60_000, steps=2_343, published="1.20"),
        Set(bu, **poisson, delta=1e-5, noise=1.3, rate=256 / 60_000, steps=4_687, published="1.34"),
        Set(bu, **poisson, delta=1e-5, noise=0.7, rate=256 / 60_000, steps=16_406, published="8.68"),
        *(
            Set("parameters of McMahan et al. 2018", **poisson, delta=delta, noise=1, rate=5_000 / users, steps=5_000)
            for users, delta in ((763_430, 1e-9), (10**8, 1e-9), (10**6, 1e-8))
        ),
        *(
            Set("parameters of TensorFlow Privacy's MNIST tutorials", **poisson, delta=1e-5, noise=noise,
                rate=rate / 60_000, steps=steps)
            for noise, rate, steps in ((1.1, 256, 14_062), (1.3, 250, 3_600), (0.7, 256, 10_546), (1.1, 250, 3_600))
        ),
        *(
            Set("parameters of Kairouz et al. 2021 (DP-FTRL)", "dp_ftrl_tree", delta, noise, steps=2_048)
            for noise in (4.0, 6.83, 7.0)
            for delta in (1e-5, 1e-10)
        ),
        Set("Google 2022, Gboard es-ES: rho 0.81", "gaussian", 1e-10, 1 / sqrt(1.62), published="8.9"),
        Set("Xu et al. 2023, Gboard: the ends of rho 0.2 to 2", "gaussian", 1e-10, 1 / sqrt(0.4)),
        Set("Xu et al. 2023, Gboard: the ends of rho 0.2 to 2", "gaussian", 1e-10, 1 / sqrt(4.0)),
    ]  # fmt: skip
    own = "own"
    found += [
        Set(own, "gaussian", delta, noise, steps)
        for noise, steps in ((0.3, 1), (1, 1), (1.1, 50), (5, 20), (30, 1_000), (200, 10**5))
        for delta in (1e-3, 1e-6, 1e-12)
    ]
    found += [
        Set(own, "dp_sgd", delta, noise, steps, "poisson", rate)
        for noise, rate, steps, delta in (
            *((noise, rate, 1_000, 1e-6) for noise in (0.5, 0.7, 1, 1.5, 3) for rate in (1e-4, 1e-3, 0.01, 0.1, 0.5)),
            *((noise, rate, steps, 1e-5) for noise in (0.6, 1, 2) for rate in (1e-3, 0.05)
              for steps in (1, 3, 30, 20_000)),
            (0.27, 0.00098, 259, 2.2e-8), (0.5226, 0.01205, 125, 8e-6), (0.4, 1e-5, 10**5, 1e-7),
            (0.6, 1e-4, 10**5, 1e-8),
            *((noise, rate, steps, delta) for noise in (0.8, 1.2) for rate in (0.004, 0.04) for steps in (200, 5_000)
              for delta in (1e-6, 1e-9)),
            (10, 0.1, 10**5, 1e-6), (8, 0.9, 400, 1e-5), (0.35, 0.2, 5, 1e-4), (2.5, 0.02, 10**5, 1e-8),
        )
    ]  # fmt: skip
    found += [
        Set(own, "dp_sgd", delta, noise, steps, sampling, rate)
        for sampling in ("poisson", "fixed")
        for noise, rate, steps, delta in (
            (1, 0.01, 1_000, 1e-20), (0.7, 0.001, 500, 1e-15), (1.5, 0.1, 200, 1e-30), (4, 0.3, 50, 1e-12),
        )
    ]  # fmt: skip
    found += [
        Set(own, "dp_sgd", delta, noise, steps, "fixed", rate)
        for noise, rate, steps, delta in (
            (1, 0.01, 1_000, 1e-5), (1.1, 0.00427, 14_062, 1e-5), (0.5, 0.1, 10, 1e-5), (3, 0.3, 3, 1e-3),
            (0.8, 0.5, 20, 1e-5), (2, 0.05, 500, 1e-6), (1.2, 0.05, 5_000, 1e-9), (0.8, 0.004, 200, 1e-6),
            (5, 0.5, 300, 1e-7), (10, 0.1, 10**5, 1e-6),
            *((noise, rate, steps, 1e-6) for noise in (0.6, 1, 2.5) for rate in (1e-3, 0.02, 0.25)
              for steps in (1, 20, 2_000)),
        )
    ]  # fmt: skip
    found += [
        Set(own, "laplace", delta, noise, steps, "poisson" if rate < 1 else "none", rate)
        for noise, steps, rate, delta in (
            (1, 1, 1, 1e-6), (1, 5, 1, 1e-6), (3, 20, 1, 1e-5), (10, 100, 1, 1e-6), (30, 2_000, 1, 1e-8),
            (0.5, 10, 1, 1e-3),
            (2, 50, 0.1, 1e-6), (1, 200, 0.01, 1e-5), (0.5, 10, 0.3, 1e-6), (5, 2_000, 0.05, 1e-7), (1, 3, 0.001, 1e-6),
            (0.3, 30, 0.02, 1e-4),
        )
    ]  # fmt: skip
    found += [
        Set(own, "dp_ftrl_tree", delta, noise, steps, participations=often, separation=apart, restart=restart)
        for noise, steps, often, apart, restart in (
            (2, 8, 1, 1, 0), (3, 12, 2, 4, 0), (4, 12, 3, 2, 0), (6, 12, 12, 1, 0), (2, 15, 2, 7, 0), (5, 16, 4, 4, 0),
            (3, 16, 2, 8, 4), (4, 12, 4, 3, 6), (8, 14, 5, 2, 5), (10, 10, 10, 1, 0),
        )
        for delta in (1e-5, 1e-10)
    ]  # fmt: skip
    found += [
        Set(own, "randomised_response", delta, 1 / epsilon, steps)
        for epsilon, steps in ((0.1, 100), (0.5, 10), (1, 3), (0.3, 50), (2, 20), (0.05, 900))
        for delta in (1e-4, 1e-8)
    ]
    return found


def compare(path: Path) -> int:
    """Print what fedpolicy makes of every set of a table, without the extra and with it."""
    wrong = 0
    for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t"):
        run = Release(
            mechanism=row["mechanism"],
            noise_multiplier=float(row["noise"]),
            steps=int(row["steps"]),
            rate=float(row["rate"]),
            sampling=row["sampling"],
            participations=int(row["participations"]) or None,
            separation=int(row["separation"]) or None,
            restart=int(row["restart"]) or None,
        )
        delta, epsilon = float(row["delta"]), float(row["true"])
        close, closest = close_bound([run], delta), tight_bound([run], delta)
        # dp-accounting takes losses to a grid of 1e-4, upwards.
        spare = 5e-3 if row["by"] == "dp-accounting" else 2e-5
        sound = all(
            one.low <= epsilon * 1.002 + spare and one.high >= epsilon * 0.998 - spare for one in (close, closest)
        )
        near = epsilon < _LEAST or (close.high <= _WITHOUT * epsilon and closest.high <= _WITH * epsilon)
        wrong += not (sound and near)
        brackets = " ".join(f"[{one.low:.4g}, {one.high:.4g}] {one.high / epsilon:.3f}" for one in (close, closest))
        print(f"{'' if sound and near else 'WRONG '}{epsilon:.4g} {brackets} {' '.join(row.values())}", flush=True)
    return int(wrong > 0)


def main() -> int:
    """Print a table, a set a line; or compare one."""
    if sys.argv[1:2] == ["--compare"]:
        return compare(Path(sys.argv[2]))
    print("\t".join((*Set._fields, "true", "by")))
    for one in sets():
        epsilon, how = true(one)
        row = [f"{value:.10g}" if isinstance(value, float) else str(value) for value in one]
        print("\t".join((*row, f"{epsilon:.6g}", how)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
