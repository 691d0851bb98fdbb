"""Laws of the tests as targets: hypothesis draws from the bytes of an input, whoever has made them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from hypothesis import HealthCheck, settings

from fuzz.command import Broken, Vacuous, bounded
from fuzz.target import Box, Judge


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
    law, given = _noted(chosen)
    try:
        sound = law(data)
    except AssertionError as error:
        said = f"{error}".partition("\n")[0] or "it does not hold"
        raise Broken("law", (chosen,), f"{said}, of {given!r:.4000}", chosen.partition(":")[2]) from error
    if sound is None:
        raise Vacuous


@cache
def _noted(chosen: str) -> tuple[Callable[[bytes], bytes | None], list[Any]]:
    """What tries a law on bytes, and what it was last tried on; hypothesis asks for the law itself once only."""
    place, _, name = chosen.partition(":")
    hypothesis = getattr(import_module(f"tests.{place}"), name).hypothesis
    inner: Callable[..., Any] = hypothesis.inner_test
    given: list[Any] = []

    def noting(*values: Any, **named: Any) -> Any:
        given[:] = [*values, named]
        return inner(*values, **named)

    hypothesis.inner_test = noting
    try:
        return hypothesis.fuzz_one_input, given
    finally:
        hypothesis.inner_test = inner
