"""What tests of every room share: golden files, processes, how laws are tried."""

from __future__ import annotations

import gc
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, settings

from tests.laws import examples

# A busy machine is not a mistake: no example has a deadline, and slow generation is none either. What is tried is the
# same each time, so that a change fails by what it changes; `make laws MINUTES=60` tries what nobody has tried before.
settings.register_profile(
    "ours",
    settings.default,
    deadline=None,
    derandomize=True,
    max_examples=examples(few=100),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ours")
# Processes that tests start write UTF-8, whatever the locale; tests read it as such. They compile our modules once.
os.environ["PYTHONUTF8"] = "1"
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Looking for circles among all that has been collected took a twentieth of the tests.
gc.set_threshold(50_000, 20, 100)
# Reports are as wide as COLUMNS says, which shells and pytest-xdist may set.
os.environ.pop("COLUMNS", None)

Golden = Callable[..., None]
DAY = "2026-11-28"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files anew instead of comparing them")


@pytest.fixture(autouse=True, scope="session")
def the_day() -> Iterator[None]:
    """The day on which commands and programs judge, unless a test names one: models end, and tests must not."""
    now = SimpleNamespace(strftime=time.strftime, gmtime=lambda: time.strptime(DAY, "%Y-%m-%d"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fedpolicy.settings.time", now)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Laws run the same lines hundreds of times; to count them would double what they take, and show nothing new."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.no_cover)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Count nothing where nothing should be: in a worker of pytest-xdist, pytest-cov measures twice and stops once."""
    counting = sys.gettrace() if item.get_closest_marker("no_cover") else None
    if counting is not None:
        sys.settrace(None)
    try:
        return (yield)
    finally:
        if counting is not None:
            sys.settrace(counting)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """
    Compare a text with a golden file; one that is missing fails.

    `part` takes what counts out of both texts. Where that is equal, the file is not written anew either.
    """
    update = request.config.getoption("--update-golden")

    def compare(actual: str, path: Path, part: Callable[[str], str] = str) -> None:
        if update and not (path.is_file() and part(actual) == part(path.read_text(encoding="utf-8"))):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(actual, encoding="utf-8")
        assert path.is_file(), f"{path} is missing; run with --update-golden and look at it"
        assert part(actual) == part(path.read_text(encoding="utf-8"))

    return compare


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """
    Processes of fedpolicy are copies of this one, with all that a test has patched.

    Libraries that other tests load have threads of their own, because of which they would not be, and Python 3.12
    would warn. These threads wait, so they do no harm.
    """
    if sys.platform != "linux":
        pytest.skip("processes are copies on Linux only")
    monkeypatch.setattr("fedpolicy.batch.processes.forks", lambda: True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
