"""
One target, led by atheris to inputs that reach code which none has reached: `python -m fuzz.guided NAME`.

Nothing of the product is imported before it can be instrumented. What reached new code is kept, and is where the next
run begins. A finding is written down as by `python -m fuzz`, and is no end.
"""

from __future__ import annotations

import argparse
import json
import pkgutil
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from fuzz.session import Session

COUNTS = "counts.json"
_OFTEN = 50  # inputs between two notes of how many there were
_RANDOM = 64  # first inputs that are drawn, beside the files that there are
_BYTES = 512
_LARGEST = 8192
_MEMORY = 3000  # MiB
_PATIENCE = 8  # times the bound of a command: a finding is made small within the call that found it


def main() -> None:
    """Run for some seconds; libFuzzer ends the process."""
    import atheris  # noqa: PLC0415  for three Pythons and two systems

    given = parsed(sys.argv[1:])
    with atheris.instrument_imports(include=["fedpolicy"]):
        import_module("fedpolicy")
        for module in pkgutil.walk_packages(sys.modules["fedpolicy"].__path__, "fedpolicy."):
            if not module.name.endswith("__main__"):
                _imported(module.name)
    judge = _Judge(given)
    place: Path = given.kept / given.target
    atheris.Setup([sys.argv[0], *options(given), str(place / "reached"), str(place / "first")], judge)
    atheris.Fuzz()


def options(given: argparse.Namespace) -> list[str]:
    """What libFuzzer is told."""
    place = given.kept / given.target
    return [
        *(f"-max_total_time={given.seconds:.0f}", f"-max_len={_LARGEST}", "-len_control=0", "-verbosity=0"),
        *(f"-rss_limit_mb={_MEMORY}", f"-timeout={given.bound * _PATIENCE:.0f}", f"-artifact_prefix={place}/"),
        f"-seed={seed_number(given.seed)}",
    ]


def seed_number(seed: str) -> int:
    """A seed as libFuzzer has it: 31 bits and not 0, which would mean a new one."""
    return crc32(seed.encode()) % (2**31 - 1) + 1


def _imported(name: str) -> None:
    try:
        import_module(name)
    except ImportError:  # what needs an extra that is not installed
        return


class _Judge:
    """What libFuzzer calls with each input."""

    def __init__(self, given: argparse.Namespace) -> None:
        from fuzz.drawn import without_deadlines  # noqa: PLC0415  see above
        from fuzz.inputs import Source  # noqa: PLC0415
        from fuzz.kept import keep_rules  # noqa: PLC0415

        without_deadlines()
        keep_rules()
        self.given, self.source, self.place = given, Source(given.corpus), given.kept / given.target
        self.session = self._session()
        _begin(self.source, given.target, self.place)

    def __call__(self, data: bytes) -> None:
        """Judge one, and note from time to time how many there were."""
        from random import Random  # noqa: PLC0415  as all else

        from fuzz.bytestream import input_of  # noqa: PLC0415

        one = input_of(self.source, self.given.target, data)
        if one is None:
            return
        self.session.judge(self.given.target, {one.file: one.text}, Random(data))
        if self.session.counts[self.given.target] % _OFTEN == 0:
            self.note()

    def note(self) -> None:
        """Leave the counts where whoever has started this process reads them."""
        name = self.given.target
        counts = {"judged": self.session.counts[name], "vacuous": self.session.vacuous[name]}
        (self.place / COUNTS).write_text(json.dumps(counts), encoding="utf-8")

    def _session(self) -> Session:
        from fuzz.session import Finding, Session, write  # noqa: PLC0415

        def tell(finding: Finding) -> None:
            origin = f"python -m fuzz --guided --target {finding.target} --seed {self.given.seed}"
            place = write(finding, self.given.found, origin)
            print(f"FOUND by {finding.target}: {finding.broken} [{finding.broken.site}]\n      {place}", flush=True)

        return Session("", self.given.bound, tell, source=self.source)


def _begin(source: Any, name: str, place: Path) -> None:
    """Write the inputs that a first run begins with."""
    from random import Random  # noqa: PLC0415

    from fuzz.bytestream import first_inputs  # noqa: PLC0415

    for folder in ("first", "reached"):
        (place / folder).mkdir(parents=True, exist_ok=True)
    drawn = [Random(number).randbytes(_BYTES) for number in range(_RANDOM)]
    for number, data in enumerate([*first_inputs(source, name), *drawn]):
        (place / "first" / f"{number:05}").write_bytes(data)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """What this process was started with."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.guided", description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", required=True)
    parser.add_argument("--bound", type=float, default=20.0)
    parser.add_argument("--found", type=Path, default=Path("fuzz/found"))
    parser.add_argument("--kept", type=Path, default=Path(".fuzz"))
    parser.add_argument("--corpus", type=Path, action="append", default=[])
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
