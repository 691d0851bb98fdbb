"""
Measure fedpolicy beside other tools: `make bench`, or `python benchmarks/run.py --smoke` to see that it runs.

Ratios are of processor time, which other work on the machine hardly changes; what a second process
saves, of wall time.

Tables: cold starts on the running example beside check-jsonschema and yamllint, generated deployments of growing size,
the analyses beside a check of the same deployment, estates of many small deployments in one process and in two, graph
and analyses alone, and the ratios that the project wants to hold.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from estates import LARGE as MANY_FILES
from estates import SIZES as FILES
from estates import estate_bars, estate_rows, measured
from generate import SHAPES, deployment
from measure import RATIO, Bar, Command, Sample, bar_row, growth, interleaved, machine, once, sample_of, script, show
from stages import STAGES, stage_bars, stage_rows, staged

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "clinical-notes" / "deployment.yaml"
SCHEMA = ROOT / "schemas" / "deployment.schema.json"
SIZES = (100, 1_000, 10_000)
LARGE = 100_000
COLD = ("cold start", "median", "processor", "against Python", "peak")
SCALE = ("nodes + flows", "median", "processor", "for each element", "peak")
BARE, VERSION, CHECK = "python -c pass", "fedpolicy --version", "fedpolicy check"
COMPLETION = "completion of `check`"
LONG = ("clients", "own")  # what they may take at 10,000 is a number of seconds; `sites` is compared with FlowStrider
LINT, JSONSCHEMA = "yamllint", "check-jsonschema"


def main() -> None:
    """Measure and print; the exit code says nothing about speed."""
    parser = argparse.ArgumentParser(description="Measure fedpolicy beside other tools.")
    parser.add_argument("--smoke", action="store_true", help="one run of everything small, to see that it works")
    parser.add_argument("--runs", type=int, default=15, help="runs of each cold start (default: 15)")
    parser.add_argument("--large", action="store_true", help="100,000 nodes and flows, and 10,000 files: an hour")
    parser.add_argument("--json", type=Path, help="write what was measured to a file, for benchmarks/page.py")
    chosen = parser.parse_args()
    runs, sizes = (1, SIZES[:1]) if chosen.smoke else (chosen.runs, (*SIZES, *((LARGE,) if chosen.large else ())))
    say(f"{machine()}. Medians of {runs} interleaved runs, each in a new process.\n")
    cold = interleaved(cold_commands(), runs)
    say(show(COLD, cold_rows(cold)) + "\n")
    scale = {shape: generated(shape, sizes, 1 if chosen.smoke else 3) for shape in SHAPES}
    say(show(SCALE, scale_rows(scale)) + "\n")
    size = SIZES[0] if chosen.smoke else SIZES[1]
    asked = {shape: analysed(shape, size, 1 if chosen.smoke else 3) for shape in SHAPES}
    say(show((f"{size:,} nodes + flows", "median", "processor", "peak"), analysis_rows(asked)) + "\n")
    counts = (5, 10) if chosen.smoke else MANY_FILES if chosen.large else FILES
    files = measured(counts, 1 if chosen.smoke or chosen.large else 3)
    say(show(("estate", "median", "fastest", "peak"), estate_rows(files)) + "\n")
    alone = staged((SIZES[-1], LARGE)) if chosen.large else {}
    if alone:
        say(show(STAGES, stage_rows(alone)) + "\n")
    bars: list[Bar] = []
    if not chosen.smoke:  # ratios of single runs would only mislead
        bars = [*cold_bars(cold), *scale_bars(scale), *stage_bars(alone), *analysis_bars(asked)]
        bars += estate_bars(files, counts)
        say(show(RATIO, [bar_row(bar) for bar in bars]))
    if chosen.json:
        tables = [
            (COLD, cold_rows(cold)),
            (SCALE, scale_rows(scale)),
            (("analyses", "median", "processor", "peak"), analysis_rows(asked)),
            (("estate", "median", "fastest", "peak"), estate_rows(files)),
            (STAGES, stage_rows(alone)),
            (RATIO, [bar_row(bar) for bar in bars]),
        ]
        points = {f"fedpolicy check, {shape}": _points(found) for shape, found in scale.items()}
        write(chosen.json, tables, points)


def write(
    path: Path, tables: Sequence[tuple[Sequence[str], Sequence[Sequence[str]]]], points: Mapping[str, Sequence[object]]
) -> None:
    """Keep what was measured, for the page: its tables, and seconds by size for its picture."""
    found = {"machine": machine(), "tables": tables, "points": points}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _points(found: Mapping[int, Sample]) -> list[tuple[int, float]]:
    return [(size, sample.work) for size, sample in found.items()]


def cold_commands() -> list[Command]:
    """The running example, read by three tools, and what starting Python costs in itself."""
    return [
        Command(name=BARE, arguments=(sys.executable, "-c", "pass")),
        Command(name=VERSION, arguments=(script("fedpolicy"), "--version")),
        # As the script of a shell asks; `env` adds less than a millisecond.
        Command(
            name=COMPLETION,
            arguments=(
                "env",
                "_FEDPOLICY_COMPLETE=bash_complete",
                "COMP_WORDS=fedpolicy ch",
                "COMP_CWORD=1",
                script("fedpolicy"),
            ),
        ),
        # Long lines are a matter of taste to yamllint: it may complain, it must not fail.
        Command(name=LINT, arguments=(script("yamllint"), str(EXAMPLE)), codes=(0, 1)),
        Command(name=JSONSCHEMA, arguments=(script("check-jsonschema"), "--schemafile", str(SCHEMA), str(EXAMPLE))),
        Command(name=CHECK, arguments=(script("fedpolicy"), "check", str(EXAMPLE)), codes=(1,)),
    ]


def generated(shape: str, sizes: tuple[int, ...], runs: int) -> dict[int, Sample]:
    """Check deployments of N nodes and N flows; the largest once, because it runs long enough to be steady."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            path = Path(folder) / f"{shape}-{size}.yaml"
            path.write_text(deployment(size, shape), encoding="utf-8")
            more = ("--max-nodes", str(size), "--timeout", "0")
            command = Command(
                name=f"{shape} {size}", arguments=(script("fedpolicy"), "check", str(path), "--fail-on", "never", *more)
            )
            found[size] = sample_of([once(command) for _ in range(1 if size >= SIZES[-1] else runs)])
    return found


