"""What somebody says of a deployment that is to be declared: in a file, or asked in a conversation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.archetypes import Answers, mistakes, names, wanted
from fedpolicy.cli.terminal import chatter
from fedpolicy.errors import Problems, SettingsError
from fedpolicy.records import replace

if TYPE_CHECKING:
    from fedpolicy.findings import Span
    from fedpolicy.language.reading.source import Raw

__all__ = ["given", "interviewed"]

_PARTICIPANTS = {"north": "DE", "south": "FR", "east": "NL"}
_TEXTS = ("archetype", "name", "coordinator", "country", "dataset", "model", "hosted")
_FORMS: dict[str, tuple[type, str]] = {
    **dict.fromkeys(_TEXTS, (str, "a text")),
    "subjects": (int, "a whole number"),
    "participants": (dict, "a map of ids to countries, such as {north: DE, south: FR}"),
}


def given(archetype: str | None, file: Path | None) -> Answers:
    """What a file says, or an archetype alone. Raises Problems with all that does not fit together."""
    raw = _read(file) if file else None
    said: dict[str, Any] = dict(raw.tree) if raw and isinstance(raw.tree, dict) else {}
    if archetype is not None and said.get("archetype", archetype) != archetype:
        message = f"`--from {archetype}` and the answers, which say `{said['archetype']}`, contradict each other"
        raise SettingsError(message, help="leave one of them out")
    if archetype:
        said["archetype"] = archetype
    if "archetype" not in said:
        raise SettingsError("the answers name no archetype", help=f"write one of: {', '.join(names())}")
    answers = Answers(**_formed(said, raw))
    if found := mistakes(answers):
        raise Problems(found)
    return answers


def _read(file: Path) -> Raw:
    """The answers of a file. Raises Problems for what is none."""
    from fedpolicy import sources  # noqa: PLC0415  help must stay quick
    from fedpolicy.language.reading.source import read  # noqa: PLC0415

    source = sources.read(str(file)).usable()
    found = read(source.text, source.name)
    if found.errors:
        raise Problems(found.errors)
    raw = found.documents[0] if found.documents else None
    if raw is None or not isinstance(raw.tree, dict):
        message = f"`{source.name}` holds something else than answers"
        raise SettingsError(message, help=f"it may say: {', '.join(sorted(Answers.__dataclass_fields__))}")
    if unknown := [key for key in raw.tree if key not in Answers.__dataclass_fields__]:
        raise Problems([_no_answer(key, raw) for key in unknown])
    return raw


def _no_answer(key: str, raw: Raw) -> SettingsError:
    from fedpolicy.suggest import advise  # noqa: PLC0415

    advice = advise(key, Answers.__dataclass_fields__)
    return SettingsError(f"`{key}` is none of the answers", span=raw.spans.key((key,)), help=advice)


def _formed(said: Mapping[str, Any], raw: Raw | None) -> dict[str, Any]:
    """The answers, with participants where nobody named them. Raises Problems where one has another form."""
    values = {"participants": dict(_PARTICIPANTS), **said}
    parties, categories = values["participants"], values.get("categories", ("health",))
    if isinstance(parties, (list, tuple)):
        values["participants"] = dict.fromkeys(map(str, parties), str(values.get("country", "DE")))
    values["categories"] = tuple(map(str, categories)) if isinstance(categories, (list, tuple)) else (categories,)
    wrong = [name for name, (form, _) in _FORMS.items() if name in values and type(values[name]) is not form]
    if wrong:
        raise Problems([_misformed(name, raw) for name in wrong])
    return {**values, "participants": {str(name): str(country) for name, country in values["participants"].items()}}


def _misformed(name: str, raw: Raw | None) -> SettingsError:
    place: Span | None = raw.spans.at((name,)) if raw else None
    return SettingsError(f"`{name}` has another form than it should", span=place, help=f"write {_FORMS[name][1]}")


def interviewed(archetype: str) -> Answers:
    """Ask for what a declaration of this kind needs; what does not fit is said and asked for once more."""
    answers = Answers(archetype=archetype, participants=_PARTICIPANTS, categories=("health", "free-text"))
    needed = wanted(archetype)
    for name, question, default, understood in _QUESTIONS:
        while name in needed:
            said = click.prompt(question, default=default, err=True)
            candidate = replace(answers, **understood(str(said)))
            found = mistakes(candidate)
            if not found:
                answers = candidate
                break
            for mistake in found:
                chatter(f"{mistake}\n")
    return answers


def _members(said: str) -> dict[str, Any]:
    pairs = [part.split() for part in said.split(",") if part.strip()]
    return {"participants": {pair[0]: (pair[1] if len(pair) > 1 else "DE") for pair in pairs}}


def _coordinator(said: str) -> dict[str, Any]:
    words = said.split() or [""]
    return {"coordinator": words[0], "country": words[1] if len(words) > 1 else "DE"}


def _categories(said: str) -> dict[str, Any]:
    return {"categories": tuple(part.strip() for part in said.split(",") if part.strip())}


def _subjects(said: str) -> dict[str, Any]:
    plain = said.replace(",", "").replace("_", "").strip()
    return {"subjects": int(plain) if plain.isascii() and plain.isdecimal() else 0}


# What is asked for, how, what is offered, and what an answer says.
_QUESTIONS: tuple[tuple[str, str, str, Callable[[str], dict[str, Any]]], ...] = (
    ("name", "What is it called?", "our-federation", lambda said: {"name": said.strip()}),
    ("members", "Who takes part? Ids, each with its country", "north DE, south FR, east NL", _members),
    ("coordinator", "Who coordinates, and from which country?", "hub DE", _coordinator),
    ("dataset", "What are the data called?", "records", lambda said: {"dataset": said.strip()}),
    ("categories", "What are they about? Words of the catalogue", "health, free-text", _categories),
    ("subjects", "About how many people at each?", "10000", _subjects),
)
