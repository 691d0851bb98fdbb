"""What a pack says of itself, and what its rules take from that: whom they protect, from when, by whose numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fedpolicy.catalog import load_catalog
from fedpolicy.errors import PolicyError, Problems, SettingsError
from fedpolicy.files import HERE, Files, content, policies_dir
from fedpolicy.findings import Reference
from fedpolicy.policy.load import PACK_FILE
from fedpolicy.policy.rulefile import PACK, STANDARDS
from fedpolicy.policy.sheet import Sheet, read_sheet
from fedpolicy.records import dataclass
from fedpolicy.suggest import advise


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """A rulebook whose requirements have numbers; `read` says which text was opened, `as_of` when."""

    name: str
    title: str
    url: str
    read: str
    as_of: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """From when something is a duty, and where that was read."""

    name: str
    day: str
    about: str
    url: str
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the rules of a pack share."""

    name: str = ""
    owners_in: tuple[str, ...] = ()
    days: tuple[tuple[str, str], ...] = ()
    numbers: tuple[tuple[str, frozenset[str]], ...] = ()


NO_FRAME = Frame()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A pack's own file; what it leaves out is empty."""

    name: str
    title: str
    version: str = ""
    about: str = ""
    scope: str = ""
    not_covered: str = ""
    for_people: str = ""
    owners_in: tuple[str, ...] = ()
    duties: tuple[Duty, ...] = ()
    standards: tuple[Standard, ...] = ()
    references: tuple[Reference, ...] = ()


def read_pack(name: str | Path) -> Pack:
    """Read what a shipped pack, or the one in a folder, says of itself. Raises Problems."""
    shipped = (policies_dir() / str(name) / PACK_FILE).is_file()
    path = (policies_dir() / str(name) if shipped else Path(name)) / PACK_FILE
    if not path.is_file():
        error = SettingsError(f"`{Path(name).as_posix()}` has no `{PACK_FILE}`", help="docs/writing-rules.md shows one")
        raise Problems([error])
    return _pack(_sheet(path, f"policies/{name}/{PACK_FILE}" if shipped else path.as_posix(), content(path)))


def frame_of(path: Path, shown: str, files: Files = HERE) -> Frame:
    """What the rules of a pack share, by its own file; nothing without one. Raises Problems and OSError."""
    if not files.is_file(path):
        return NO_FRAME
    pack = _pack(_sheet(path, shown, files.content(path, listed=True)))
    return Frame(
        name=pack.name,
        owners_in=pack.owners_in,
        days=tuple((duty.name, duty.day) for duty in pack.duties),
        numbers=tuple((one.name, frozenset(one.numbers)) for one in pack.standards),
    )


@cache
def standards() -> Mapping[str, Standard]:
    """The rulebooks whose numbers any rule may name, as they ship."""
    path = policies_dir() / "standards.yaml"
    tree: Any = read_sheet(content(path), "policies/standards.yaml", STANDARDS).tree
    return _standards(tree["standards"])


def strangers(sheet: Sheet) -> Iterator[PolicyError]:
    """What `owners_in` names and no catalogue knows: a law has to hold somewhere."""
    codes: Any = sheet.tree.get("owners_in", ())
    countries = load_catalog().countries if codes else {}
    for place, code in enumerate(codes):
        if code != "EEA" and code not in countries:
            near = (
                "write GB for the United Kingdom" if code == "UK" else "write a code of ISO 3166-1 such as US, or EEA"
            )
            yield sheet.error(("owners_in", place), f"`{code}` is not a country that the catalogue knows", near)


@cache
def _sheet(path: Path, shown: str, text: bytes) -> Sheet:
    del path  # two packs may be shown by one name
    sheet = read_sheet(text, shown, PACK)
    errors = list(strangers(sheet))
    if errors:
        raise Problems(errors)
    return sheet


def _pack(sheet: Sheet) -> Pack:
    tree: Any = sheet.tree
    return Pack(
        name=tree["pack"],
        title=tree["title"],
        version=tree.get("version", ""),
        **{key: _prose(tree.get(key, "")) for key in ("about", "scope", "not_covered", "for_people")},
        owners_in=tuple(tree.get("owners_in", ())),
        duties=tuple(Duty(name=name, **entry) for name, entry in tree.get("duties", {}).items()),
        standards=(*_named(sheet, tree.get("follows", ())), *_standards(tree.get("standards", {})).values()),
        references=tuple(Reference(**reference) for reference in tree.get("references", ())),
    )


def _named(sheet: Sheet, names: Sequence[str]) -> Iterator[Standard]:
    for place, name in enumerate(names):
        if name not in standards():
            advice = advise(name, sorted(standards()), called="known")
            raise Problems([sheet.error(("follows", place), f"no standard is called `{name}`", advice)])
        yield standards()[name]


def _standards(tree: Mapping[str, Any]) -> dict[str, Standard]:
    return {name: Standard(name=name, **{**entry, "numbers": tuple(entry["numbers"])}) for name, entry in tree.items()}


def _prose(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.strip().split("\n\n"))