def analysed(shape: str, size: int, runs: int) -> dict[str, Sample]:
    """A check of one deployment, and the commands that compute it again and again, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        return interleaved(analysis_commands(Path(folder), shape, size), runs)


def analysis_commands(folder: Path, shape: str, size: int) -> list[Command]:
    """What is compared with a check: `diff` is told of one changed line, `repair` clears all that fails."""
    path, other = folder / "deployment.yaml", folder / "other.yaml"
    text = deployment(size, shape)
    path.write_text(text, encoding="utf-8")
    other.write_text(text.replace("via: [openai]", "revision: gpt-4o-2024-08-06, via: [openai]"), encoding="utf-8")
    arguments = {
        CHECK: ("check", str(path), "--fail-on", "never"),
        "fedpolicy control": ("control", str(path)),
        "fedpolicy diff": ("diff", str(path), str(other)),
        "fedpolicy repair": ("repair", str(path)),
    }
    return [Command(name=name, arguments=(script("fedpolicy"), *some)) for name, some in arguments.items()]


def analysis_rows(asked: Mapping[str, Mapping[str, Sample]]) -> list[tuple[str, ...]]:
    """The lines of the third table."""
    return [row(f"{shape}: {name}", sample) for shape, samples in asked.items() for name, sample in samples.items()]


def analysis_bars(asked: Mapping[str, Mapping[str, Sample]]) -> list[Bar]:
    """What each analysis costs beside a check of the same deployment in the same run."""
    return [
        Bar(
            name=f"{shape}: {name.removeprefix('fedpolicy ')} / check",
            value=sample.work / samples[CHECK].work,
            limit=3.0,
        )
        for shape, samples in asked.items()
        for name, sample in samples.items()
        if name != CHECK
    ]


def row(name: str, sample: Sample) -> tuple[str, ...]:
    """One line of the third table."""
    return name, f"{sample.median * 1000:.0f} ms", f"{sample.work * 1000:.0f} ms", f"{sample.peak:.0f} MiB"


def cold_rows(cold: Mapping[str, Sample]) -> list[tuple[str, ...]]:
    """The lines of the first table."""
    bare = cold[BARE].work
    return [
        (*row(name, sample)[:3], f"{sample.work / bare:.1f} x", row(name, sample)[3]) for name, sample in cold.items()
    ]


def scale_rows(scale: Mapping[str, Mapping[int, Sample]]) -> list[tuple[str, ...]]:
    """The lines of the second table."""
    return [
        (
            f"{shape} {size:,} + {size:,}",
            f"{sample.median:.2f} s",
            f"{sample.work:.2f} s",
            f"{per_element(sample, size) * 1e6:.0f} us",
            f"{sample.peak:.0f} MiB",
        )
        for shape, samples in scale.items()
        for size, sample in samples.items()
    ]


def per_element(sample: Sample, size: int) -> float:
    """Seconds of processor for each node or flow, the start of the process included."""
    return sample.work / (2 * size)


def cold_bars(cold: Mapping[str, Sample]) -> list[Bar]:
    """What a start may cost, in terms of other starts of the same run."""
    return [
        Bar(name="check / check-jsonschema", value=cold[CHECK].work / cold[JSONSCHEMA].work, limit=0.6),
        Bar(name="check / yamllint", value=cold[CHECK].work / cold[LINT].work, limit=None),
        Bar(name="--version / bare Python", value=cold[VERSION].work / cold[BARE].work, limit=1.6),
        Bar(name="completion / bare Python", value=cold[COMPLETION].work / cold[BARE].work, limit=1.6),
    ]


def scale_bars(scale: Mapping[str, Mapping[int, Sample]]) -> list[Bar]:
    """How time grows with size, and how much memory the largest needs."""
    found = []
    for shape, samples in scale.items():
        small, large = SIZES[1:]
        if large not in samples:
            continue
        ratio = per_element(samples[large], large) / per_element(samples[small], small)
        found.append(Bar(name=f"{shape}: time for each element, {large:,} / {small:,}", value=ratio, limit=1.0))
        exponent = growth(samples[small].work, samples[large].work, large / small)
        found.append(
            Bar(name=f"{shape}: exponent of growth, {small:,} to {large:,}", value=exponent, limit=None, unit="")
        )
        found.append(Bar(name=f"{shape}: peak at {large:,}", value=samples[large].peak, limit=300, unit="MiB"))
        if shape in LONG:
            found.append(Bar(name=f"{shape}: processor at {large:,}", value=samples[large].work, limit=3, unit="s"))
        if LARGE in samples:
            ratio = per_element(samples[LARGE], LARGE) / per_element(samples[large], large)
            found.append(Bar(name=f"{shape}: time for each element, {LARGE:,} / {large:,}", value=ratio, limit=1.0))
            found.append(Bar(name=f"{shape}: peak at {LARGE:,}", value=samples[LARGE].peak, limit=3072, unit="MiB"))
    return found


def say(text: str) -> None:
    """Print at once, so that a long run shows how far it is."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
