"""Laws of the tests as targets: hypothesis draws from the bytes of an input, whoever has made them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from hypothesis import HealthCheck, settings

from fuzz.command import Broken, Vacuous, bounded
from fuzz.target import Box, Judge

__all__ = ["drawn", "without_deadlines"]


def without_deadlines() -> None:
    """For a process of our own: what takes how long is bounded by the target, and what was found is kept by us."""
    settings.register_profile("fuzz", deadline=None, database=None, suppress_health_check=list(HealthCheck))
    settings.load_profile("fuzz")


def drawn(*tests: str) -> Judge:
    """A judge by these tests, each written `folder.module:test`; the first byte of an input chooses."""

    def judge(box: Box) -> None:
        _, data = box.only
        chosen = tests[(data[0] if data else 0) % len(tests)]
        with bounded((chosen,), box.seconds):
            _try(chosen, data[1:])

    return judge


def _try(chosen: str, data: bytes) -> None:
    place, _, name = chosen.partition(":")
    law = getattr(import_module(f"tests.{place}"), name)
    inner, given = law.hypothesis.inner_test, []

    def noting(*values: Any, **named: Any) -> Any:
        given[:] = [*values, named]
        return inner(*values, **named)

    law.hypothesis.inner_test = noting
    try:
        sound = law.hypothesis.fuzz_one_input(data)
    except AssertionError as error:
        said = f"{error}".partition("\n")[0]
        raise Broken("law", (chosen,), f"{said or 'it does not hold'}, of {given!r:.2000}", name) from error
    finally:
        law.hypothesis.inner_test = inner
    if sound is None:
        raise Vacuous
