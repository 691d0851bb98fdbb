"""A name that means nothing where it stands: why, and what it could have meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fedpolicy.language.model import Deployment
from fedpolicy.language.model.shape import entry_shape
from fedpolicy.language.model.types import RESERVED
from fedpolicy.language.reading.mistakes import Mistake
from fedpolicy.language.reading.raw import Names, ids
from fedpolicy.suggest import advise, as_entry, did_you_mean, listed, misspelt, nearest, shown_value

if TYPE_CHECKING:
    from fedpolicy.language.reading.resolve import Mention
    from fedpolicy.language.reading.spans import Path

Said = tuple[str, str | Callable[[], str]]

_DECLARED = {"party": "parties", "node": "nodes", "dataset": "datasets", "model": "models"}
_CALLED = {
    "provider": "provider",
    "category": "category of data",
    "country": "ISO 3166-1 alpha-2 code",
    "region": "region of a cloud",
}
_PLURAL = {"category": "categories of data", "country": "codes of countries", "region": "regions of clouds"}
_MEANS = {
    "public": "is everybody",
    "participants": "stands for all of them in `trusts`, `releases`, `between`, `people`, `operated_by`, "
    "`controlled_by`, `code_signed_by`, `approved_by` and `account` only",
}
_GROUPS = {"EEA", "EU", "EFTA", "APAC", "EMEA"}
_CODES_OF_OTHERS = {"UK": "GB for the United Kingdom", "EL": "GR for Greece", "USA": "US"}


def unresolved(reference: Mention, names: Names) -> Mistake | None:
    """Why this name cannot stand here, or None where it can."""
    name, wanted = reference.name, reference.wanted
    if name in wanted.words:
        return None
    found = [kind for kind in wanted.kinds if names.has(kind, name)]
    if found:
        return _unclear(reference, found)
    if _unsure(reference, names) or _new(reference, names):
        return None
    message, advice = _why(reference, names)
    return Mistake(path=reference.path, message=message, help=advice)


def _unclear(reference: Mention, found: list[str]) -> Mistake | None:
    """Why a name that means something cannot stand here all the same."""
    said = shown_value(reference.name)
    if reference.repeated:
        return Mistake(path=reference.path, message=f"{said} is named twice", help="name it once")
    if found == ["dataset", "model"]:
        message = f"{said} is the id of a dataset and of a model"
        return Mistake(path=reference.path, message=message, help="rename one of the two")
    return None


def _unsure(reference: Mention, names: Names) -> bool:
    """Whether this may be a member of something that is wrong itself, which was said."""
    family, at, _ = reference.name.partition("@")
    if not at:
        return False
    if "dataset" in reference.wanted.kinds and family in names.declared("datasets"):
        return names.places([place for _, place in ids(names.entry("datasets", family), "at")]) is None
    party = names.entry("nodes", family).get("party")
    return (
        "node" in reference.wanted.kinds
        and family in names.declared("nodes")
        and len(ids({"party": party}, "party")) != (len(party) if isinstance(party, tuple) else 1)
    )


def _new(reference: Mention, names: Names) -> bool:
    """
    Whether this can be a model or provider that the catalogue does not know yet, which is a question and no mistake.

    What is nearly the name of something declared here is a slip of the pen.
    """
    name, kinds = reference.name, reference.wanted.kinds
    if "catalogue model" in kinds:
        return True
    if "provider" not in kinds or name in RESERVED or "@" in name:
        return False
    if any(name in names.declared(section) for section in _DECLARED.values()):
        return False
    return not misspelt(name, [known for kind in kinds if kind in _DECLARED for known in names.known(kind)])


def _why(reference: Mention, names: Names) -> Said:
    name, kinds = reference.name, reference.wanted.kinds
    if name in RESERVED:
        return _reserved(reference, names)
    if "country" in kinds:
        return _country(name, names) if "region" not in kinds else _region(name, names)
    if "@" in name and (kind := next((kind for kind in kinds if kind in ("node", "dataset")), None)):
        return _member(name, kind, names)
    return _elsewhere(reference, names) or _nowhere(reference, names)


def _reserved(reference: Mention, names: Names) -> Said:
    wanted = f"`{_key(reference)}`, which names {_either(reference)}"
    if reference.name == "unknown":
        advice = "name one" if _required(reference.path) else "name one, or leave the key out"
        return f"`unknown` cannot stand for {wanted}", advice
    message = f"{shown_value(reference.name)} {_MEANS[reference.name]}; it cannot stand for {wanted}"
    return message, lambda: f"known: {listed(_known(reference, names))}"


def _country(name: str, names: Names) -> Said:
    countries = names.known("country")
    if name.upper() in _GROUPS:
        message = f"{shown_value(name)} is a group of countries, not an ISO 3166-1 alpha-2 code"
        return message, "list the codes of the countries concerned, such as [DE, FR]"
    message = f"{shown_value(name)} is not an ISO 3166-1 alpha-2 code"
    section = names.catalog.countries
    if meant := _CODES_OF_OTHERS.get(name.upper()):
        return message, f"write {meant}"
    if name.upper() in countries:
        return message, f"write {name.upper()}"
    codes = {section[code].name.casefold(): code for code in countries}
    if code := codes.get(name.casefold()):
        return message, f"write {code}"
    near = codes.get(nearest(name.casefold(), codes) or "")
    also = f"; did you mean {near} for {section[near].name}?" if near else ""
    return message, f"write a code that the standard has, such as DE{also}"


def _region(name: str, names: Names) -> Said:
    """Where machines stand: a country, or a region of a cloud."""
    message, advice = _country(name, names)
    if "such as" not in str(advice):
        return message, advice
    if name.upper() in _GROUPS:
        return message, "write EU, or the code of the country, such as DE"
    message = f"{shown_value(name)} is neither an ISO 3166-1 alpha-2 code nor a cloud's region that the catalogue knows"
    near = nearest(name, names.known("region"))
    also = f"; did you mean {shown_value(near)}?" if near else ""
    return message, f"write the country where the machines stand, such as DE{also}"


def _member(name: str, kind: str, names: Names) -> Said:
    family, _, member = name.partition("@")
    if not names.has(kind, family):
        known = names.known(kind)
        return f"no {kind} {shown_value(family)}", lambda: did_you_mean(family, known) or _declare(kind)
    members = names.members_of(kind, family)
    if not members:
        return (
            f"{kind} {shown_value(family)} is one, not one per party",
            f"write {shown_value(family)}, or make its `party` a list",
        )
    message = f"{kind} {shown_value(family)} has no member {shown_value(member)}"
    return message, lambda: advise(member, sorted(members), called="its members are")


def _elsewhere(reference: Mention, names: Names) -> Said | None:
    """Somebody named a party where a node is meant, and the like."""
    others = [kind for kind, section in _DECLARED.items() if reference.name in names.declared(section)]
    if not others:
        return None
    message = f"{shown_value(reference.name)} is a {others[0]}, and `{_key(reference)}` names {_either(reference)}"
    return message, lambda: _near(reference, names, others[0])


def _near(reference: Mention, names: Names, kind: str) -> str:
    if kind != "party" or "node" not in reference.wanted.kinds:
        return f"known: {listed(_known(reference, names))}"
    own = [f"{family}@{m}" for family, members in names.families.items() for m in members if m == reference.name]
    own += [name for name in names.declared("nodes") if names.entry("nodes", name).get("party") == reference.name]
    return f"its nodes are {listed(sorted(own))}" if own else "it has no node; declare one under `nodes`"


def _nowhere(reference: Mention, names: Names) -> Said:
    name = reference.name
    kind = next((kind for kind in reference.wanted.kinds if kind in _DECLARED), reference.wanted.kinds[0])
    return f"no {_called(reference)} {shown_value(name)}", lambda: _hint(reference, names, kind)


def _hint(reference: Mention, names: Names, kind: str) -> str:
    known = _known(reference, names)
    for called in (names.also_called(kind, reference.name) for kind in reference.wanted.kinds):
        if called:
            return f"did you mean `{called}`?"
    found = did_you_mean(reference.name, known)
    if kind == "model" and not found and (row := names.catalog.models.find(reference.name)) is not None:
        return as_entry(row.id)
    if kind in _DECLARED:
        declare = _declare(kind)
        if kind == "party" and (role := _role(reference, names)):
            declare += f", as `{reference.name}: {{role: {role}}}`"
        return found or f"{declare}; known: {listed(known)}" if known else declare
    return advise(reference.name, known)


def _role(reference: Mention, names: Names) -> str:
    """What a party is that has no entry yet: whoever is named as a host, else a provider of the catalogue."""
    if _key(reference) == "host":
        return "host"
    return "provider" if reference.name in names.catalog.providers else ""


def _declare(kind: str) -> str:
    return f"declare it under `{_DECLARED[kind]}`"


def _known(reference: Mention, names: Names) -> list[str]:
    declared = [name for kind in reference.wanted.kinds for name in names.known(kind) if name not in RESERVED]
    return list(dict.fromkeys([*declared, *reference.wanted.words]))


def _required(path: Path) -> bool:
    section = entry_shape(Deployment).get(str(path[0]))
    entry = section.shape.values.entry if section and section.shape.values else None
    key = entry_shape(entry).get(str(path[2])) if entry else None
    return key is not None and key.required


def _called(reference: Mention) -> str:
    return " or ".join(_CALLED.get(kind, kind) for kind in reference.wanted.kinds)


def _either(reference: Mention) -> str:
    kinds = [_DECLARED.get(kind, _PLURAL.get(kind, f"{kind}s")) for kind in reference.wanted.kinds]
    return " or ".join(kinds)


def _key(reference: Mention) -> str:
    return next(str(step) for step in reversed(reference.path) if isinstance(step, str))
