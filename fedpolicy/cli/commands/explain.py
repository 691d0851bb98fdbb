"""`fedpolicy explain`: all about one rule."""

from __future__ import annotations

from collections.abc import Sequence

import click

from fedpolicy.cli.options import colour_option, debug_option, output_option
from fedpolicy.cli.terminal import emit, look_for
from fedpolicy.errors import SettingsError

__all__ = ["command"]


@click.command("explain")
@click.argument("rule")
@click.option("--pack", "packs", multiple=True, metavar="NAME|PATH", help="Where it is; default: all shipped packs.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", help="How to write it."
)
@output_option
@colour_option
@debug_option
def command(rule: str, packs: tuple[str, ...], form: str, output: str | None, *, no_color: bool) -> None:
    """
    Tell what a rule asks, why, how to satisfy it, when it may be wrong, and what it rests on.

    RULE is the id that findings show in brackets.
    """
    _explain(rule, packs, form, output, no_color=no_color)


def _explain(name: str, packs: Sequence[str], form: str, output: str | None, *, no_color: bool) -> None:
    """Tell all about one rule (in every pack that has one of this name). Raises SettingsError where there is none."""
    from fedpolicy.cli.commands.rules import rules_of
    from fedpolicy.policy.housekeeping import OWN_RULES
    from fedpolicy.report import rules
    from fedpolicy.suggest import advise

    known = rules_of(packs)
    entries = [rules.rule_entry(rule) for rule in known if rule.id == name]
    if not entries and name in OWN_RULES:
        entries = [rules.RulePage.own(OWN_RULES[name])]
    if not entries:
        from fedpolicy.cli.commands.rules import coded_rules

        entries = [rules.RulePage.own(rule) for one in coded_rules().values() for rule in one if rule.id == name]
    if not entries:
        advice = f"{advise(name, sorted({rule.id for rule in known}))}; `fedpolicy rules` lists them"
        raise SettingsError(f"no rule is called `{name}`", help=advice)
    if form == "json":
        emit(rules.as_json(entries), output)
    elif form == "markdown":
        emit("\n".join(rules.as_markdown(entry) for entry in entries), output)
    else:
        look = look_for(output, no_color=no_color)
        emit("\n".join(rules.as_text(entry, look) for entry in entries), output)
