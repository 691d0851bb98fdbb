"""
An estate: many small deployments in one folder tree, checked in one process and in two.

Four of five are the clean example, one is the running example with its findings, each under a name of its own.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from measure import Bar, Command, Sample, interleaved, once, sample_of, script

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SIZES, LARGE = (100, 1_000), (1_000, 10_000)
_LEAKING_EVERY = 5
_FASTER = 1.6


def measured(sizes: tuple[int, int], runs: int) -> dict[str, Sample]:
    """Check both estates, in turn; what takes a minute is steady enough to be run once."""
    with tempfile.TemporaryDirectory() as folder:
        commands = estate_commands(Path(folder), sizes)
        if runs > 1:
            return interleaved(commands, runs)
        return {command.name: sample_of([once(command)]) for command in commands}


def estate(folder: Path, count: int) -> Path:
    """Write so many deployments."""
    clean, leaking = (
        (EXAMPLES / name / "deployment.yaml").read_text(encoding="utf-8")
        for name in ("clean-open-weight", "clinical-notes")
    )
    for number in range(count):
        text = leaking if number % _LEAKING_EVERY == 0 else clean
        path = folder / f"team-{number % 20:02}" / f"{number:05}.fedpolicy.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            re.sub(r"^name: .*$", f"name: deployment-{number:05}", text, count=1, flags=re.MULTILINE), encoding="utf-8"
        )
    return folder


def estate_commands(folder: Path, sizes: tuple[int, int]) -> list[Command]:
    """The small estate and the large one in one process, and the large one in two."""
    small, large = (estate(folder / str(size), size) for size in sizes)
    rows = ((sizes[0], small, 1), (sizes[1], large, 1), (sizes[1], large, 2))
    return [
        Command(
            name=_name(size, jobs),
            arguments=(script("fedpolicy"), "check", str(path), "--jobs", str(jobs), "--fail-on", "never"),
        )
        for size, path, jobs in rows
    ]


def estate_rows(samples: Mapping[str, Sample]) -> list[tuple[str, ...]]:
    """The lines of the table."""
    return [
        (name, f"{sample.median:.2f} s", f"{min(sample.seconds):.2f} s", f"{sample.peak:.0f} MiB")
        for name, sample in samples.items()
    ]


def estate_bars(samples: Mapping[str, Sample], sizes: tuple[int, int] = SIZES) -> list[Bar]:
    """How time grows with the number of files, and what a second process saves."""
    small, large, two = (samples[_name(size, jobs)] for size, jobs in ((sizes[0], 1), (sizes[1], 1), (sizes[1], 2)))
    growth = (large.work / sizes[1]) / (small.work / sizes[0])
    return [
        Bar(name=f"estate: time for each file, {sizes[1]:,} / {sizes[0]:,}", value=growth, limit=1.0),
        Bar(name=f"estate of {sizes[1]:,}: --jobs 2 / --jobs 1", value=two.median / large.median, limit=1 / _FASTER),
    ]


def _name(size: int, jobs: int) -> str:
    return f"{size:,} files, --jobs {jobs}"
