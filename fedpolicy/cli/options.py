"""What several commands share: options and groups."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.cli.errors import UNUSABLE
from fedpolicy.errors import SettingsError
from fedpolicy.limits import MAX_QUANTITY, USUAL
from fedpolicy.report.formats import format_ids

if TYPE_CHECKING:
    from click import Command, Context

_Command = Callable[..., Any]
_Option = Callable[[_Command], _Command]
SEVERITIES = ("critical", "high", "medium", "low", "info")
DEBUG = "fedpolicy.debug"  # in the `meta` of a context: the user has asked for tracebacks


# What shells complete; whether it is there is told where it is read.
FILE = click.Path(readable=False)


def together(*options: _Option) -> _Option:
    """Several options as one decorator: help shows them in this order."""

    def add(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def form_option(names: Sequence[str], what: str, *, usual: str = "", shown: bool = True) -> _Option:
    """In which form a command answers: the usual one, or the first."""
    usual = usual or names[0]
    show = shown or None
    return click.option("--format", "form", type=click.Choice(names), default=usual, show_default=show, help=what)


def fail_on_option(what: str) -> _Option:
    """From which severity on something counts, where the configuration says nothing."""
    grades = click.Choice([*SEVERITIES, "never"])
    return click.option("--fail-on", type=grades, default=None, show_default="high", help=what)


def today_option(what: str) -> _Option:
    """A day that stands for the present one."""
    return click.option("--today", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help=what)


catalog_option = click.option(
    "--catalog",
    "catalogs",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Add your own facts on models, providers, licences, ...; may be repeated.",
)
colour_option = click.option(
    "--no-color", is_flag=True, help="No colours; the environment variable NO_COLOR does the same."
)
config_option = click.option(
    "--config", type=click.Path(), metavar="FILE", help="Read settings from this file instead of the nearest one."
)
isolated_option = click.option("--isolated", is_flag=True, help="Read no configuration file.")
config_options = together(
    config_option,
    click.option("--config-from", metavar="REV", help="Read the configuration as this git revision has it."),
    isolated_option,
)
deployment_option = click.option(
    "--deployment", default="", metavar="NAME", help="Which deployment, where the file holds several."
)


def refuse_nobody(_context: click.Context, _option: click.Parameter, value: str | None) -> str:
    """An empty name is a variable that nobody has set: it must not tell everything about everybody."""
    if value == "":
        message = "no party is named"
        raise click.BadParameter(message)
    return value or ""


owner_option = click.option(
    "--owner", callback=refuse_nobody, metavar="PARTY", help="Tell only what concerns one party and its data."
)
links_option = click.option(
    "--links",
    default="",
    envvar="FEDPOLICY_LINKS",
    metavar="URL",
    help="In markdown, let places lead to their lines below this address, as https://github.com/OWNER/NAME/blob/COMMIT.",
)
waiver_options = together(
    click.option(
        "--waivers",
        type=click.Path(),
        metavar="FILE",
        show_default="fedpolicy.waivers.yaml, where there is one",
        help="Read waivers from this file.",
    ),
    click.option("--waivers-from", metavar="REV", help="Read waivers as this git revision has them."),
    click.option("--no-waivers", is_flag=True, help="Waive nothing."),
    today_option("Judge agreements and waivers as on this day; default: the day in UTC."),
)
baseline_options = together(
    click.option("--baseline", type=click.Path(), metavar="FILE", help="Show only findings that this file lacks."),
    click.option("--baseline-from", metavar="REV", help="Read the baseline as this git revision has it."),
)
trust_options = together(waiver_options, baseline_options, config_options)
pack_option = click.option(
    "--pack", "packs", multiple=True, metavar="NAME|PATH", help="Rules to check; default: federation."
)
_DIGITS = 6  # of a number of processes


def _finite(_context: click.Context, _option: click.Parameter, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        message = f"{value} is not a positive number"
        raise click.BadParameter(message)
    return value


def _file(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """A dash is standard output, like no file at all."""
    return None if value == "-" else value


def _debugging(context: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001  click's
    if value:
        context.meta[DEBUG] = True


debug_option = click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    callback=_debugging,
    help="Show the traceback if fedpolicy itself fails.",
)
epsilon_option = click.option(
    "--max-epsilon",
    type=click.FloatRange(min=0, min_open=True),
    default=None,
    callback=_finite,
    show_default="10",
    help="The largest ε that counts as a differential-privacy guarantee.",
)
output_option = click.option(
    "--output",
    "-o",
    type=click.Path(),
    callback=_file,
    metavar="FILE",
    help="Write the result to a file instead of standard output.",
)
answer_options = together(output_option, colour_option, debug_option)


def params_of(_context: click.Context, _option: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    """Split `rule.name=value`."""
    params = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or "." not in name:
            message = f"{text!r} is not of the form rule.name=value, such as private-data.max_epsilon=3"
            raise click.BadParameter(message)
        params[name.strip()] = value.strip()
    return params


param_option = click.option(
    "--param", "params", multiple=True, callback=params_of, metavar="RULE.NAME=VALUE", help="Set a rule's parameter."
)
rule_options = together(pack_option, param_option, catalog_option, epsilon_option)


def _jobs(_context: click.Context, _option: click.Parameter, given: str | None) -> int | None:
    """A number of processes; 0 is `auto`."""
    if given is None:
        return None
    if given == "auto" or (given.isascii() and given.isdigit() and len(given) <= _DIGITS):
        return 0 if given == "auto" else int(given)
    message = f"{given!r} is not a number of processes; write 1, 2, ... or auto"
    raise click.BadParameter(message)


timeout_option = click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=None,
    callback=_finite,
    metavar="SECONDS",
    show_default="300",
    help="How long one file may take; 0: as long as it takes. On Windows, check keeps only a limit that is set.",
)
_verbose_option = click.option(
    "--verbose", "-v", is_flag=True, help="Tell more: sources and reasons, what a search leaves out."
)
estate_options = together(
    click.option(
        "--exclude", multiple=True, metavar="PATTERN", help="Files that a search leaves out, such as 'drafts/**'."
    ),
    click.option(
        "--gitignore/--no-gitignore",
        default=None,
        show_default="--gitignore",
        help="Whether a search leaves out what git ignores.",
    ),
    click.option(
        "--jobs",
        metavar="N",
        callback=_jobs,
        show_default="auto",
        help="Check in so many processes; auto: as many as there are processors, where it pays.",
    ),
    _verbose_option,
    timeout_option,
    click.option(
        "--max-nodes",
        type=click.IntRange(min=1, max=MAX_QUANTITY),
        default=None,
        metavar="N",
        show_default=f"{USUAL.nodes:,}",
        help="How many nodes, and instances of datasets, one deployment may have.",
    ),
    click.option(
        "--scheduler", metavar="ADDRESS", help="Check on the workers of a dask scheduler, as tcp://HOST:PORT."
    ),
)


exclude_option = click.option(
    "--exclude", multiple=True, metavar="PATTERN", help="Leave these paths out, as in .gitignore; may be repeated."
)
scanning_options = together(
    click.option("--select", multiple=True, metavar="RULE", help="Check these rules only; may be repeated."),
    click.option("--ignore", multiple=True, metavar="RULE", help="Leave these rules out; may be repeated."),
    fail_on_option("The least severity that makes the exit code 1."),
    click.option("--strict", is_flag=True, default=None, help="Count unknown as failing."),
    form_option(format_ids(), "How to report.", usual="text"),
    exclude_option,
    click.option(
        "--output",
        "-o",
        "outputs",
        multiple=True,
        metavar="[FORMAT:]FILE",
        help="Write the report to a file; may be repeated.",
    ),
    _verbose_option,
)


class CommandGroup(click.Group):
    """A group whose answers do not depend on the version of click."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Show the help where no command is given. A pipeline that lost its command has checked nothing: no pass."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), color=ctx.color)
            ctx.exit(UNUSABLE)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """Find a command, or say which one may be meant."""
        name = args[0]
        if ctx.resilient_parsing or name.startswith("-") or self.get_command(ctx, name):
            return super().resolve_command(ctx, args)
        raise self._unknown(ctx, name)

    def _unknown(self, ctx: Context, name: str) -> SettingsError:
        from fedpolicy.suggest import did_you_mean, visible  # noqa: PLC0415  only a mistake needs it

        advice = f"`{ctx.command_path} --help` lists the commands"
        if found := did_you_mean(name, self.list_commands(ctx)):
            advice = f"{found} {advice}"
        elif ctx.parent is None and os.path.exists(name):  # noqa: PTH110  whatever it is called, this does not raise
            advice = f"to check it: `{ctx.command_path} check {visible(name)}`"
        return SettingsError(f"there is no command `{visible(name)}`", help=advice)
