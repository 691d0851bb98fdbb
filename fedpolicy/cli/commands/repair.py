"""`fedpolicy repair`: what is the smallest change that fixes it?"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.cli.errors import exit_code
from fedpolicy.cli.options import (
    FILE,
    answer_options,
    baseline_options,
    config_option,
    deployment_option,
    fail_on_option,
    form_option,
    isolated_option,
    rule_options,
    timeout_option,
    waiver_options,
)
from fedpolicy.cli.terminal import chatter, emit, look_for, write
from fedpolicy.errors import OutputError, SettingsError
from fedpolicy.limits import MAX_QUANTITY, MAX_REPAIR_FLOWS

if TYPE_CHECKING:
    from fedpolicy import sources
    from fedpolicy.cli.choices import Choices
    from fedpolicy.repair.answer import Request
    from fedpolicy.report.repair import Proposal, Repairs

_STDIN = "-"


def _given_costs(_context: click.Context, _option: click.Parameter, given: Sequence[str]) -> dict[str, float]:
    """Split `kind=number`."""
    costs = {}
    for text in given:
        kind, _, number = text.partition("=")
        try:
            costs[kind.strip()] = float(number)
        except ValueError:
            costs[kind.strip()] = math.nan
        if not 0 <= costs[kind.strip()] < math.inf:
            message = f"{text!r} is not of the form KIND=NUMBER, such as drop=3"
            raise click.BadParameter(message)
    return costs


def _fills(_context: click.Context, _option: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    """Split `path=value`."""
    fills = {}
    for text in given:
        path, equals, value = text.partition("=")
        if not (equals and path.strip() and value.strip()):
            message = f"{text!r} is not of the form PATH=VALUE, such as models.judge.revision=5f0b02c"
            raise click.BadParameter(message)
        fills[path.strip()] = value.strip()
    return fills


class _Number(click.IntRange):
    """The number of a proposal; without one, what follows the option is taken for it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401  click's
        """Say so where it is no number."""
        if isinstance(value, str) and not value.lstrip("+-").isdigit():
            self.fail(f"{value!r} is not the number of a proposal; put --write behind the file", param, ctx)
        return int(super().convert(value, param, ctx))


@click.command("repair")
@click.argument("file", type=FILE)
@click.option(
    "--finding", "findings", multiple=True, metavar="FINGERPRINT", help="Clear this finding; may be repeated."
)
@click.option("--rule", "wanted", multiple=True, metavar="RULE", help="Clear what this rule finds; may be repeated.")
@fail_on_option("The least severity that is cleared, unless findings or rules are named.")
@click.option("--strict/--no-strict", default=None, help="Clear what is unknown, too.")
@click.option(
    "--proposals", type=click.IntRange(min=1), default=3, show_default=True, help="How many alternatives to show."
)
@click.option(
    "--cost", "costs", multiple=True, callback=_given_costs, metavar="KIND=NUMBER", help="What a kind of change costs."
)
@click.option(
    "--fill",
    "fills",
    multiple=True,
    callback=_fills,
    metavar="PATH=VALUE",
    help="Give a value that is to be filled in.",
)
@click.option(
    "--rechecks",
    type=click.IntRange(min=1),
    default=None,
    show_default="by the size of the file, 2 to 300",
    help="How many changed copies to check at most.",
)
@click.option(
    "--max-flows",
    type=click.IntRange(min=1, max=MAX_QUANTITY),
    default=MAX_REPAIR_FLOWS,
    show_default=f"{MAX_REPAIR_FLOWS:,}",
    metavar="N",
    help="How many flows all these copies may have together.",
)
@click.option(
    "--write",
    is_flag=False,
    flag_value=1,
    default=None,
    type=_Number(min=1),
    metavar="[N]",
    help="Write proposal N (default: 1) into FILE.",
)
@form_option(["text", "json"], "How to write the answer.", shown=False)
@deployment_option
@rule_options
@waiver_options
@baseline_options
@config_option
@isolated_option
@answer_options
@timeout_option
def command(file: str, form: str, output: str | None, write: int | None, **options: Any) -> int:  # noqa: ANN401  click's
    """
    Propose proved changes that clear what fails.

    The smallest sets of changes come first. Each one was applied to a copy, and the copy was checked.
    FILE is a deployment, or - for standard input. Exit code 0: a proposal clears everything that was asked about, or
    there was nothing; 1: none does.

    \b
    Examples:
      fedpolicy repair deployment.yaml
      fedpolicy repair deployment.yaml --rule private-data-to-closed-model --cost drop=2
      fedpolicy repair deployment.yaml --write 2
    """  # noqa: D301  click reads the \b itself
    return _repair(file, form, output, write, options)


