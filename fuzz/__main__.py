"""`python -m fuzz`: for a minute, or as long as you like. Exit code 1 if anything was found."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from fuzz.drawn import without_deadlines
from fuzz.guides import MISSING, Guidance, guide, installed
from fuzz.inputs import Source
from fuzz.page import PAGE, page, record
from fuzz.session import Finding, again, write
from fuzz.target import targets
from fuzz.watch import Done, Plan, watched

_ENDLESS = 10**9
_EACH = "each"


def main() -> int:
    """Run, and say what was found."""
    without_deadlines()
    parser = _parser()
    given = parser.parse_args()
    if given.list:
        print("\n".join(f"{one.name:28} {one.kind:12} {one.holds}" for one in targets().values()))
        return 0
    if given.target not in {"", _EACH, *targets()}:
        parser.error(f"there is no target `{given.target}`; python -m fuzz --list says which there are")
    if given.page:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if given.again:
        try:
            broken = again(given.again, given.bound)
        except ValueError as error:
            parser.error(str(error))
        print(f"still there: {broken} ({broken.site})" if broken else "no longer there")
        return int(broken is not None)
    if given.guided and not installed():
        parser.error(MISSING)
    return _run(given)


def _run(given: argparse.Namespace) -> int:
    seed = given.seed or secrets.token_hex(4)
    print(f"seed {seed}", flush=True)
    places: list[Path] = []
    chosen = list(targets()) if given.target == _EACH or (given.guided and not given.target) else [given.target]
    seconds, done, source = _seconds(given) / len(chosen), Done(), Source(given.corpus)
    how = Guidance(
        seconds=seconds, bound=given.bound, found=given.found, kept=given.kept, seed=seed, corpus=given.corpus
    )
    for name in chosen:
        if given.guided:
            more, new = guide(name, how)
            places += new
        else:
            more = watched(_plan(given, seed, name, source, places))
        done.add(more)
    print(table(done))
    if given.record:
        record(done)
    print(f"{sum(done.judged.values()):,} inputs judged; {len(places)} found", end="")
    print(f", see {given.found}" if places else "")
    return int(bool(places))


def _plan(given: argparse.Namespace, seed: str, name: str, source: Source, places: list[Path]) -> Plan:
    shown = f" --target {name}" if name else ""

    def tell(finding: Finding, step: int) -> None:
        place = write(finding, given.found, f"python -m fuzz --seed {seed}{shown}, step {step}")
        places.append(place)
        print(f"FOUND by {finding.target}: {finding.broken} [{finding.broken.site}]\n      {place}", flush=True)

    seconds = _seconds(given) / (len(targets()) if given.target == _EACH else 1)
    return Plan(seed, monotonic() + seconds, given.steps or _ENDLESS, given.bound, source, tell, name)


def _seconds(given: argparse.Namespace) -> float:
    return float(given.minutes * 60 if given.minutes else given.seconds)


def table(done: Done) -> str:
    """A line for each target that was asked: how many inputs it judged, how many said nothing, what was found."""
    rows: Sequence[tuple[str, int, int, int]] = [
        (name, done.judged[name], done.vacuous[name], done.found[name]) for name in targets() if done.judged[name]
    ]
    head = f"{'target':28} {'inputs':>10} {'say nothing':>12} {'found':>6}"
    return "\n".join([head, *(f"{name:28} {one:10,} {two:12,} {three:6,}" for name, one, two, three in rows)])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--list", action="store_true", help="name the targets, and what holds for each")
    parser.add_argument("--target", default="", metavar="NAME", help="only this one; `each`: all, for the same time")
    parser.add_argument("--seconds", type=float, default=60.0, help="for how long (default: 60)")
    parser.add_argument("--minutes", type=float, help="the same in minutes")
    parser.add_argument("--steps", type=int, help="at most so many steps of 16 inputs")
    parser.add_argument("--seed", default="", help="the same seed gives the same inputs (default: a new one)")
    parser.add_argument("--bound", type=float, default=20.0, help="seconds of processor time of a command")
    parser.add_argument("--found", type=Path, default=Path("fuzz/found"), help="where reproducers go")
    parser.add_argument("--record", action="store_true", help="keep how many inputs a minute there were, for the page")
    parser.add_argument("--page", action="store_true", help="write docs/fuzzing.md")
    parser.add_argument("--again", type=Path, metavar="FOLDER", help="judge a reproducer once more")
    parser.add_argument("--corpus", type=Path, action="append", default=[], help="a folder with more to mutate")
    parser.add_argument("--guided", action="store_true", help="let atheris choose inputs by what they reach")
    parser.add_argument("--kept", type=Path, default=Path(".fuzz"), help="where it keeps what reached new code")
    return parser


if __name__ == "__main__":
    sys.exit(main())
