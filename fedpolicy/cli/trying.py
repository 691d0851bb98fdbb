"""What `fedpolicy test` does: find packs, try every rule, write the results."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from fedpolicy.catalog.load import Catalog, load_catalog
from fedpolicy.cli.errors import CLEAN, FINDINGS
from fedpolicy.cli.terminal import emit, look_of
from fedpolicy.errors import FedPolicyError, Problems, SettingsError
from fedpolicy.policy.load import PACK_FILE, load_rules, shipped_packs
from fedpolicy.policy.trial import try_rules
from fedpolicy.report.trials import PackTrial, as_json, as_junit, as_text, score, share

__all__ = ["FORMATS", "try_packs"]

FORMATS = ("text", "json", "junit")


def try_packs(
    named: Sequence[str],
    catalogs: Sequence[Path],
    form: str,
    output: str | None,
    *,
    mutate: bool,
    coverage: bool,
    minimum: float,
    no_color: bool,
) -> int:
    """Try every pack, write the results, and give the exit code. Raises Problems where a pack cannot be read."""
    results = _results(named or shipped_packs(), load_catalog(catalogs), mutate=mutate)
    if form == "text":
        look = look_of(sys.stdout, no_color=no_color or output is not None)
        emit(as_text(results, look, coverage=coverage), output)
    else:
        emit((as_json if form == "json" else as_junit)(results), output)
    defects = [defect for pack in results for trial in pack.trials for defect in trial.defects]
    if defects:
        raise Problems(defects)
    total = score(results)
    good = total.passed == total.rules and share(total.killed, total.mutants) >= minimum
    return CLEAN if good else FINDINGS


def _results(named: Sequence[str], catalog: Catalog, *, mutate: bool) -> list[PackTrial]:
    found: list[PackTrial] = []
    errors: list[FedPolicyError] = []
    for pack in _chosen(named):
        try:
            rules = load_rules([pack])
            found.append(PackTrial(pack=pack, trials=list(try_rules(rules, catalog, mutate=mutate))))
        except Problems as problems:
            errors += problems.errors
    if errors:
        raise Problems(errors)
    return found


def _chosen(named: Sequence[str]) -> list[str]:
    """Each pack once; a rule file whose whole pack is named as well is not tried twice."""
    chosen = dict.fromkeys(one for name in named for one in _packs(name))
    folders = {name for name in chosen if (Path(name) / PACK_FILE).is_file()}
    return [name for name in chosen if Path(name).parent.as_posix() not in folders]


def _packs(name: str) -> Iterator[str]:
    """
    A pack itself, or every pack in a folder of packs. Raises SettingsError for a folder that is neither.

    A `_pack.yaml` stands for its pack: that is what a pre-commit hook names when the file has changed.
    """
    folder = Path(name)
    if folder.name == PACK_FILE and folder.is_file():
        yield folder.parent.as_posix()
        return
    if name in shipped_packs() or not folder.is_dir() or (folder / PACK_FILE).is_file():
        yield name
        return
    inside = sorted(path.parent.as_posix() for path in folder.glob(f"*/{PACK_FILE}"))
    if not inside:
        advice = f"add `{PACK_FILE}` with its `pack`, `title` and `about`; docs/writing-rules.md shows one"
        raise SettingsError(f"`{folder.as_posix()}` is no pack: it has no `{PACK_FILE}`", help=advice)
    yield from inside