def _repair(file: str, form: str, output: str | None, number: int | None, options: Mapping[str, Any]) -> int:
    """
    Search, write one proposal into the file if that is asked for, write the answer, and give the exit code.

    Raises SettingsError for options that fit nothing, UnwritableError and OutputError for what cannot be written.
    """
    from fedpolicy.cli.choices import choices_of
    from fedpolicy.cli.inputs import limit
    from fedpolicy.repair.answer import repair
    from fedpolicy.report.repair import as_json, as_text

    choices = choices_of(options)
    _must_differ(file, output)
    limit(file, choices.timeout)
    source = _source(file, number)
    repairs = repair(_request(source, number, choices, options))
    if number is not None and repairs.proposals:
        _write(Path(file), source, _chosen(repairs, number))
    look = look_for(output, no_color=options["no_color"])
    emit(as_json(repairs) if form == "json" else as_text(repairs, look), output)
    return exit_code((), failing=not repairs.complete)


def _request(source: sources.Source, number: int | None, choices: Choices, options: Mapping[str, Any]) -> Request:
    from fedpolicy.cli.trust import trusted_settings
    from fedpolicy.repair.answer import Choice, Request

    return Request(
        source=source,
        settings=trusted_settings(choices, options),
        costs=_costs(choices.costs, options["costs"]),
        choice=Choice(
            fail_on=choices.fail_on, strict=choices.strict, findings=options["findings"], rules=options["wanted"]
        ),
        deployment=options["deployment"],
        proposals=max(options["proposals"], number or 1),
        rechecks=options["rechecks"],
        flows=options["max_flows"],
        fills=options["fills"],
    )


def _must_differ(file: str, output: str | None) -> None:
    if output and file != _STDIN and Path(output).resolve() == Path(file).resolve():
        message = f"`{file}` is what is to be repaired, and the answer would replace it"
        raise SettingsError(message, help="name another file for --output; --write changes the deployment itself")


def _source(file: str, number: int | None) -> sources.Source:
    from fedpolicy import sources
    from fedpolicy.cli.inputs import input_bytes, named

    if file == _STDIN and number is not None:
        raise SettingsError("standard input cannot be written to", help="name a file, or leave out --write")
    given = sources.read_once(sources.STDIN, input_bytes) if file == _STDIN else named(file)
    return sources.read(given) if isinstance(given, str) else given


def _costs(own: Mapping[str, float], given: Mapping[str, float]) -> dict[str, float]:
    """The command line over the configuration over what kinds cost by themselves."""
    from fedpolicy.repair import costs_of
    from fedpolicy.repair.changes import kinds
    from fedpolicy.suggest import advise

    costs = costs_of(kinds())
    for kind in (*own, *given):
        if kind not in costs:
            raise SettingsError(f"there is no kind of change `{kind}`", help=advise(kind, sorted(costs)))
    return {**costs, **own, **given}


def _chosen(repairs: Repairs, number: int) -> Proposal:
    if number > len(repairs.proposals):
        found = len(repairs.proposals)
        advice = f"there {'is' if found == 1 else 'are'} {found}; nothing was written"
        raise SettingsError(f"there is no proposal {number}", help=advice)
    chosen = repairs.proposals[number - 1]
    if chosen.unwritable is not None:
        raise chosen.unwritable
    if chosen.blanks:
        blank = chosen.blanks[0]
        message = f"proposal {number} needs a value that only you know: `{blank.path}`, {blank.what}"
        raise SettingsError(message, help=f"add --fill {blank.path}=VALUE; nothing was written")
    return chosen


def _write(path: Path, source: sources.Source, proposal: Proposal) -> None:
    """Put what was proved in the place of what was read, whole or not at all."""
    if not path.is_file() or not os.access(path, os.W_OK):
        raise OutputError(f"`{source.name}` cannot be written", help="it is not a plain file, or you may not change it")
    if path.read_bytes() != source.text:
        raise OutputError(f"`{source.name}` has changed in the meantime", help="run it again; nothing was written")
    write(path, proposal.text or "")
    chatter(f"{source.name}: proposal {proposal.number} is written\n")
