"""`fedpolicy verify`: whether a statement is about what lies here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fedpolicy.cli.errors import CLEAN, FINDINGS
from fedpolicy.cli.options import debug_option, output_option
from fedpolicy.cli.terminal import emit

if TYPE_CHECKING:
    from fedpolicy.overview import Digest
    from fedpolicy.report.statement import Statement

__all__ = ["command"]


@click.command("verify")
@click.argument("statement")
@click.option("--again", is_flag=True, help="Judge once more with the same settings, and compare every byte.")
@output_option
@debug_option
def command(statement: str, *, again: bool, output: str | None) -> int:
    """
    Compare the digests of a statement with the files, packs, catalogue and tool that lie here.

    STATEMENT is what `fedpolicy check --format in-toto` has written, or the envelope that a signing tool made of it.
    Names of files count from the current folder. Nothing is fetched, and no signature is checked: an unsigned
    statement proves no author. Exit code 1: something differs.

    \b
    Examples:
      fedpolicy check deployment.yaml --format in-toto --output verdict.intoto.json
      fedpolicy verify verdict.intoto.json
      fedpolicy verify verdict.intoto.json --again
    """  # noqa: D301  click reads the \b itself
    return _verify(statement, output, again=again)


def _verify(name: str, output: str | None, *, again: bool) -> int:
    """Compare, tell, and give the exit code. Raises InputError where this is no statement of ours."""
    from fedpolicy.errors import InputError
    from fedpolicy.files import content
    from fedpolicy.report.statement import as_text, compared, read_statement

    try:
        read = read_statement(content(Path(name)), name)
    except OSError as error:
        advice = "name the file that `fedpolicy check --format in-toto` has written"
        raise InputError(f"`{name}` cannot be read: {error.strerror or error}", help=advice) from error
    found = compared(read, _now)
    same = _same_bytes(read) if again else None
    emit(as_text(read, found, again=same), output)
    return CLEAN if all(one.same for one in found) and same is not False else FINDINGS


def _now(one: Digest) -> str:
    from hashlib import sha256

    from fedpolicy.cli.basis import current
    from fedpolicy.files import content

    if one.what in {"file", "waivers", "baseline"}:
        return sha256(content(Path(one.name))).hexdigest()
    return current(one.what, one.name)


def _same_bytes(read: Statement) -> bool:
    """Whether the same run gives the same statement here. Raises as a check does."""
    from fedpolicy.cli.basis import judged_again
    from fedpolicy.report.formats import load_format

    return load_format("in-toto").render(judged_again(read.files, read.settings)) == read.text
