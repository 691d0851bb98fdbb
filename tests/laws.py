"""
How often a law is tried.

Beside all other tests a third as often as by `make laws`, which CI runs; `make laws MINUTES=60` tries each for its
share of the time. For both this module is a plugin of pytest, which counts.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import hypothesis
import pytest

WANTED = 1000
"""Examples of a law in CI, unless it says why they are fewer."""
_HOW = os.environ.get("FEDPOLICY_LAWS", "")  # `full`, or for how many seconds each law is tried
_FULL = bool(_HOW)
_ROUND = 50  # examples between two looks at the clock
_SEED = os.environ.setdefault("FEDPOLICY_LAWS_SEED", secrets.token_hex(4))  # processes of this one have the same


def examples(full: int = WANTED, few: int | None = None, *, fewer: str = "") -> int:
    """
    The number of examples of a law; `few` is how many there are beside all other tests, if not a third.

    A law with fewer than a thousand says why: what makes it dear, or which counterexample is not explained yet.
    """
    if full < WANTED and not fewer:
        raise ValueError(f"{full} examples are fewer than {WANTED}: say why")
    if _FULL and _HOW != "full":
        return min(full, _ROUND)
    return full if _FULL else few or max(8, full // 3)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Try a law, once or until its time is used up, and note how many examples it held in."""
    law: Any = getattr(pyfuncitem, "obj", None)
    if not (_FULL and getattr(law, "is_hypothesis_test", False)):
        return None
    given = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}  # noqa: SLF001
    held: list[int] = []
    try:
        with _counted(law, held.append):
            for _ in _rounds(law, _seconds(pyfuncitem), lambda: len(held) >= _least(pyfuncitem)):
                law(**given)
    finally:
        pyfuncitem.user_properties.append(("examples", len(held)))
    return True


def _seconds(item: pytest.Function) -> float:
    """The share of a law: all laws get the same, and as many are tried at once as there are processes."""
    if _HOW == "full":
        return 0.0
    laws = sum(bool(getattr(getattr(one, "obj", None), "is_hypothesis_test", False)) for one in item.session.items)
    return float(_HOW) * int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) / max(laws, 1)


def _least(item: pytest.Function) -> int:
    mark = item.get_closest_marker("least_examples")
    return int(mark.args[0]) if mark else 0


def _rounds(law: Any, seconds: float, enough: Callable[[], bool]) -> Iterator[None]:
    """One round as the law stands in the file; with a time, rounds of other seeds until it is over."""
    if not seconds:
        yield
        return
    until, number = monotonic() + seconds, 0
    while number == 0 or monotonic() < until or not enough():
        hypothesis.seed(f"{_SEED}/{number}")(law)
        yield
        number += 1


@contextmanager
def _counted(law: Any, note: Callable[[int], None]) -> Iterator[None]:
    """Count the examples in which what the law asks for was given and held."""
    inner = law.hypothesis.inner_test

    def counting(*given: Any, **named: Any) -> Any:
        found = inner(*given, **named)
        note(1)
        return found

    law.hypothesis.inner_test = counting
    try:
        yield
    finally:
        law.hypothesis.inner_test = inner


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say of each law in how many examples it held."""
    reports = [one for name in ("passed", "failed") for one in terminalreporter.stats.get(name, ())]
    found = {one.nodeid: dict(one.user_properties).get("examples") for one in reports if one.when == "call"}
    counts = sorted((number, name) for name, number in found.items() if number is not None)
    if not counts:
        return
    terminalreporter.section("laws: in how many examples each held")
    for number, name in counts:
        terminalreporter.write_line(f"{number:9,}  {name}")
    whole, many = sum(number for number, _ in counts), sum(number >= WANTED for number, _ in counts)
    seed = f", seed {_SEED}" if _HOW != "full" else ""
    terminalreporter.write_line(f"{len(counts)} laws, {whole:,} examples, {many} laws in {WANTED:,} or more{seed}")
