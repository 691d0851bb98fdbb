"""Whether a statement is about what lies here. Needs no click, so that the answer takes no longer than a look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fedpolicy.cli.basis import current
from fedpolicy.cli.terminal import emit
from fedpolicy.errors import InputError
from fedpolicy.files import content
from fedpolicy.report.statement import as_text, checked_digests, read_statement
from fedpolicy.startup import sha256

if TYPE_CHECKING:
    from fedpolicy.overview import Digest
    from fedpolicy.report.statement import Statement

__all__ = ["verify"]

_SAME, _DIFFERENT = 0, 1
_HERE = frozenset({"file", "waivers", "baseline"})


def verify(name: str, output: str | None = None, *, again: bool = False) -> int:
    """Compare, tell, and give the exit code. Raises InputError where this is no statement of ours."""
    try:
        read = read_statement(content(Path(name)), name)
    except OSError as error:
        advice = "name the file that `fedpolicy check --format in-toto` has written"
        raise InputError(f"`{name}` cannot be read: {error.strerror or error}", help=advice) from error
    found = checked_digests(read, _now)
    same = _says_the_same(read) if again else None
    emit(as_text(read, found, again=same), output)
    return _SAME if all(one.same for one in found) and same is not False else _DIFFERENT


def _now(one: Digest) -> str:
    if one.what in _HERE:
        return sha256(content(Path(one.name))).hexdigest()
    return current(one.what, one.name)


def _says_the_same(read: Statement) -> bool:
    """Whether the same run gives the same statement here. Raises as a check does."""
    from fedpolicy.cli.basis import judged_again  # noqa: PLC0415  a comparison of digests needs no room
    from fedpolicy.report.formats import load_format  # noqa: PLC0415

    return read.equals(load_format("in-toto").render(judged_again(read.files, read.settings)))
