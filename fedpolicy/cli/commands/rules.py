"""`fedpolicy rules`: what rules there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from fedpolicy.cli.options import SEVERITIES, answer_options, form_option
from fedpolicy.cli.terminal import emit, look_for
from fedpolicy.errors import FedPolicyError, Problems, SettingsError

if TYPE_CHECKING:
    from fedpolicy.findings import RuleInfo
    from fedpolicy.policy import Rule

_SCAN = "scan"  # the pack that no folder holds
_DRIFT = "drift"
_SITE = "site"
_CODED = (_SCAN, _DRIFT, _SITE)


@click.command("rules")
@click.option(
    "--pack",
    "packs",
    multiple=True,
    metavar="NAME|PATH",
    help="Rules of this pack; default: all shipped. `scan` has those on files of others.",
)
@click.option("--principle", "principles", multiple=True, metavar="WORD", help="Rules on this principle only.")
@click.option("--severity", "severities", multiple=True, type=click.Choice(SEVERITIES), help="Of this severity only.")
@click.option(
    "--basis",
    "bases",
    multiple=True,
    type=click.Choice(["seed", "attack", "law", "practice"]),
    help="Rules that rest on such a reference only.",
)
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="STANDARD[:NUMBER]",
    help="Rules about this standard only, such as owasp-llm-2026, or about one requirement of it.",
)
@form_option(["text", "json", "markdown"], "How to write the list.", shown=False)
@answer_options
def command(packs: tuple[str, ...], form: str, output: str | None, *, no_color: bool, **wanted: Sequence[str]) -> None:
    """List the rules of packs. Several filters must all hold; several values of one filter are alternatives."""
    from fedpolicy.report import rules

    found = _chosen(packs, _Filter(**wanted))
    if form == "json":
        emit(rules.as_json([rules.rule_entry(rule) for rule in found]), output)
    elif form == "markdown":
        emit(rules.table_markdown(found), output)
    else:
        emit(rules.table_text(found, look_for(output, no_color=no_color)), output)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filter:
    """Which rules are wanted; an empty field wants all."""

    principles: Sequence[str] = ()
    severities: Sequence[str] = ()
    bases: Sequence[str] = ()
    tags: Sequence[str] = ()

    def wants(self, rule: Rule | RuleInfo) -> bool:
        """Whether a rule is among them."""
        return (
            (not self.principles or rule.principle in self.principles)
            and (not self.severities or rule.severity.label in self.severities)
            and (not self.bases or any(reference.basis in self.bases for reference in rule.references))
            and (not self.tags or any({tag, tag.partition(":")[0]} & set(self.tags) for tag in rule.tags))
        )


def _chosen(packs: Sequence[str], wanted: _Filter) -> list[Rule | RuleInfo]:
    """Rules of packs. Raises SettingsError for a principle or tag that is none, Problems for packs beyond use."""
    from fedpolicy.policy import PRINCIPLES
    from fedpolicy.suggest import advise

    for word in wanted.principles:
        if word not in PRINCIPLES:
            raise SettingsError(f"there is no principle `{word}`", help=advise(word, list(PRINCIPLES)))
    files = [name for name in packs if name not in _CODED]
    coded = coded_rules() if len(files) < len(packs) else {}
    read: Sequence[Rule] = shipped_rules(files) if files or not packs else []
    known: list[Rule | RuleInfo] = [*read, *(one for name in packs for one in coded.get(name, ()))]
    _must_be_carried(wanted.tags, known)
    return [rule for rule in known if wanted.wants(rule)]


def _must_be_carried(tags: Sequence[str], rules: Sequence[Rule | RuleInfo]) -> None:
    from fedpolicy.suggest import advise

    known = sorted({word for rule in rules for tag in rule.tags for word in (tag, tag.partition(":")[0])})
    for word in tags:
        if word not in known:
            near = [one for one in known if (":" in one) is (":" in word)]
            raise SettingsError(f"no rule is about `{word}`", help=advise(word, near, called="rules are about"))


def coded_rules() -> dict[str, tuple[RuleInfo, ...]]:
    """The packs that are written in code, since their rules are about files of others."""
    from fedpolicy.policy.site import judge as site
    from fedpolicy.scan import drift
    from fedpolicy.scan.judge import INFOS

    return {_SCAN: INFOS, _DRIFT: tuple(drift.INFOS.values()), _SITE: site.INFOS}


def shipped_rules(packs: Sequence[str]) -> list[Rule]:
    """The rules of some packs, or of all that ship; packs may share ids here. Raises Problems."""
    from fedpolicy.policy.load import load_rules, shipped_packs

    found: list[Rule] = []
    errors: list[FedPolicyError] = []
    for pack in packs or shipped_packs():
        try:
            found += load_rules([pack])
        except Problems as problems:
            errors += problems.errors
    if errors:
        raise Problems(errors)
    return found
