"""
Tries mutants on tests, each in a process of its own that is a copy of one that has everything loaded.

What a function does is tried where the tests are collected already, with other code in the function. What a module does
while it is imported is tried where nothing of fedpolicy is loaded yet.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from itertools import pairwise
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

from tools.mutants.changes import Mutant, mutated
from tools.mutants.choosing import source_of
from tools.mutants.recording import ROOMS, ROOT, may_try

_ALLOWED = ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # what tests load is loaded already
_SILENT = ("-p", "no:terminal", "-o", "addopts=--import-mode=importlib")
ARGUMENTS = (*_SILENT, "-p", "no:cacheprovider", "-p", "no:xdist", *_ALLOWED)
Tests = Mapping[str, float]  # and how many CPU seconds each takes
Tell = Callable[[str, str], None]
Fate = tuple[str, str]  # killed | survived | time, and the test that saw it
_CPU = 90  # seconds, after which the system ends the process
_WALL = 400
_MEMORY = 8 << 30


def apart(work: Callable[[Tell], None]) -> Fate:
    """What a copy of this process tells before it ends; one that never ends, or falls, counts as killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _work(work, reading, writing)
    os.close(writing)
    status = _awaited(child)
    os.set_blocking(reading, False)
    with contextlib.suppress(BlockingIOError):
        told = os.read(reading, 4096).decode().split("\n")
        os.close(reading)
        if len(told) == 2:  # noqa: PLR2004  what `tell` writes
            return told[0], told[1]
    return "time" if os.WIFSIGNALED(status) else "killed", f"ended with {status}"


def _work(work: Callable[[Tell], None], reading: int, writing: int) -> None:
    os.close(reading)
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU, _CPU + 5))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)

    def tell(fate: str, test: str) -> None:
        os.write(writing, f"{fate}\n{test}".encode())
        os._exit(0)

    try:
        work(tell)
        tell("survived", "")
    except (KeyboardInterrupt, SystemExit, pytest.exit.Exception) as error:
        tell("killed", f"{type(error).__name__} outside tests")
    except BaseException:  # noqa: BLE001  a mistake of ours
        tell("broken", traceback.format_exc().replace("\n", " / "))


def _awaited(child: int) -> int:
    until = time.monotonic() + _WALL
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child, signal.SIGKILL)  # what tests have left behind
            return status
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


