"""What a verdict rests on, as digests and settings that a statement holds; whether one is about what lies here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fedpolicy import __version__
from fedpolicy.cli.terminal import emit
from fedpolicy.digests import digest_of, digest_of_facts, digest_of_tool, pack_path
from fedpolicy.errors import InputError
from fedpolicy.files import content
from fedpolicy.overview import Basis, Digest
from fedpolicy.report.statement import Statement, as_text, checked_digests, read_statement
from fedpolicy.startup import sha256

if TYPE_CHECKING:
    from fedpolicy.findings import Report
    from fedpolicy.settings import Settings

_TEXTS = ("packs", "select", "ignore", "configured", "disabled")
_MAPS = ("params", "severities")
_PLAIN = ("max_epsilon", "today", "whole")


def basis_of(settings: Settings) -> Basis:
    """The digests of tool, facts, packs and the user's own files, and every setting that a verdict depends on."""
    excuses = (("waivers", settings.waivers), ("baseline", settings.baseline))
    named = {what: file.name for what, file in excuses if file}
    rows = {
        **{name: list(getattr(settings, name)) for name in _TEXTS},
        **{name: dict(sorted(getattr(settings, name).items())) for name in _MAPS},
        **{name: getattr(settings, name) for name in _PLAIN},
        "catalogs": [one.as_posix() for one in settings.catalogs],
        "waivers": named.get("waivers"),
        "baseline": named.get("baseline"),
        "owner": settings.overview or "",
    }
    return Basis(digests=tuple(_digests(settings, named)), settings=rows)


def _digests(settings: Settings, excuses: Mapping[str, str]) -> Iterator[Digest]:
    yield Digest(what="tool", name=f"fedpolicy {__version__}", sha256=digest_of_tool())
    yield Digest(what="catalogue", name="as shipped", sha256=digest_of_facts())
    for name in settings.packs:
        yield _digest("pack", name, pack_path(name), settings)
    for one in settings.catalogs:
        yield _digest("catalogue", one.as_posix(), one, settings)
    for what, name in excuses.items():
        yield Digest(what=what, name=name, sha256=settings.digests.get(what, ""))


def _digest(what: str, name: str, path: Path, settings: Settings) -> Digest:
    return Digest(what=what, name=name, sha256=digest_of(path, settings.files))


def current(what: str, name: str) -> str:
    """The digest that something has here and now. Raises SettingsError or OSError where it is not there."""
    if what == "tool":
        return digest_of_tool()
    if what == "catalogue" and name == "as shipped":
        return digest_of_facts()
    return digest_of(pack_path(name) if what == "pack" else Path(name))


def judged_again(files: list[str], row: Mapping[str, Any]) -> Report:
    """Check these files once more with the settings of a statement. Raises as a check does."""
    from fedpolicy import check, sources  # noqa: PLC0415  a comparison of digests needs no room
    from fedpolicy.cli.choices import choices_of  # noqa: PLC0415
    from fedpolicy.cli.run import for_owner  # noqa: PLC0415
    from fedpolicy.cli.trust import trusted_settings  # noqa: PLC0415

    named = {key: row.get(key) for key in ("waivers", "baseline")}
    trust = {"no_waivers": named["waivers"] is None, "waivers_from": None, "baseline_from": None, "today": None}
    settings = replace(trusted_settings(choices_of({"isolated": True} | named), trust), **_of_row(row))
    report = check.report_on((sources.read(name) for name in files), settings)
    report = replace(report, fail_on=row["fail_on"], strict=row["strict"], basis=basis_of(settings))
    return for_owner(report, row["owner"]) if row["owner"] else report


def _of_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in a statement, but for its waivers and its baseline, which are read again."""
    texts = {name: tuple(row[name]) for name in _TEXTS}
    plain = {name: row[name] for name in (*_MAPS, *_PLAIN)}
    return {**texts, **plain, "catalogs": tuple(map(Path, row["catalogs"])), "overview": row["owner"] or None}


_SAME, _DIFFERENT = 0, 1
_HERE = frozenset({"file", "waivers", "baseline"})


def verify(name: str, output: str | None = None, *, again: bool = False) -> int:
    """Compare, tell, and give the exit code. Raises InputError where this is no statement of ours."""
    try:
        read = read_statement(content(Path(name)), name)
    except OSError as error:
        advice = "name the file that `fedpolicy check --format in-toto` has written"
        raise InputError(f"`{name}` cannot be read: {error.strerror or error}", help=advice) from error
    found = checked_digests(read, _now)
    same = _says_the_same(read) if again else None
    emit(as_text(read, found, again=same), output)
    return _SAME if all(one.same for one in found) and same is not False else _DIFFERENT


def _now(one: Digest) -> str:
    if one.what in _HERE:
        return sha256(content(Path(one.name))).hexdigest()
    return current(one.what, one.name)


def _says_the_same(read: Statement) -> bool:
    """Whether the same run gives the same statement here. Raises as a check does."""
    from fedpolicy.report.formats import load_format  # noqa: PLC0415

    return read.equals(load_format("in-toto").render(judged_again(read.files, read.settings)))
