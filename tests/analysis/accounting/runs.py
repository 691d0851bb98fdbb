"""Runs to account for, written short."""

from __future__ import annotations

from fedpolicy.analysis.accounting import Release


def gaussian(noise, steps=1):
    return Release(mechanism="gaussian", noise_multiplier=noise, steps=steps)


def poisson(noise, rate, steps):
    return Release(mechanism="dp_sgd", noise_multiplier=noise, rate=rate, steps=steps, sampling="poisson")


def fixed(noise, rate, steps):
    return Release(mechanism="dp_sgd", noise_multiplier=noise, rate=rate, steps=steps, sampling="fixed")


def laplace(noise, steps=1, rate=1.0, sampling="none"):
    return Release(mechanism="laplace", noise_multiplier=noise, steps=steps, rate=rate, sampling=sampling)


def sparse(noise, answers):
    return Release(mechanism="sparse_vector", noise_multiplier=noise, steps=answers)


def tree(noise, steps, participations=None, separation=None):
    return Release(
        mechanism="dp_ftrl_tree",
        noise_multiplier=noise,
        steps=steps,
        participations=participations,
        separation=separation,
    )


def zcdp(rho):
    return Release(mechanism="zcdp", rho=rho)
