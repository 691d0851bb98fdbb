"""`python -m fuzz`: for a minute, or as long as you like. Exit code 1 if anything was found."""

from __future__ import annotations

import argparse
import secrets
import sys
from pathlib import Path
from time import monotonic

from fuzz.session import Finding, again, write
from fuzz.watch import Plan, watched

_ENDLESS = 10**9


def main() -> int:
    """Run, and say what was found."""
    given = _parser().parse_args()
    if given.again:
        broken = again(given.again, given.bound)
        print(f"still there: {broken} ({broken.site})" if broken else "no longer there")
        return int(broken is not None)
    seed = given.seed or secrets.token_hex(4)
    print(f"seed {seed}", flush=True)
    places: list[Path] = []

    def tell(finding: Finding, step: int) -> None:
        place = write(finding, given.found, f"python -m fuzz --seed {seed}, step {step}")
        places.append(place)
        print(f"FOUND {finding.broken} [{finding.broken.site}]\n      {place}", flush=True)

    seconds = given.minutes * 60 if given.minutes else given.seconds
    steps = given.steps or _ENDLESS
    counts = watched(Plan(seed, monotonic() + seconds, steps, given.bound, tell))
    laws = ", ".join(f"{name} {number}" for name, number in sorted(counts.items()) if name != "inputs")
    print(f"{counts['inputs']} inputs; {laws}")
    print(f"{len(places)} found" + (f", see {given.found}" if places else ""))
    return int(bool(places))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="for how long (default: 60)")
    parser.add_argument("--minutes", type=float, help="the same in minutes")
    parser.add_argument("--steps", type=int, help="at most so many steps of 16 inputs")
    parser.add_argument("--seed", default="", help="the same seed gives the same inputs (default: a new one)")
    parser.add_argument("--bound", type=float, default=20.0, help="seconds of processor time of a command")
    parser.add_argument("--found", type=Path, default=Path("fuzz/found"), help="where reproducers go")
    parser.add_argument("--again", type=Path, metavar="FOLDER", help="judge a reproducer once more")
    return parser


if __name__ == "__main__":
    sys.exit(main())
