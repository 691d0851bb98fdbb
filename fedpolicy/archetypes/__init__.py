"""First declarations, to be changed into one's own: a file for each way to federate, filled in with what was said."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from string import Template

from fedpolicy.errors import SettingsError
from fedpolicy.records import dataclass
from fedpolicy.suggest import advise

_FOLDER = Path(__file__).parent
_TITLE = re.compile(r"^# title: (.*)\n", re.MULTILINE)
_WANTED = re.compile(r"\$\{(\w+)\}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_FEWEST = 2  # participants: one alone federates with nobody
_RESERVED = ("public", "unknown", "participants", "people")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What somebody said of a deployment; `participants` are ids with the code of a country."""

    archetype: str
    name: str = "our-federation"
    participants: Mapping[str, str]
    coordinator: str = "coordinator"
    country: str = "DE"
    dataset: str = "records"
    categories: tuple[str, ...] = ("health",)
    subjects: int = 10_000
    model: str = "Qwen/Qwen2.5-7B-Instruct"
    hosted: str = "openai/gpt-5.5"


def names() -> list[str]:
    """The ways to federate, without opening a file."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def archetypes() -> dict[str, str]:
    """The ways to federate, each with its title."""
    found = {}
    for name in names():
        title = _TITLE.search((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
        found[name] = title[1] if title else name
    return found


def wanted(archetype: str) -> frozenset[str]:
    """What a declaration of this kind is filled in with: nothing else need be asked."""
    return frozenset(_WANTED.findall((_FOLDER / f"{archetype}.yaml").read_text(encoding="utf-8")))


def mistakes(answers: Answers) -> list[SettingsError]:
    """Everything that does not fit together, at once."""
    return sorted((SettingsError(message, help=advice) for message, advice in _mistakes(answers)), key=str)


def _mistakes(answers: Answers) -> Iterator[tuple[str, str]]:
    known = names()
    if answers.archetype not in known:
        yield f"there is no archetype `{answers.archetype}`", advise(answers.archetype, known)
    for what, name in _names(answers):
        if not _ID.fullmatch(name) or name in _RESERVED:
            advice = "use letters, digits, `_`, `.` and `-`, and none of the words that are built in"
            yield f"the {what} `{name}` is not an id", advice
    if len(answers.participants) < _FEWEST and answers.archetype != "cross-device":
        yield "one participant alone federates with nobody", "name two or more"
    if answers.coordinator in answers.participants:
        advice = "give it a name of its own; one organisation may have both roles: change the file afterwards"
        yield f"`{answers.coordinator}` is a participant and the coordinator", advice
    for country in {answers.country, *answers.participants.values()}:
        if not re.fullmatch("[A-Z]{2}", country):
            yield f"`{country}` is not a code of a country", "write two capitals, such as DE"
    from fedpolicy.catalog import load_catalog  # noqa: PLC0415  `--help` must stay quick

    yield from _unknown(answers.categories, load_catalog().categories)
    if answers.subjects < 1:
        yield "a dataset of nobody needs no protection", "say about how many people there are"


def _unknown(categories: Iterable[str], known: Collection[str]) -> Iterator[tuple[str, str]]:
    for category in categories:
        if category not in known:
            yield f"there is no category `{category}`", advise(category, known)


def _names(answers: Answers) -> list[tuple[str, str]]:
    own = [("participant", name) for name in answers.participants]
    return [*own, ("coordinator", answers.coordinator), ("dataset", answers.dataset)]


def filled(answers: Answers, modeline: str) -> str:
    """The declaration as the text of a file; `modeline` is a comment that tells editors where the schema is."""
    text = (_FOLDER / f"{answers.archetype}.yaml").read_text(encoding="utf-8")
    parties = "\n".join(
        f"  {name}: {{role: participant, jurisdiction: {_quoted(country)}}}"
        for name, country in answers.participants.items()
    )
    values = {
        "modeline": modeline,
        "name": answers.name,
        "participants": parties,
        "members": ", ".join(answers.participants),
        "count": str(len(answers.participants)),
        "coordinator": answers.coordinator,
        "country": _quoted(answers.country),
        "dataset": answers.dataset,
        "categories": ", ".join(answers.categories),
        "subjects": str(answers.subjects),
        "model": answers.model,
        "hosted": answers.hosted,
    }
    return Template(_TITLE.sub("", text)).substitute(values)


def _quoted(country: str) -> str:
    """Norway is NO, which older readers of YAML take for a truth value."""
    return f'"{country}"' if country == "NO" else country
