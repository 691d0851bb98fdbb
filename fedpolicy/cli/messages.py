"""Errors as people read them: what is wrong, where, and what to do next."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fedpolicy.cli.terminal import chatter
from fedpolicy.errors import Bug, FedPolicyError, Problems
from fedpolicy.files import content
from fedpolicy.report import PLAIN, Style, wrap
from fedpolicy.report.excerpt import gutter, snippet

if TYPE_CHECKING:
    from fedpolicy.findings import Span


def report_errors(
    errors: Iterable[Exception], lines: Mapping[str, Sequence[str]] | None = None, *, look: Style = PLAIN
) -> None:
    """Show errors on standard error, each with its place; `lines` are the files that are already read."""
    for error in errors:
        chatter(message(error, lines or {}, look) + "\n")
        if isinstance(error, Bug) and _debugging():
            chatter(f"{error.trace}\n")


def _debugging() -> bool:
    if "click" not in sys.modules:  # which has to read such a wish
        return False
    import click  # noqa: PLC0415  it is loaded

    from fedpolicy.cli.options import DEBUG  # noqa: PLC0415  see above

    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(DEBUG))


def message(error: Exception, lines: Mapping[str, Sequence[str]], look: Style = PLAIN) -> str:
    """Say what is wrong, where, and what to do next."""
    if isinstance(error, Problems):
        return "\n".join(message(one, lines, look) for one in error.errors)
    if not isinstance(error, FedPolicyError):
        return f"{look.paint('error', 'error')}: {error}\n"
    said = error.message if not error.path or error.path in error.message else f"{error.path}: {error.message}"
    first, *rest = wrap(said, look, "error: ", "    ") or ["error: "]
    head = look.paint("error", "error") + look.paint("bold", first[len("error") :])
    place = _place(error.span, lines, look) if error.span else []
    return "\n".join([head, *rest, *place, *_help(error, place, lines, look)]) + "\n"


def _place(span: Span, lines: Mapping[str, Sequence[str]], look: Style) -> list[str]:
    return snippet(span, _lines(span.file, lines), look)


def _help(error: FedPolicyError, place: list[str], lines: Mapping[str, Sequence[str]], look: Style) -> list[str]:
    if not error.help:
        return []
    width = gutter(error.span, _lines(error.span.file, lines)) if error.span and place else 1
    indent = " " * width
    first, *rest = wrap(error.help, look, f"{indent} = help: ", f"{indent}   ")
    mark = f"{indent} {look.paint('frame', '=')} {look.paint('bold', 'help')}: "
    return [mark + first[len(f"{indent} = help: ") :], *rest]


def _lines(file: str, lines: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """
    The lines of a file: those at hand, else (rules and catalogues are not kept) those on the disk.

    What a configuration names may be anything that can be read, so lines of a link, and of what lies elsewhere, stay
    where they are.
    """
    if file in lines:
        return lines[file]
    path = Path(os.path.relpath(file))
    if os.pardir in path.parts or path.is_symlink():
        return ()
    try:
        return content(path).decode("utf-8").splitlines()
    except (OSError, ValueError):
        return ()
