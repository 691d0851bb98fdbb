"""`fedpolicy explain`: all about one rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from fedpolicy.cli.options import answer_options, form_option
from fedpolicy.cli.terminal import emit, look_for
from fedpolicy.errors import SettingsError

if TYPE_CHECKING:
    from fedpolicy.report import Style
    from fedpolicy.report.rules import RulePage


@click.command("explain")
@click.argument("rule")
@click.option("--pack", "packs", multiple=True, metavar="NAME|PATH", help="Where it is; default: all shipped packs.")
@form_option(["text", "json", "markdown"], "How to write it.", shown=False)
@answer_options
def command(rule: str, packs: tuple[str, ...], form: str, output: str | None, *, no_color: bool) -> None:
    """
    Tell what a rule asks, why, and how to satisfy it.

    It also tells when the rule may be wrong, and what it rests on. RULE is the id that findings show behind the
    severity.
    """
    emit(_written(_pages(rule, packs), form, look_for(output, no_color=no_color)), output)


def _written(pages: Sequence[RulePage], form: str, look: Style) -> str:
    from fedpolicy.report import rules

    if form == "json":
        return rules.as_json(pages)
    if form == "markdown":
        return "\n".join(rules.as_markdown(page) for page in pages)
    return "\n".join(rules.as_text(page, look) for page in pages)


def _pages(name: str, packs: Sequence[str]) -> list[RulePage]:
    """All about one rule, in every pack that has one of this name. Raises SettingsError where there is none."""
    from fedpolicy.cli.commands.rules import coded_rules, shipped_rules
    from fedpolicy.policy.housekeeping import OWN_RULES
    from fedpolicy.report.rules import RulePage, rule_entry
    from fedpolicy.suggest import advise

    known = shipped_rules(packs)
    if found := [rule_entry(rule) for rule in known if rule.id == name]:
        return found
    coded = (rule for one in coded_rules().values() for rule in one if rule.id == name)
    own = [OWN_RULES[name]] if name in OWN_RULES else list(coded)
    if not own:
        advice = advise(name, sorted({rule.id for rule in known}))
        advice += f"{'' if advice.endswith('?') else ';'} `fedpolicy rules` lists them"
        raise SettingsError(f"no rule is called `{name}`", help=advice)
    return [RulePage.own(rule) for rule in own]
