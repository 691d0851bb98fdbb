"""`fedpolicy check`: judge deployments by the rules."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.cli.errors import CLEAN, FINDINGS, UNUSABLE, report_errors
from fedpolicy.cli.options import catalog_option, colour_option, debug_option, epsilon_option, output_option
from fedpolicy.cli.terminal import emit, look_of, stdin_bytes
from fedpolicy.findings import Report, Severity
from fedpolicy.report.formats import format_ids, load_format
from fedpolicy.report.summarise import must_fail

if TYPE_CHECKING:
    from fedpolicy.report.words import Look

__all__ = ["command"]

_SEVERITIES = [severity.label for severity in reversed(Severity)]


def _params(_context: click.Context, _option: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    """Split `rule.name=value`."""
    params = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or "." not in name:
            message = f"{text!r} is not of the form rule.name=value, such as private-data.max_epsilon=3"
            raise click.BadParameter(message)
        params[name.strip()] = value.strip()
    return params


def _ids(_context: click.Context, _option: click.Parameter, given: Sequence[str]) -> tuple[str, ...]:
    """Read `--select a --select b` and `--select a,b` alike."""
    return tuple(part for text in given for part in (piece.strip() for piece in text.split(",")) if part)


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--pack", "packs", multiple=True, metavar="NAME|PATH", help="Rules to check; default: federation.")
@click.option("--select", multiple=True, callback=_ids, metavar="RULE", help="Check these rules only.")
@click.option("--ignore", multiple=True, callback=_ids, metavar="RULE", help="Leave these rules out.")
@click.option(
    "--param", "params", multiple=True, callback=_params, metavar="RULE.NAME=VALUE", help="Set a rule's parameter."
)
@catalog_option
@epsilon_option
@click.option(
    "--fail-on",
    type=click.Choice([*_SEVERITIES, "never"]),
    default="high",
    show_default=True,
    help="The least severity that makes the exit code 1.",
)
@click.option("--strict", is_flag=True, help="Count unknown as failing.")
@click.option(
    "--format",
    "form",
    type=click.Choice(format_ids()),
    default="text",
    show_default=True,
    help="How to write the report.",
)
@output_option
@colour_option
@debug_option
def command(paths: tuple[str, ...], form: str, output: str | None, **options: Any) -> int:  # noqa: ANN401  click's
    """
    Judge deployments by the rules.

    PATHS are files, folders (searched for fedpolicy.yaml, *.fedpolicy.yaml and YAML with a top-level `fedpolicy:` key)
    or - for standard input; by default the current folder.

    \b
    Examples:
      fedpolicy check deployment.yaml
      fedpolicy check . --fail-on medium --format sarif --output fedpolicy.sarif
      fedpolicy check deployment.yaml --pack federation --pack ./our-rules
    """  # noqa: D301  click reads the \b itself
    report = _checked(paths, options)
    no_color = options["no_color"]
    lines = {file.name: file.lines for file in report.files}
    errors = [*report.errors, *(error for file in report.files for error in file.errors)]
    report_errors(errors, lines, look=look_of(sys.stderr, no_color=no_color))
    look = None if output else look_of(sys.stdout, no_color=no_color)
    emit(_written(report, form, look), output)
    return _exit_code(report, errors, options)


def _checked(paths: Sequence[str], options: Mapping[str, Any]) -> Report:
    from fedpolicy import pipeline, sources  # noqa: PLC0415  the rooms are heavy; help and completion need none

    settings = pipeline.Settings(
        packs=options["packs"] or ("federation",),
        catalogs=options["catalogs"],
        params=options["params"],
        select=options["select"],
        ignore=options["ignore"],
        max_epsilon=options["max_epsilon"],
    )
    return pipeline.check(sources.find(paths or ["."], stdin_bytes), settings)


def _written(report: Report, form: str, look: Look | None) -> str:
    chosen = load_format(form)
    draw: Callable[[Report, Look], str] | None = getattr(chosen, "draw", None)
    return draw(report, look) if draw and look else chosen.render(report)


def _exit_code(report: Report, errors: Sequence[Exception], options: Mapping[str, Any]) -> int:
    if errors or not sum(report.counts.values()):
        return UNUSABLE
    fail_on: str = options["fail_on"]
    threshold = None if fail_on == "never" else Severity[fail_on.upper()]
    return FINDINGS if must_fail(report, threshold, strict=options["strict"]) else CLEAN
