"""`fedpolicy init`: a first declaration, from a file of answers or a conversation, and what keeps it true."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.archetypes import Answers, archetypes, filled, mistakes, names, wanted
from fedpolicy.cli.errors import CLEAN
from fedpolicy.cli.options import debug_option
from fedpolicy.cli.terminal import chatter, make_folder, write
from fedpolicy.errors import OutputError, Problems, SettingsError
from fedpolicy.records import replace

if TYPE_CHECKING:
    from fedpolicy.findings import Span
    from fedpolicy.language.reading.source import Raw
    from fedpolicy.scan.draft import Draft

_NAME = "fedpolicy.yaml"
_SCHEMA = "deployment.schema.json"
_CONFIG = """\
# Settings of fedpolicy: docs/configuration.md. What stands here is the default.
packs = ["federation"]
fail_on = "high"
"""
_HOOK = """\
repos:
  - repo: https://github.com/OWNER/fedpolicy
    rev: COMMIT  # the full commit id that you have looked at
    hooks:
      - id: fedpolicy-check
"""
_WORKFLOW = """\
# Judges a pull request by the settings of its base: docs/ci.md. Write OWNER and the COMMIT that you have looked at.
name: fedpolicy
on:
  push:
    branches: [main]
  pull_request:
permissions: {}
jobs:
  check:
    name: Who can learn what
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          fetch-depth: 0
          persist-credentials: false
      - uses: OWNER/fedpolicy@COMMIT
        with:
          config-from: ${{ github.event.pull_request.base.sha || github.sha }}
          waivers-from: ${{ github.event.pull_request.base.sha || github.sha }}
"""
_EXTRA = {"config": "fedpolicy.toml", "hook": ".pre-commit-config.yaml", "workflow": ".github/workflows/fedpolicy.yml"}
_TEXTS = {"config": _CONFIG, "hook": _HOOK, "workflow": _WORKFLOW}


@click.command("init")
@click.argument("folder", default=".", type=click.Path(path_type=Path))
@click.option(
    "--from", "archetype", metavar="ARCHETYPE", help=f"Ask nothing, and begin with one of: {', '.join(names())}."
)
@click.option(
    "--answers",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Ask nothing, and read the answers from a YAML file: archetype, name, participants, ...",
)
@click.option("--config/--no-config", default=None, help="Write fedpolicy.toml.")
@click.option("--hook/--no-hook", default=None, help="Write a hook for pre-commit.")
@click.option("--workflow/--no-workflow", default=None, help="Write a workflow for GitHub.")
@debug_option
def command(folder: Path, archetype: str | None, file: Path | None, **wanted: bool | None) -> int:
    """
    Write a first declaration into FOLDER, and check it.

    Each of its lines is explained. Without --from and --answers it asks, and offers what the files of the folder tell
    (NVFLARE, Flower, OpenFL, FedML, APPFL, MetisFL). Nothing is overwritten.
    """
    _must_be_free(folder, wanted)
    asking = archetype is None and file is None
    try:
        text = _asked(folder) if asking else filled(_given(archetype, file), _modeline())
        extra = [
            name
            for name in _EXTRA
            if _wants(name, wanted[name], asking=asking and not (folder / _EXTRA[name]).exists())
        ]
    except click.Abort as error:
        if sys.stdin.isatty() or not isinstance(error.__context__, EOFError):
            raise
        chatter("\n")
        advice = "answer on a terminal, or use `--from ARCHETYPE` or `--answers FILE`; nothing was written"
        raise SettingsError("standard input ended before every question had an answer", help=advice) from None
    return _write(folder, text, extra)


def _must_be_free(folder: Path, wanted: Mapping[str, bool | None]) -> None:
    """Raises OutputError rather than overwrite anything, before anything is asked."""
    taken = [_NAME, *(place for name, place in _EXTRA.items() if wanted[name])]
    for name in taken:
        if (folder / name).exists():
            place = (folder / name).as_posix()
            raise OutputError(f"`{place}` is already there", help="name another folder; nothing was written")


def _asked(folder: Path) -> str:
    drafts = _drafts(folder)
    kinds = archetypes()
    for number, (name, title) in enumerate(kinds.items(), 1):
        chatter(f"{number:3}  {name}: {title}\n")
    for number, draft in enumerate(drafts, len(kinds) + 1):
        chatter(f"{number:3}  what {draft.file} tells\n")
    last = len(kinds) + len(drafts)
    usual = last if len(drafts) == 1 else 1
    number = click.prompt("Which comes closest?", type=click.IntRange(1, last), default=usual, err=True)
    if number > len(kinds):
        return f"{_modeline()}\n{drafts[number - len(kinds) - 1].text}"
    return filled(_interviewed(list(kinds)[number - 1]), _modeline())


def _drafts(folder: Path) -> list[Draft]:
    from fedpolicy.scan.gather import gather
    from fedpolicy.scan.judge import drafts
    from fedpolicy.scan.services import Services
    from fedpolicy.sources import Search

    return list(drafts(gather((str(folder),), Search(), Services()))) if folder.is_dir() else []


def _wants(name: str, said: bool | None, *, asking: bool) -> bool:  # noqa: FBT001  three answers
    if said is not None or not asking:
        return bool(said)
    return click.confirm(f"Write {_EXTRA[name]}, too?", default=True, err=True)


def _modeline() -> str:
    return f"# yaml-language-server: $schema={_SCHEMA}"


def _write(folder: Path, text: str, extra: list[str]) -> int:
    """Write all files, or say why not; then check, which says what to do next."""
    make_folder(folder, "name another folder")
    for place, content in _files(text, extra):
        _place(folder / place, content)
    target = (folder / _NAME).as_posix()
    chatter(f"\n$ fedpolicy check {target}\n")
    from fedpolicy.cli.commands import app

    app(["check", target], standalone_mode=False)
    chatter(
        "\nNow make it yours: change what is not so, and answer the questions. `fedpolicy explain RULE` tells more of a"
        " finding,\n`fedpolicy why` who learns something and how, `fedpolicy repair` what would help.\n"
    )
    return CLEAN


def _place(file: Path, content: str) -> None:
    if file.name == _SCHEMA and file.exists():
        chatter(f"kept {file.as_posix()}, which was there\n")
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    write(file, content)
    chatter(f"wrote {file.as_posix()}\n")


def _files(text: str, extra: list[str]) -> Iterator[tuple[str, str]]:
    from fedpolicy.files import schemas_dir

    yield _NAME, text
    yield _SCHEMA, (schemas_dir() / _SCHEMA).read_text(encoding="utf-8")
    for name in extra:
        yield _EXTRA[name], _TEXTS[name]


_PARTICIPANTS = {"north": "DE", "south": "FR", "east": "NL"}
_WORDS = ("archetype", "name", "coordinator", "country", "dataset", "model", "hosted")
_FORMS: dict[str, tuple[type, str]] = {
    **dict.fromkeys(_WORDS, (str, "a text")),
    "subjects": (int, "a whole number"),
    "participants": (dict, "a map of ids to countries, such as {north: DE, south: FR}"),
}


def _given(archetype: str | None, file: Path | None) -> Answers:
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
    from fedpolicy import sources
    from fedpolicy.language.reading.source import read

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
    from fedpolicy.suggest import advise

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


def _interviewed(archetype: str) -> Answers:
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
