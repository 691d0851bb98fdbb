"""Writes `requirements/`: for each purpose the newest versions with hashes; and once, the lowest that we accept."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "requirements"
# What each file serves, as extras; all of them also run and build fedpolicy itself.
EXTRAS = {
    "run": (),
    "test": ("test",),
    "ci": ("test", "test-ci"),
    "lint": ("lint",),
    "docs": ("docs",),
    "build": ("build",),
    "bench": ("bench",),
    "oscal": ("oscal",),
    "lock": ("lock",),
    "release": ("release",),
}
# An environment of its own: what it needs does not go with the others.
APART = {"editor": ("test", "lint", "test-editor"), "enforce": ("test-enforce",), "fuzz": ("test-fuzz",)}
# No wheel of it is published, and what reads JSON does without.
LEFT_OUT = {"enforce": ("pyhocon", "pyparsing")}
LOWEST = ("test", "build")


def main() -> None:
    """One resolution binds all files that share an environment."""
    with TemporaryDirectory() as place:
        build = Path(place, "build.in")
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        build.write_text("\n".join(project["build-system"]["requires"]), encoding="utf-8")
        everything = Path(place, "everything.txt")
        together = dict.fromkeys(extra for extras in EXTRAS.values() for extra in extras)
        resolve(everything, build, wanted(list(together)))
        for name, extras in EXTRAS.items():
            resolve(FOLDER / f"{name}.txt", build, [f"--constraints={everything}", *wanted(extras)])
        for name, extras in APART.items():
            left_out = [f"--no-emit-package={one}" for one in LEFT_OUT.get(name, ())]
            resolve(FOLDER / f"{name}.txt", build, [*wanted(extras), *left_out])
        resolve(FOLDER / "lowest.txt", build, ["--resolution=lowest-direct", *wanted(LOWEST)])


def wanted(extras: Sequence[str]) -> list[str]:
    """The options that ask for extras."""
    return [f"--extra={extra}" for extra in extras]


def resolve(target: Path, build: Path, options: Sequence[str]) -> None:
    """For every system and Python; nothing of this machine, neither an index nor a folder of wheels, has a say."""
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", str(build), f"--output-file={target}"),
        *("--quiet", "--no-config", "--no-header", "--no-annotate", "--upgrade"),
        *("--universal", "--python-version=3.11", "--generate-hashes", *options),
    ]
    kept = {key: value for key, value in os.environ.items() if key != "UV_FIND_LINKS"}
    subprocess.run(command, check=True, cwd=ROOT, env=kept)  # noqa: S603  arguments of ours


if __name__ == "__main__":
    main()
