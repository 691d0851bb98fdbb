"""`fedpolicy import`: write down the deployment that the files of a repository tell of."""  # noqa: N999  the command

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.cli.errors import CLEAN, FINDINGS
from fedpolicy.cli.options import (
    FILE,
    catalog_option,
    config_options,
    debug_option,
    exclude_option,
    timeout_option,
)
from fedpolicy.cli.terminal import chatter, emit, write
from fedpolicy.errors import InputError

if TYPE_CHECKING:
    from fedpolicy.scan.draft import Draft


@click.command("import")
@click.argument("paths", nargs=-1, metavar="[PATHS]...", type=FILE)
@click.option("--output", "-o", metavar="FILE", help="Write the draft to this file instead of standard output.")
@click.option("--deployment", default="", metavar="NAME", help="Write the draft of this name only.")
@click.option("--force", is_flag=True, help="Replace the file, if it is there.")
@exclude_option
@timeout_option
@catalog_option
@config_options
@debug_option
def command(paths: tuple[str, ...], output: str | None, deployment: str, *, force: bool, **options: Any) -> int:  # noqa: ANN401  click's
    """
    Draft a deployment from files that frameworks run on.

    It reads NVFLARE, Flower, FedML, OpenFL, compose, Kubernetes, Terraform, Python and more. Each line says where it
    comes from, and TODO where people have to go on. A file that is there is not replaced: the difference is shown, and
    the exit code is 1.
    """
    text = _drafted(paths or (".",), deployment, options)
    if output in (None, "-"):
        emit(text, None)
        return CLEAN
    return _kept(Path(str(output)), text, force=force)


def _kept(target: Path, text: str, *, force: bool) -> int:
    if target.exists() and not force:
        return _compared(target, text)
    write(target, text)
    chatter(f"wrote {target.as_posix()}\nnow fill in each TODO, and run: fedpolicy check {target.as_posix()}\n")
    return CLEAN


def _drafted(paths: Sequence[str], name: str, options: Mapping[str, Any]) -> str:
    """The drafts as documents of one file. Raises InputError where there is none, or none of that name."""
    from fedpolicy.check import catalog_of
    from fedpolicy.cli.choices import choices_of
    from fedpolicy.cli.repository import gathered, tell_unread
    from fedpolicy.scan.judge import drafts

    choices = choices_of(options)
    found = gathered(paths, catalog_of(choices.settings), choices)
    tell_unread(found, verbose=False, how="fedpolicy scan -v")
    chosen = _chosen(drafts(found), name)
    if len(chosen) > 1:
        chatter(f"note: {len(chosen)} deployments, each from files of its own; --deployment NAME writes one\n")
    return "---\n".join(_headed(one) for one in chosen)


def _chosen(found: Sequence[Draft], name: str) -> list[Draft]:
    if not found:
        from fedpolicy.scan.groups import FRAMEWORKS

        names = " or ".join(FRAMEWORKS)
        advice = f"name a folder with files of {names}; `fedpolicy scan` says what others tell"
        raise InputError("no file here describes a deployment", help=advice)
    chosen = [one for one in found if name in ("", one.name)]
    if not chosen:
        names = ", ".join(f"`{one.name}`" for one in found)
        raise InputError(f"there is no draft `{name}`", help=f"these are there: {names}")
    return chosen


def _headed(draft: Draft) -> str:
    origin = f"# Drafted from {draft.file} and what belongs to it. Fill in each TODO.\n"
    return origin + draft.text


def _compared(target: Path, text: str) -> int:
    from difflib import unified_diff

    from fedpolicy.files import content

    before = content(target).decode("utf-8", "replace")
    if before == text:
        chatter(f"{target.as_posix()} is up to date: the draft is the same\n")
        return CLEAN
    name = target.as_posix()
    lines = unified_diff(before.splitlines(keepends=True), text.splitlines(keepends=True), name, f"{name} (drafted)")
    emit("".join(lines), None)
    chatter(f"{name} already exists and was not changed; --force replaces it\n")
    return FINDINGS
