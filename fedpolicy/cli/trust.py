"""What a run believes: its configuration, waivers and baseline, from files or from a git revision that is trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from fedpolicy import sources
from fedpolicy.cli.choices import Choices
from fedpolicy.cli.terminal import chatter
from fedpolicy.config import NAMES, Config, has_table
from fedpolicy.errors import InputError
from fedpolicy.files import Files, Kept
from fedpolicy.records import replace
from fedpolicy.settings import Settings, day_in_utc
from fedpolicy.startup import sha256

if TYPE_CHECKING:
    from fedpolicy.cli.revisions import Revision
    from fedpolicy.policy.baseline import Baseline
    from fedpolicy.sources import Source

_WAIVERS = "fedpolicy.waivers.yaml"
_GONE = "deployment-gone"  # its deployment is in no file any more


def trusted_settings(choices: Choices, options: Mapping[str, Any]) -> Settings:
    """
    The settings of a run with its waivers, its baseline and its day.

    Raises Problems where a file has mistakes, InputError where it or its revision is not there: neither a waiver nor
    an entry of a baseline ever counts by half.
    """
    settings = with_waivers(choices, options)
    found = _found("baseline", choices, options["baseline_from"])
    if found is None:
        return settings
    digests = {**settings.digests, "baseline": sha256(found.text).hexdigest()}
    return replace(settings, baseline=_baseline(found), digests=digests)


def _baseline(found: Source) -> Baseline:
    from fedpolicy.policy.baseline import read_baseline  # noqa: PLC0415  most runs have none

    baseline = read_baseline(found.text, found.name)
    if baseline.old and baseline.entries:
        chatter(
            f"note: {found.name} names no files, so it knows findings wherever a deployment of that name stands;"
            " `fedpolicy baseline --renew` writes them\n"
        )
    return baseline


def with_waivers(choices: Choices, options: Mapping[str, Any]) -> Settings:
    """The settings of a run with its day and its waivers, and without a baseline. Raises as `trusted_settings` does."""
    settings = replace(choices.settings, today=day_of(options))
    found = None if options["no_waivers"] else _found("waivers", choices, options["waivers_from"])
    if found is None:
        return settings
    from fedpolicy.policy.waivers import read_waivers  # noqa: PLC0415  most runs have none

    waivers = read_waivers(found.text, found.name)
    unbound = [entry.id for entry in waivers.entries if not entry.files and entry.rule != _GONE]
    if unbound:
        says = f"the waiver {unbound[0]} names" if len(unbound) == 1 else f"{len(unbound)} waivers name"
        chatter(f"note: {says} no `file`, so every file's deployments are meant; `fedpolicy waive --renew` writes it\n")
    return replace(settings, waivers=waivers, digests={"waivers": sha256(found.text).hexdigest()})


def day_of(options: Mapping[str, Any]) -> str:
    """The day in UTC, or the one that the user says it is, as ISO 8601."""
    given = options["today"]
    return given.date().isoformat() if given else day_in_utc()


def waivers_path(choices: Choices) -> Path:
    """Where the waivers are or would be: as set, else beside the configuration, else in the current folder."""
    named, _ = choices.origins["waivers"]
    usual = _usual(choices.config)
    return Path(named) if named else next((path for path in usual if path.exists()), usual[0])


def config_at(given: str | None, revision: str) -> Config:
    """
    The configuration as a revision has it: the one that is named, or the nearest one.

    Raises Problems with every mistake in it, InputError where the revision or the named file is not there.
    """
    from fedpolicy.cli.revisions import absent, file_at  # noqa: PLC0415  most runs need no git
    from fedpolicy.config.load import parse_config  # noqa: PLC0415

    for path in [Path(given)] if given else _candidates():
        found = file_at(revision, path)
        if given and found is None:
            raise absent(given, revision)
        if found and (given or path.name == NAMES[0] or has_table(found.text)):
            return replace(parse_config(found.text, path, found.name), revision=revision)
    return Config(revision=revision)


def files_at(revision: str, wanted: Mapping[str, bool]) -> Files:
    """
    Packs and catalogues by their paths, as a revision has them; true are those that must be there.

    What the command line names and the revision lacks is not of this repository, and lies where it was brought to.
    Raises InputError where the revision lacks what its own configuration names, or is not there.
    """
    from fedpolicy.cli.revisions import revision_of  # noqa: PLC0415  most runs need no git

    found: dict[str, Kept] = {}
    trusted = revision_of(revision)
    for path, must in wanted.items():
        kept = dict(_kept(trusted, path))
        if must and not kept:
            advice = "commit it there first, or pin it: `fedpolicy pack digest` prints the `sha256` to write beside it"
            raise InputError(f"`{path}` is not in the revision `{revision}`", help=advice)
        found |= kept
    return Files(kept=found)


def _kept(trusted: Revision, path: str) -> Iterator[tuple[str, Kept]]:
    """A file, or those of a folder."""
    at = PurePath(trusted.inside(path) or ".")
    near = [name for name in trusted.names(path) if at in (PurePath(name), PurePath(name).parent)]
    for name, text in trusted.texts(near):
        yield (PurePath(path) / PurePath(name).relative_to(at)).as_posix(), Kept(f"{trusted.name}:{name}", text)


def _found(what: str, choices: Choices, revision: str | None) -> Source | None:
    named, origin = choices.origins[what]
    usual = _usual(choices.config, what)
    if revision is not None:
        return _found_at(revision, [Path(named)] if named else usual, must=origin == "command line")
    path = Path(named) if named else next((path for path in usual if path.exists()), None)
    return sources.read(str(path)).usable() if path else None


def _found_at(revision: str, paths: list[Path], *, must: bool) -> Source | None:
    """Look into a revision. What only the change under test names may be missing there: then nothing is excused."""
    from fedpolicy.cli.revisions import absent, file_at  # noqa: PLC0415  most runs need no git

    for path in paths:
        found = file_at(revision, path)
        if found:
            return found
        if must:
            raise absent(path.as_posix(), revision)
    return None


def _usual(config: Config, what: str = "waivers") -> list[Path]:
    """Where a file is looked for that nobody named; a baseline always is named."""
    if what != "waivers":
        return []
    here = Path(_WAIVERS)
    return [config.folder / _WAIVERS, here] if config.name else [here]


def _candidates() -> list[Path]:
    """Where a configuration may be, nearest first, up to the root of the repository."""
    found = []
    for folder in (Path.cwd(), *Path.cwd().parents):
        found += [folder / name for name in NAMES]
        if (folder / ".git").exists():
            break
    return found
