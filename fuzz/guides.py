"""Guided runs of targets, one process each, since instrumented code and libFuzzer want one of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from fuzz.bytestream import input_of
from fuzz.command import Broken
from fuzz.guided import COUNTS
from fuzz.inputs import Source
from fuzz.session import Finding, write
from fuzz.watch import Done

MISSING = "atheris is not installed: `make fuzz-guided` makes an environment that has it (Python 3.11 to 3.13, Linux)"
_DEADLY = ("crash-*", "timeout-*", "oom-*")


def installed() -> bool:
    """Whether guided runs are possible here."""
    return find_spec("atheris") is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """
    How a target is asked: for how many seconds, how long a command may take, where what is found and kept goes.

    `seed` is what the choices of libFuzzer follow from; `corpus` are folders with more to mutate.
    """

    seconds: float
    bound: float
    found: Path
    kept: Path
    seed: str
    corpus: Sequence[Path] = ()

    def command(self, name: str) -> list[str]:
        """What asks this target."""
        given = {"seconds": self.seconds, "bound": self.bound, "found": self.found, "kept": self.kept}
        options = [f"--{key}={value}" for key, value in (given | {"seed": self.seed}).items()]
        return [sys.executable, "-m", "fuzz.guided", name, *options, *(f"--corpus={one}" for one in self.corpus)]


def guide(name: str, how: Guidance) -> tuple[Done, Sequence[Path]]:
    """Run a target for some seconds; what ended the process is a finding as well."""
    place, found, done = how.kept / name, how.found, Done()
    (place / COUNTS).unlink(missing_ok=True)
    before = _written(found)
    ended = subprocess.run(how.command(name), check=False)  # noqa: S603  ours
    if (place / COUNTS).is_file():
        counts = json.loads((place / COUNTS).read_text(encoding="utf-8"))
        done.judged[name], done.vacuous[name] = counts["judged"], counts["vacuous"]
    for artifact in (path for pattern in _DEADLY for path in sorted(place.glob(pattern))):
        one = input_of(Source(how.corpus), name, artifact.read_bytes())
        broken = Broken("death", (), f"the process ended with {ended.returncode}: {artifact.name}", artifact.name[:7])
        write(
            Finding(broken, name, {one.file: one.text} if one else {}),
            found,
            f"python -m fuzz --guided --target {name} --seed {how.seed}",
        )
        artifact.unlink()
    places = sorted(path for path, when in _written(found).items() if before.get(path) != when)
    if ended.returncode and not done.judged[name] and not places:
        raise RuntimeError(f"`{name}` did not start: {ended.returncode}")
    done.found[name] = len(places)
    return done, places


def _written(found: Path) -> dict[Path, int]:
    """What was found so far, and when it was written: the same may be found once more."""
    return {path.parent: path.stat().st_mtime_ns for path in found.glob("*/target.json")}