class Running:
    """A plugin of pytest: runs these tests in this order, up to the first that fails or takes far longer than ever."""

    def __init__(self, tests: Tests, tell: Tell, known: Container[str]) -> None:
        """`tests` with the CPU seconds that they take; those that are not known yet come first."""
        self.tests, self.tell, self.known, self.now = tests, tell, known, ""

    def run(self, items: Iterable[pytest.Item]) -> None:
        """Run them."""
        found = {item.nodeid: item for item in items}
        new = [item for name, item in found.items() if name not in self.known and may_try(item)]
        wanted: list[pytest.Item | None] = [*new, *(found[name] for name in self.tests if name in found)]
        signal.signal(signal.SIGPROF, lambda *_: self.tell("time", self.now))
        for item, following in pairwise([*wanted, None]):
            if item is None:
                break
            self.now = item.nodeid
            signal.setitimer(signal.ITIMER_PROF, 4 + 5 * self.tests.get(item.nodeid, 1.0))
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        signal.setitimer(signal.ITIMER_PROF, 0)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """The first that fails is enough."""
        if report.outcome == "failed":
            self.tell("killed", report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be imported fails as well."""
        if report.outcome == "failed":
            self.tell("killed", report.nodeid)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of the loop of pytest."""
        self.run(session.items)
        return True


class Warm:
    """All tests, collected, and every function of the four rooms."""

    def __init__(self, session: pytest.Session) -> None:
        """Load what tests load later, so that each copy has it."""
        self.session = session
        for path in sorted((ROOT / "fedpolicy").rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            if name.split(".")[1:2] and name.split(".")[1] in ROOMS:
                importlib.import_module(name)
        importlib.import_module("fedpolicy.catalog").load_catalog()
        self.functions: dict[tuple[str, str, int], list[FunctionType]] = {}
        self.caches = []
        gc.unfreeze()  # what a test or a command has set aside is seen again
        for found in gc.get_objects():
            if isinstance(found, FunctionType):
                code = found.__code__
                self.functions.setdefault((code.co_filename, code.co_qualname, code.co_firstlineno), []).append(found)
            elif isinstance(found, functools._lru_cache_wrapper):  # noqa: SLF001  the type of what `cache` makes
                self.caches.append(found)

    def has(self, mutant: Mutant) -> bool:
        """Whether the change lies in a function that is there by now."""
        return bool(mutant.body and self._changed(mutant))

    def try_on(self, mutant: Mutant | None, tests: Tests, known: Container[str]) -> Fate:
        """What these tests make of it; without a mutant, of the code as it is."""
        changed = self._changed(mutant) if mutant else []

        def work(tell: Tell) -> None:
            for function, code in changed:
                function.__code__ = code
            for cached in self.caches:
                if mutant and _room(cached.__module__) in {mutant.file.split("/")[1], "tests"}:
                    cached.cache_clear()
            running = Running(tests, tell, known)
            self.session.config.pluginmanager.register(running)
            running.run(self.session.items)

        return apart(work)

    def _changed(self, mutant: Mutant) -> list[tuple[FunctionType, CodeType]]:
        """The functions to change, each with its other code; none if it would need other variables around it."""
        file = str(ROOT / mutant.file)
        found = []
        for code in _codes(compile(mutated(mutant, source_of(mutant.file)), file, "exec", dont_inherit=True)):
            if code.co_qualname == mutant.body:
                for function in self.functions.get((file, code.co_qualname, code.co_firstlineno), []):
                    if function.__code__.co_freevars != code.co_freevars:
                        return []
                    found.append((function, code))
        return found


def _room(module: str) -> str:
    return module.split(".")[1] if module.startswith("fedpolicy.") else module.split(".", maxsplit=1)[0]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _codes(const)


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self.code = code

    def get_code(self, fullname: str) -> CodeType:
        del fullname
        return self.code


class _Finder(MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self.path = str(ROOT / mutant.file)
        parts = Path(mutant.file).with_suffix("").parts
        self.name = ".".join(parts).removesuffix(".__init__")
        self.code = compile(mutated(mutant, source_of(mutant.file)), self.path, "exec", dont_inherit=True)

    def find_spec(self, fullname: str, path: object, target: ModuleType | None = None) -> ModuleSpec | None:
        del path, target
        if fullname != self.name:
            return None
        return spec_from_file_location(fullname, self.path, loader=_Loader(fullname, self.path, self.code))


def afresh(mutant: Mutant | None, tests: Tests, known: Container[str], files: Collection[str]) -> Fate:
    """What these tests make of it where nothing of fedpolicy has been imported; their files are collected anew."""

    def work(tell: Tell) -> None:
        if mutant:
            sys.meta_path.insert(0, _Finder(mutant))
        code: Any = pytest.main([*ARGUMENTS, *files], plugins=[Running(tests, tell, known)])
        if code:
            tell("killed", f"pytest ended with {code}")

    return apart(work) if files else ("survived", "")


def collected(files: Iterable[str], work: Callable[[Warm], None]) -> None:
    """Do some work in a copy of this process that has collected the tests of these files."""

    class Collected:
        def pytest_runtestloop(self, session: pytest.Session) -> bool:
            work(Warm(session))
            return True

    child = os.fork()
    if not child:
        os._exit(pytest.main([*ARGUMENTS, *files], plugins=[Collected()]))
    if os.waitpid(child, 0)[1]:
        raise SystemExit("the tests could not be collected")
