"""Run by the interpreter of an empty environment: is everything that ships there, and the same as in the source?"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import fedpolicy
from fedpolicy.catalog import load_catalog
from fedpolicy.cli.plain import WORDS, plain_options
from fedpolicy.files import catalog_dir, policies_dir, schemas_dir
from fedpolicy.policy.bundle import bundled
from fedpolicy.policy.load import shipped_packs


def main(source: Path) -> str:
    """Compare file by file; the catalogue must load, and what was worked out before be used."""
    package = Path(fedpolicy.__file__).resolve().parent
    if package.is_relative_to(source):
        return f"{package} is the checkout, not an installation"
    for ours, theirs, pattern in (
        (policies_dir(), source / "policies", "**/*.yaml"),
        (schemas_dir(), source / "schemas", "*.json"),
        (catalog_dir(), source / "fedpolicy" / "catalog", "*.yaml"),
    ):
        if not ours.is_relative_to(package):
            return f"{ours} is outside the installation"
        if contents(ours, pattern) != contents(theirs, pattern):
            return f"{ours} differs from the source"
    for pack in shipped_packs():
        if not bundled(pack, policies_dir() / pack):
            return f"the pack {pack} is not compiled, or its bundle is not used"
    if plain_options(import_module(WORDS).TABLE, ["deployment.yaml"], {}) is None:
        return "a plain check waits for click"
    return "" if len(load_catalog().models) else "the catalogue holds no models"


def contents(folder: Path, pattern: str) -> dict[str, bytes]:
    """Every file of a kind by its name; a folder without any is a mistake."""
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.glob(pattern))}
    if not found:
        sys.exit(f"{folder} holds no {pattern}")
    return found


sys.exit(main(Path(sys.argv[1]).resolve()) or 0)
