"""
Which lines of the four rooms each test runs, and what it costs: a plugin of pytest, for one run of all tests.

    python -m pytest -p tools.mutants.recording

It writes build/mutants/recorded.json: of each test its CPU seconds, of each file the tests that run each line. A
fixture of a whole module, and whatever is worked out once, are held against the test that happens to come first.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from time import process_time
from typing import Any

import coverage
import pytest

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT / "build" / "mutants" / "recorded.json"
LONGEST = 8
"""CPU seconds, with lines counted; a test that takes longer is too dear to be tried on mutants."""
CASE = "test_a_case_is_current"
ROOMS = ("graph", "analysis", "policy", "language")


class _TooLong(BaseException):
    """No exception that a test or hypothesis would catch."""


class Recording:
    """A measurement that changes its context with each test."""

    def __init__(self) -> None:
        """Start to measure."""
        sources = [str(ROOT / "fedpolicy" / room) for room in ROOMS]
        self.coverage = coverage.Coverage(data_file=None, source=sources, branch=False, config_file=False)
        self.seconds: dict[str, float] = {}
        self.useless: set[str] = set()
        signal.signal(signal.SIGPROF, _too_long)
        self.coverage.start()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        """One test, with its fixtures."""
        self.coverage.switch_context(item.nodeid)
        before = process_time()
        signal.setitimer(signal.ITIMER_PROF, LONGEST)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            self.seconds[item.nodeid] = round(process_time() - before, 4)
            self.coverage.switch_context("")

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that fails or is skipped tells nothing of a mutant."""
        if report.outcome != "passed":
            self.useless.add(report.nodeid)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what is slow, but the conformance suite, of which each case is quick."""
        items[:] = [item for item in items if may_try(item)]

    def pytest_sessionfinish(self) -> None:
        """Write what was seen."""
        self.coverage.stop()
        data = self.coverage.get_data()
        number = {name: index for index, name in enumerate(self.seconds) if name not in self.useless}
        lines = {
            Path(file).relative_to(ROOT).as_posix(): {
                line: sorted(number[name] for name in names if name in number)
                for line, names in data.contexts_by_lineno(file).items()
            }
            for file in sorted(data.measured_files())
        }
        RECORDED.parent.mkdir(parents=True, exist_ok=True)
        tests = [(name, seconds if name in number else -1) for name, seconds in self.seconds.items()]
        RECORDED.write_text(json.dumps({"tests": tests, "lines": lines}))


def may_try(item: pytest.Item) -> bool:
    """Whether a test is quick enough."""
    return not item.get_closest_marker("slow") or item.name.startswith(CASE)


def _too_long(number: int, frame: object) -> None:
    del number, frame
    raise _TooLong


def pytest_configure(config: pytest.Config) -> None:
    """Measure from the start, so that what is imported is seen too."""
    config.pluginmanager.register(Recording())
