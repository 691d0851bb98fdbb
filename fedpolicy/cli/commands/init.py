"""`fedpolicy init`: a first declaration, and what keeps it true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fedpolicy.archetypes import archetypes, filled, names
from fedpolicy.cli.answers import given, interviewed
from fedpolicy.cli.errors import CLEAN
from fedpolicy.cli.options import debug_option
from fedpolicy.cli.terminal import chatter, make_folder, write
from fedpolicy.errors import OutputError

if TYPE_CHECKING:
    from fedpolicy.scan.draft import Draft

__all__ = ["command"]

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
    Write a first declaration into FOLDER, explained line by line, and check it.

    Without --from and --answers it asks, and offers what the files of the folder tell (NVFLARE, Flower). Nothing is
    overwritten.
    """
    _must_be_free(folder, wanted)
    asking = archetype is None and file is None
    text = _asked(folder) if asking else filled(given(archetype, file), _modeline())
    extra = [
        name for name in _EXTRA if _wants(name, wanted[name], asking=asking and not (folder / _EXTRA[name]).exists())
    ]
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
    number = click.prompt("Which comes closest?", type=click.IntRange(1, last), default=1, err=True)
    if number > len(kinds):
        return f"{_modeline()}\n{drafts[number - len(kinds) - 1].text}"
    return filled(interviewed(list(kinds)[number - 1]), _modeline())


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
    from fedpolicy.cli.app import app

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
