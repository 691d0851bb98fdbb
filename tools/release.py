"""What a release consists of beside the wheel: its notes, and a folder of wheels for machines without a network."""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

from packaging.utils import parse_wheel_filename

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "run.txt"


def main() -> None:
    """Print notes, or fill a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    notes = commands.add_parser("notes", help="print the section of the changelog about a version")
    notes.add_argument("version")
    house = commands.add_parser("wheelhouse", help="download the locked wheels for this platform, or for another")
    house.add_argument("wheel", type=Path, help="the wheel of fedpolicy itself")
    house.add_argument("folder", type=Path, help="the folder to fill; it must not be there")
    house.add_argument("--platform", action="append", default=[], help="such as manylinux_2_28_x86_64; may be repeated")
    house.add_argument("--python", help="such as 3.12; left out: the Python that runs this")
    given = parser.parse_args()
    if given.command == "notes":
        sys.stdout.write(section((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), given.version))
    else:
        wheelhouse(given.wheel, given.folder, options(given.platform, given.python))


def section(changelog: str, version: str) -> str:
    """The text between the heading of a version and the next; a version that is not there is a mistake."""
    found = re.search(rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if not found or not found[1].strip():
        sys.exit(f"CHANGELOG.md says nothing about {version}: give it a heading '## [{version}] - YYYY-MM-DD'")
    return f"{found[1].strip()}\n"


def options(platforms: list[str], python: str | None) -> list[str]:
    """Those of `pip download`."""
    named = [f"--platform={platform}" for platform in platforms]
    return [*named, *([f"--python-version={python}"] if python else [])]


def wheelhouse(wheel: Path, folder: Path, more: list[str]) -> None:
    """Every file that the lock names, ours, and one list with the hash of each."""
    folder.mkdir(parents=True)
    base = [sys.executable, "-I", "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    bound = ["--require-hashes", "--only-binary=:all:", f"--requirement={LOCK}", f"--dest={folder}"]
    subprocess.run([*base, *bound, *more], check=True)  # noqa: S603  arguments of ours
    shutil.copy(wheel, folder)
    listed = "".join(map(requirement, sorted(folder.glob("*.whl"))))
    (folder / "requirements.txt").write_text(listed, encoding="utf-8", newline="\n")


def requirement(wheel: Path) -> str:
    """The line that lets pip take this file and no other."""
    name, version, _, _ = parse_wheel_filename(wheel.name)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


if __name__ == "__main__":
    main()
