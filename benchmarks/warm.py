"""
What a check costs where a process stays warm (FEDPOLICY_WARM, Linux): the client, and the processes that work for it.

    make .venv-bench
    .venv-bench/bin/python benchmarks/warm.py

Milliseconds of processor, medians of many checks of the running example, in turn: without a warm process, by a copy of
it that begins, and by one that goes on. Only an installed fedpolicy says what users wait for.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from measure import machine, script, show
from run import EXAMPLE

_BAR = 40  # ms
_MORE = 4  # checks of a copy after its first one
_HEADER = ("a check", "client", "process that stays warm", "copy", "in all", "against Python")


class Spent(NamedTuple):
    """Milliseconds of one check."""

    client: float
    server: float = 0
    copy: float = 0


def main() -> None:
    """Measure and print; the exit code says nothing about speed."""
    parser = argparse.ArgumentParser(description="Measure a check where a process stays warm.")
    parser.add_argument("--runs", type=int, default=50, help="copies that begin; each does four more (default: 50)")
    runs = parser.parse_args().runs
    found: dict[str, list[Spent]] = {
        "bare Python": [],
        "cold": [],
        "by a copy that begins": [],
        "by one that goes on": [],
    }
    with tempfile.TemporaryDirectory() as place:
        example = Path(place) / "deployment.yaml"
        example.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
        check = (script("fedpolicy"), "check", str(example))
        with _warm(place, check) as (server, environment):
            for number in range(runs):
                fresh = Path(place) / str(number)
                fresh.mkdir()
                found["bare Python"].append(_spent((sys.executable, "-c", "pass"), place, os.environ))
                found["cold"].append(_spent(check, place, os.environ))
                found["by a copy that begins"].append(_spent(check, fresh, environment, server))
                for _ in range(_MORE):
                    found["by one that goes on"].append(_spent(check, fresh, environment, server))
    bare = statistics.median(one.client for one in found["bare Python"])
    print(f"{machine()}. Milliseconds of processor, medians of {runs} rounds.\n")
    print(show(_HEADER, [row(name, some, bare) for name, some in found.items()]))
    held = statistics.median(map(sum, found["by one that goes on"])) <= _BAR
    print(f"\nAt most {_BAR} ms by one that goes on: {'held' if held else 'MISSED'}")


def row(name: str, some: list[Spent], bare: float) -> tuple[str, ...]:
    """One kind of check: medians of its parts and of the whole, and how many bare starts of Python that is."""
    parts = [statistics.median(each) for each in zip(*some, strict=True)]
    whole = statistics.median(map(sum, some))
    return name, *(f"{part:.1f}" for part in (*parts, whole)), f"{whole / bare:.1f} x"


@contextmanager
def _warm(place: str, check: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Start a process that stays warm; its number, and the environment of its clients."""
    folder = Path(place) / "run"
    folder.mkdir(mode=0o700)
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder), "FEDPOLICY_WARM": "9"}
    _spent(check, place, environment)
    server = next(int(one.parent.name) for one in Path("/proc").glob("[0-9]*/cmdline") if _serves(one, str(folder)))
    while not any(one.is_socket() for one in (folder / "fedpolicy").iterdir()):
        time.sleep(0.1)
    time.sleep(0.5)
    try:
        yield server, environment
    finally:
        os.kill(server, signal.SIGTERM)


def _serves(about: Path, folder: str) -> bool:
    with suppress(OSError):
        words = about.read_bytes()
        return b"warm_server" in words and folder.encode() in words
    return False


def _spent(words: tuple[str, ...], folder: str | Path, environment: Mapping[str, str], server: int = 0) -> Spent:
    """What one command takes, and what the warm process and its copies take meanwhile."""
    before, own = _of_copies(server), _of(server)
    nothing = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, nothing, stream) for stream in range(3)]
    here = Path.cwd()
    os.chdir(folder)
    child = os.posix_spawn(words[0], words, environment, file_actions=actions)
    os.chdir(here)
    usage = os.wait4(child, 0)[2]
    os.close(nothing)
    time.sleep(0.005 if server else 0)  # whatever is tidied up after the answer counts as well
    after = _of_copies(server)
    copies = sum(spent - before.get(copy, 0) for copy, spent in after.items())
    return Spent((usage.ru_utime + usage.ru_stime) * 1e3, _of(server) - own, copies)


def _of(process: int) -> float:
    return int(Path(f"/proc/{process}/schedstat").read_text(encoding="utf-8").split()[0]) / 1e6 if process else 0


def _of_copies(server: int) -> dict[int, float]:
    found = {}
    children = Path(f"/proc/{server}/task/{server}/children")
    for copy in map(int, children.read_text(encoding="utf-8").split() if server else ()):
        with suppress(OSError):
            found[copy] = _of(copy)
    return found


if __name__ == "__main__":
    main()
