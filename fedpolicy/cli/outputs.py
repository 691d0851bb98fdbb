"""Where the reports of one run go: several formats, several files, all of them or none."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from errno import ENOENT, ENOTDIR
from pathlib import Path
from typing import TYPE_CHECKING

from fedpolicy.cli.terminal import emit, look_of, write_files
from fedpolicy.errors import OutputError, SettingsError
from fedpolicy.records import dataclass
from fedpolicy.report.formats import format_ids, load_format
from fedpolicy.startup import pattern
from fedpolicy.suggest import advise

if TYPE_CHECKING:
    from fedpolicy.findings import Report
    from fedpolicy.report import Style

# One letter before a colon is a drive of Windows; a path such as `./a:b` has its separator first.
_WITH_FORMAT = pattern(r"([A-Za-z0-9_-]{2,}):(.*)", re.DOTALL)
_STDOUT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One report: its format, and its file (None: standard output)."""

    form: str
    file: str | None


def plan(given: Sequence[str], form: str, *, verbose: bool = False) -> tuple[Output, ...]:
    """
    Read `FORMAT:FILE` and plain `FILE`, which has the chosen format; nothing given means standard output.

    Text that tells more is a format of its own.

    Raises SettingsError for an unknown format, a missing file name, or two outputs to one file.
    """
    form = "full" if form == "text" and verbose else form
    outputs = tuple(_output(text, form) for text in given) or (Output(form=form, file=None),)
    _must_differ(given, outputs)
    return outputs


def _must_differ(given: Sequence[str], outputs: Sequence[Output]) -> None:
    seen: dict[str, str] = {}
    for text, output in zip(given, outputs, strict=False):
        real = _STDOUT if output.file is None else os.path.realpath(output.file)
        if real in seen:
            where = "standard output" if output.file is None else f"`{output.file}`"
            message = f"two outputs go to {where}: `{seen[real]}` and `{text}`"
            raise SettingsError(message, help="give each one a file of its own")
        seen[real] = text


def _output(text: str, form: str) -> Output:
    match = _WITH_FORMAT.fullmatch(text)
    name, file = match.groups() if match else (form, text)
    if name not in format_ids():
        advice = f"{advise(name, format_ids())}; a file of that name is `./{text}`"
        raise SettingsError(f"`--output {text}`: there is no format `{name}`", help=advice)
    if not file:
        raise SettingsError(f"`--output {text}` names no file", help=f"write `{name}:FILE`, or `{name}:-`")
    return Output(form=name, file=None if file == _STDOUT else file)


def must_be_writable(outputs: Sequence[Output], paths: Sequence[str]) -> None:
    """
    Raise OutputError where there is no folder for a file, or where it would replace what is checked.

    It is better to hear of it before a long run than after it.
    """
    read = {os.path.realpath(path) for path in paths}
    for file in (output.file for output in outputs if output.file is not None):
        if os.path.realpath(file) in read or _is_deployment(file):
            message = f"`{file}` is a deployment, and a report would replace it"
            raise OutputError(message, help="write the report to another file")
        folder = Path(os.path.realpath(file)).parent
        if not folder.is_dir():
            reason = os.strerror(ENOTDIR if folder.exists() else ENOENT)
            raise OutputError(f"`{file}` cannot be written: {reason}", help=f"there is no folder `{Path(file).parent}`")


def _is_deployment(file: str) -> bool:
    from fedpolicy.sources.header import looks_like  # noqa: PLC0415  most reports go to standard output

    path = Path(os.path.realpath(file))
    return path.is_file() and looks_like(str(path), path.name)


def write_all(texts: Sequence[tuple[Output, str]]) -> None:
    """Write every report, or none: files first, then standard output. Raises OutputError."""
    write_files({Path(output.file): text for output, text in texts if output.file is not None})
    for output, text in texts:
        if output.file is None:
            emit(text, None)


def write_reports(report: Report, outputs: Sequence[Output], *, no_color: bool) -> None:
    """Write the report in the format of each output. Raises OutputError."""
    write_all([(output, rendered(report, output, no_color=no_color)) for output in outputs])


def rendered(report: Report, output: Output, *, no_color: bool) -> str:
    """The report in the format of an output, painted where that is a terminal."""
    chosen = load_format(output.form)
    draw: Callable[[Report, Style], str] | None = getattr(chosen, "draw", None)
    if draw and output.file is None:
        return draw(report, look_of(sys.stdout, no_color=no_color))
    return chosen.render(report)
