"""Packs -> rules: shipped ones by name, others by path, as pinned, with what the user sets; every mistake at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from fedpolicy.errors import FedPolicyError, PolicyError, Problems, SettingsError
from fedpolicy.files import HERE, Files, policies_dir
from fedpolicy.findings import Span
from fedpolicy.policy import Rule, select_rules, set_params, set_severities
from fedpolicy.policy.bundle import bundled_once
from fedpolicy.suggest import advise

if TYPE_CHECKING:
    from fedpolicy.policy.packs import Frame
    from fedpolicy.settings import Settings

PACK_FILE = "_pack.yaml"
_KEPT = 1024  # rules


def load_rules(
    packs: Sequence[str] = ("federation",),
    *,
    params: Mapping[str, str] | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    severities: Mapping[str, str] | None = None,
    files: Files = HERE,
    alone: Collection[str] = (),
) -> tuple[Rule, ...]:
    """
    The rules of some packs, sorted by id.

    A pack is the name of a shipped one, a folder of rule files, or one rule file. `params` are texts by
    `rule-id.name`; `select` and `ignore` are ids or patterns such as `licence-*`; `severities` are words by rule id.
    `files` has packs of your own as a trusted revision has them; `alone` are rule files that are pinned, so that
    nothing beside them may say whom they protect.
    Raises Problems with a PolicyError per mistake in a file and a SettingsError per mistake in what the user set.
    """
    errors: list[FedPolicyError] = []
    found: dict[str, Rule] = {}
    for rule in _rules(packs, errors, files, alone):
        if rule.id in found:
            errors.append(_twice(rule, found[rule.id]))
        else:
            found[rule.id] = rule
    if errors:
        raise Problems(errors)
    known = tuple(found[name] for name in sorted(found))
    chosen = select_rules(known, select, ignore, errors)
    chosen = set_params(chosen, known, params or {}, errors)
    chosen = set_severities(chosen, known, severities or {}, errors)
    if errors:
        raise Problems(errors)
    return chosen


def shipped_packs() -> tuple[str, ...]:
    """The names of the packs that ship with fedpolicy."""
    return tuple(sorted(path.name for path in policies_dir().iterdir() if (path / PACK_FILE).is_file()))


def shipped_ids() -> frozenset[str]:
    """The ids of the rules of all packs that ship; reads no rule."""
    return frozenset(path.stem for path in policies_dir().glob("*/*.yaml") if not path.name.startswith("_"))


def pack_files(folder: Path, files: Files = HERE) -> list[Path]:
    """The rule files of a pack."""
    return [path for path in files.yaml(folder) if not path.name.startswith("_")]


def _rules(packs: Sequence[str], errors: list[FedPolicyError], files: Files, alone: Collection[str]) -> Iterator[Rule]:
    shipped = shipped_packs()
    for pack in dict.fromkeys(packs):
        # A name is a shipped pack; a path has a separator, an ending, or exists and is none of ours.
        if pack in shipped:
            yield from _shipped(pack, errors)
        elif files.is_folder(Path(pack)):
            listed = _folder(Path(pack), errors, files)
            frame = _frame(Path(pack), errors, files)
            yield from _load(listed, errors, partial(files.content, listed=True), frame)
        elif files.is_file(Path(pack)):
            name = files.name(Path(pack))
            found = [(Path(pack).resolve().parent.name, Path(pack), name)]
            yield from _load(
                found, errors, files.content, _frame_beside(Path(pack), errors, files, alone=pack in alone)
            )
        else:
            advice = f"{advise(pack, shipped, called='shipped')}, or a folder or file of rules"
            errors.append(SettingsError(f"there is no pack `{pack}`", help=advice))


def _shipped(pack: str, errors: list[FedPolicyError]) -> Iterable[Rule]:
    folder = policies_dir() / pack
    compiled = bundled_once(pack, folder)
    if compiled is not None:
        return compiled
    found = [(pack, path, f"policies/{pack}/{path.name}") for path in pack_files(folder)]
    return _load(found, errors, HERE.content, _frame(folder, errors, HERE, f"policies/{pack}/{PACK_FILE}"))


def _frame(folder: Path, errors: list[FedPolicyError], files: Files, shown: str = "") -> Frame | None:
    """What the rules of a pack share; None where its own file cannot be used, so that no rule can be."""
    from fedpolicy.policy.packs import frame_of  # noqa: PLC0415  compiled packs need none

    own = folder / PACK_FILE
    try:
        return frame_of(own, shown or files.name(own), files)
    except Problems as problems:
        errors += problems.errors
    except OSError as error:
        errors.append(_unreadable(files.name(own), error))
    return None


def _frame_beside(rule: Path, errors: list[FedPolicyError], files: Files, *, alone: bool) -> Frame | None:
    # Of a trusted revision, or of what is pinned, nothing that lies here may say whom one of its rules protects.
    trusted = rule.as_posix() in files.kept and (rule.parent / PACK_FILE).as_posix() not in files.kept
    return _frame(rule.parent / "nothing" if trusted or alone else rule.parent, errors, files)


def _folder(folder: Path, errors: list[FedPolicyError], files: Files) -> list[tuple[str, Path, str]]:
    name = folder.resolve().name
    own = folder / PACK_FILE
    found = pack_files(folder, files)
    if found and not files.is_file(own):
        advice = f"add one with `pack: {name}` and a `title`; docs/writing-rules.md shows it"
        errors.append(PolicyError(f"the pack has no `{PACK_FILE}`", span=Span(file=own.as_posix()), help=advice))
    if not found:
        errors.append(
            SettingsError(f"the pack `{folder.as_posix()}` holds no rules", help="add a file such as my-rule.yaml")
        )
    return [(name, path, files.name(path)) for path in found]


def _load(
    files: Iterable[tuple[str, Path, str]],
    errors: list[FedPolicyError],
    read: Callable[[Path], bytes],
    frame: Frame | None,
) -> Iterator[Rule]:
    if frame is None:
        return
    for pack, path, name in files:
        try:
            yield _rule(frame.name or pack, path, name, read(path), frame)
        except Problems as problems:
            errors += problems.errors
        except OSError as error:
            errors.append(_unreadable(name, error))


def _unreadable(name: str, error: OSError) -> PolicyError:
    reason = error.strerror or "it cannot be read"
    return PolicyError(reason, span=Span(file=name), help="name a rule file that can be read")


# Who checks again and again in one process compiles what has not changed once.
@lru_cache(maxsize=_KEPT)
def _rule(pack: str, path: Path, name: str, content: bytes, frame: Frame) -> Rule:
    from fedpolicy.policy.compiler import build_rule  # noqa: PLC0415  compiled packs need no compiler
    from fedpolicy.policy.rulefile import RULE  # noqa: PLC0415
    from fedpolicy.policy.sheet import read_sheet  # noqa: PLC0415

    return build_rule(read_sheet(content, name, RULE, examples=False), pack, path, frame)


def _twice(rule: Rule, other: Rule) -> PolicyError:
    message = f"the id `{rule.id}` is also that of the rule at {other.spans['id']}"
    return PolicyError(message, span=rule.spans["id"], help="rename one of them, file and id")


def chosen_rules(wanted: Settings) -> tuple[Rule, ...]:
    """
    Load the packs, refuse one that is not as pinned, and apply what is said of single rules.

    What a configuration says of a rule of another shipped pack is left alone. Raises Problems.
    """
    errors = [error for pack, pin in wanted.pins.items() for error in _changed_pack(pack, pin)]
    if errors:
        raise Problems(errors)
    load = partial(load_rules, wanted.packs, files=wanted.files, alone=wanted.pins)
    if not wanted.configured:
        return load(params=wanted.params, select=wanted.select, ignore=wanted.ignore)
    from fedpolicy.policy.housekeeping import CODED_IDS, OWN_IDS  # noqa: PLC0415  most runs say nothing of single rules

    present = {rule.id for rule in load()}
    elsewhere = shipped_ids() - present
    _must_exist(wanted.configured, present | elsewhere | {*OWN_IDS, *CODED_IDS})
    return load(
        params={name: text for name, text in wanted.params.items() if name.partition(".")[0] not in elsewhere},
        severities={rule: word for rule, word in wanted.severities.items() if rule in present},
        select=wanted.select,
        ignore=(*wanted.ignore, *(rule for rule in wanted.disabled if rule in present)),
    )


def changed(what: str, path: Path, shown: str, pin: str) -> list[FedPolicyError]:
    """What is wrong with a pack or a catalogue that is not as pinned."""
    from fedpolicy.digests import digest_of  # noqa: PLC0415  most runs pin nothing

    found = digest_of(path)
    if found == pin:
        return []
    advice = "read what has changed; if it is right, `fedpolicy pack digest` prints the new digest"
    return [SettingsError(f"the {what} `{shown}` is not the one that is pinned: its digest is {found}", help=advice)]


def _changed_pack(pack: str, pin: str) -> list[FedPolicyError]:
    from fedpolicy.digests import pack_path  # noqa: PLC0415  see above

    return changed("pack", pack_path(pack), pack, pin)


def _must_exist(configured: Sequence[str], known: set[str]) -> None:
    errors = [
        SettingsError(f"no rule is called `{name}`", help=advise(name, sorted(known)))
        for name in configured
        if name not in known
    ]
    if errors:
        raise Problems(errors)
