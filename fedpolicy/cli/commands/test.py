"""`fedpolicy test`: put the rules of packs to the test of their own examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.cli.errors import exit_code
from fedpolicy.cli.inputs import lost_of, watch_of
from fedpolicy.cli.options import FILE, answer_options, catalog_option, form_option, timeout_option
from fedpolicy.cli.terminal import emit, look_for
from fedpolicy.errors import Problems, SettingsError

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog
    from fedpolicy.report import Style
    from fedpolicy.report.trials import PackTrial
from fedpolicy.limits import TIMEOUT


@click.command("test")
@click.argument("packs", nargs=-1, metavar="[PACK]...", type=FILE)
@click.option("--coverage", is_flag=True, help="Show every rule: its examples, and how many mutants they notice.")
@click.option("--mutants/--no-mutants", "mutate", default=True, help="Also change each rule and see who notices.")
@click.option(
    "--min-mutation-score",
    "minimum",
    type=click.FloatRange(0, 100),
    default=0.0,
    metavar="PERCENT",
    help="Fail when the examples notice fewer mutants than this.",
)
@form_option(["text", "json", "junit"], "How to write the results.", shown=False)
@catalog_option
@timeout_option
@answer_options
def command(packs: tuple[str, ...], form: str, output: str | None, **options: Any) -> int:  # noqa: ANN401  click's
    """
    Test rules by the examples in their files.

    PACK is a shipped pack, a folder with a `_pack.yaml`, a folder of such folders, or one rule file; by default all
    shipped packs. Every rule needs an example that fails and one that passes. Each rule is then changed a little (a
    comparison negated, a part dropped, a constant moved): a change that no example notices is reported.

    Exit codes: 0 all rules do what their examples say, 1 some do not, 2 a pack cannot be used.
    """
    from fedpolicy.catalog import load_catalog
    from fedpolicy.policy.load import shipped_packs

    seconds = TIMEOUT if options["timeout"] is None else options["timeout"]
    results = _results(packs or shipped_packs(), load_catalog(options["catalogs"]), seconds, mutate=options["mutate"])
    emit(_written(results, form, look_for(output, no_color=options["no_color"]), coverage=options["coverage"]), output)
    if defects := [defect for pack in results for trial in pack.trials for defect in trial.defects]:
        raise Problems(defects)
    return exit_code((), failing=not _good(results, options["minimum"]))


def _good(results: Sequence[PackTrial], minimum: float) -> bool:
    from fedpolicy.report.trials import score, share

    total = score(results)
    return total.passed == total.rules and share(total.killed, total.mutants) >= minimum


def _written(results: Sequence[PackTrial], form: str, look: Style, *, coverage: bool) -> str:
    from fedpolicy.report.trials import as_json, as_junit, as_text

    if form == "text":
        return as_text(results, look, coverage=coverage)
    return (as_json if form == "json" else as_junit)(results)


def _results(named: Sequence[str], catalog: Catalog, seconds: float, *, mutate: bool) -> list[PackTrial]:
    from fedpolicy.policy.load import load_rules
    from fedpolicy.report.trials import PackTrial
    from fedpolicy.trial import try_rules

    found: list[PackTrial] = []
    watch = watch_of()
    lost = lost_of(watch, seconds, "was not tried")
    errors = list(lost.values())
    for pack in (name for name in _chosen(named) if name not in lost):
        if watch:
            watch.begin(pack, seconds)
        try:
            found.append(PackTrial(pack=pack, trials=list(try_rules(load_rules([pack]), catalog, mutate=mutate))))
        except Problems as problems:
            errors += problems.errors
    if errors:
        raise Problems(errors)
    return found


def _chosen(named: Sequence[str]) -> list[str]:
    """Each pack once; a rule file whose whole pack is named as well is not tried twice."""
    from fedpolicy.policy.load import PACK_FILE

    chosen = dict.fromkeys(one for name in named for one in _packs(name))
    folders = {name for name in chosen if (Path(name) / PACK_FILE).is_file()}
    return [name for name in chosen if Path(name).parent.as_posix() not in folders]


def _packs(name: str) -> Iterator[str]:
    """
    A pack itself, or every pack in a folder of packs. Raises SettingsError for a folder that is neither.

    A `_pack.yaml` stands for its pack: that is what a pre-commit hook names when the file has changed.
    """
    from fedpolicy.policy.load import PACK_FILE, shipped_packs

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
        raise SettingsError(f"`{folder.as_posix()}` is not a pack: it has no `{PACK_FILE}`", help=advice)
    yield from inside
