"""What `fedpolicy rules` and `fedpolicy explain` say of rules: a table, or everything about one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from fedpolicy.findings import Reference, RuleInfo
from fedpolicy.policy.rulefile import EXPECTED, RULE
from fedpolicy.policy.sheet import read_sheet
from fedpolicy.policy.texts import value_words
from fedpolicy.report import PLAIN, Style, amount, wrap
from fedpolicy.report.rows import json_text

if TYPE_CHECKING:
    from fedpolicy.policy import Param, Rule

_TOLD = {"fail": "fails", "pass": "passes", "unknown": "is undecided"}
_HEADINGS = {"fail": "Fails", "pass": "Passes", "unknown": "Undecided"}
_BASES = {
    "seed": "the paper that this project begins with (a position, not a law)",
    "attack": "a published attack",
    "law": "law",
    "practice": "practice",
}

# What rules look at that are written in code, by their pack.
_CODED = {"scan": "file", "drift": "deployment", "site": "deployment"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One example: what the rule must say of it, why, and the deployment as YAML."""

    expected: str
    why: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePage:
    """
    Everything that there is to say of a rule.

    Code judges the rules about waivers, baselines and files of others (`own`): they ask nothing that could be shown.
    """

    rule: RuleInfo
    applies_to: str
    match: str = ""
    require: str = ""
    graver: str = ""
    slight: str = ""
    absent: str = ""
    absent_why: str = ""
    behind: Sequence[str] = ()
    params: Sequence[Param] = ()
    examples: Sequence[Shown] = ()

    @classmethod
    def own(cls, rule: RuleInfo) -> RulePage:
        """A rule that has no file."""
        return cls(rule=rule, applies_to=_CODED.get(rule.pack, rule.id.partition("-")[0]))


def rule_entry(rule: Rule | RuleInfo) -> RulePage:
    """Read what the rule itself does not keep. Raises Problems where its file has changed its shape."""
    if isinstance(rule, RuleInfo):
        return RulePage.own(rule)
    tree: dict[str, Any] = read_sheet(Path(rule.path).read_bytes(), rule.path, RULE).tree
    return RulePage(
        rule=rule.info,
        applies_to=rule.applies_to,
        absent=rule.absent,
        absent_why=rule.absent_why,
        behind=rule.behind,
        params=rule.params,
        **{key: " ".join(str(tree.get(key, "")).split()) for key in ("match", "graver", "slight", "require")},
        examples=list(_examples(tree.get("examples", {}))),
    )


def _examples(listed: Mapping[str, Any]) -> Iterator[Shown]:
    for word in EXPECTED:
        for example in listed.get(word, ()):
            yield Shown(expected=word, why=example.get("why", ""), text=_as_yaml(example["deployment"]))


def _as_yaml(deployment: object) -> str:
    """One line per entry of a section, as people write deployments."""
    if not isinstance(deployment, dict):
        return ""
    return "".join(_yaml_section(str(name), entries) for name, entries in deployment.items())


def _yaml_section(name: str, entries: object) -> str:
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        return f"{name}: {_yaml_flow(entries)}\n"
    return f"{name}:\n" + "".join(f"  {key}: {_yaml_flow(entry)}\n" for key, entry in entries.items())


def _yaml_flow(value: object) -> str:
    # The reader gives tuples, which YAML would write as a tag of Python's.
    text = yaml.safe_dump(_plain(value), default_flow_style=True, sort_keys=False, width=100_000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def table_text(rules: Sequence[Rule | RuleInfo], look: Style = PLAIN) -> str:
    """Write a table, pack by pack, the most severe rules first."""
    lines = []
    width = max((len(rule.id) for rule in rules), default=0)
    for pack, packed in groupby(sorted(rules, key=lambda rule: rule.pack), key=lambda rule: rule.pack):
        lines.append(look.paint("bold", pack))
        for rule in sorted(packed, key=lambda rule: (-rule.severity, rule.id)):
            severity = look.paint(rule.severity.label, f"{rule.severity.label:<8}")
            lines.append(f"  {severity}  {rule.id:<{width}}  {rule.title}")
        lines.append("")
    lines.append(f"{amount(len(rules), 'rule')}; fedpolicy explain RULE tells all about one")
    return "\n".join(lines) + "\n"


def as_text(entry: RulePage, look: Style = PLAIN) -> str:
    """Write everything about one rule."""
    rule = entry.rule
    head = f"{rule.id} ({rule.pack}, {rule.severity.label}, {rule.principle})"
    parts = [
        [look.paint("bold", head), *wrap(rule.title, look), *wrap(_passing(rule), look)],
        _part("why", wrap(rule.why, look, "  ", "  "), look),
        _part("what to do", wrap(rule.help, look, "  ", "  "), look),
        _part(f"what it asks of each {entry.applies_to}", _condition_lines(entry, look), look),
        _part("parameters", _param_lines(entry, look), look),
        _part("references", _reference_lines(rule, look), look),
        _part("may be wrong when", _listed(rule.false_positives, look), look),
        *(_part(f"an example that {_TOLD[one.expected]}", _example_lines(one, look), look) for one in entry.examples),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _passing(rule: RuleInfo) -> str:
    return f"Where it passes: {rule.holds}." if rule.holds else ""


def _part(title: str, body: Iterable[str], look: Style) -> list[str]:
    lines = list(body)
    return [look.paint("bold", title), *lines] if lines else []


def _condition_lines(entry: RulePage, look: Style) -> Iterator[str]:
    asked = (("where", entry.match), ("require", entry.require), ("graver", entry.graver), ("slight", entry.slight))
    for word, text in asked:
        if text:
            yield from wrap(text, look, f"  {word:<9}", "           ")
    if entry.absent:
        text = f"{entry.absent}, because: {entry.absent_why}"
        yield from wrap(text, look, "  not said ", "           ")
    if entry.behind:
        yield from wrap(f"what these tell: {', '.join(entry.behind)}", look, "  behind   ", "           ")


def _param_lines(entry: RulePage, look: Style) -> Iterator[str]:
    for param in entry.params:
        value = value_words(param.type, [param.value])
        yield from wrap(f"{param.about} (default: {value})", look, f"  {entry.rule.id}.{param.name}  ", "      ")


def _reference_lines(rule: RuleInfo, look: Style) -> Iterator[str]:
    for reference in rule.references:
        url = f" <{reference.url}>" if reference.url else ""
        yield from wrap(f"{reference.title}{url}", look, f"  {reference.basis}: ", "    ")
        if reference.note:
            yield from wrap(reference.note, look, "    ", "    ")


def _listed(texts: Sequence[str], look: Style) -> Iterator[str]:
    for text in texts:
        yield from wrap(text, look, "  - ", "    ")


def _example_lines(shown: Shown, look: Style) -> Iterator[str]:
    if shown.why:
        yield from wrap(shown.why, look, "  # ", "  # ")
    yield from (f"  {line}" for line in shown.text.splitlines())


def table_markdown(rules: Sequence[Rule | RuleInfo], link: str = "{pack}/{id}.md") -> str:
    """A table of rules; `link` is where the page of a rule is, and without one rules are only named."""
    lines = ["| rule | severity | principle | fails when |", "|---|---|---|---|"]
    for rule in sorted(rules, key=lambda rule: (rule.pack, -rule.severity, rule.id)):
        name = f"[{rule.id}]({link.format(pack=rule.pack, id=rule.id)})" if link else f"`{rule.id}`"
        lines.append(f"| {name} | {rule.severity.label} | {rule.principle} | {_cell(rule.title)} |")
    return "\n".join(lines) + "\n"


def as_markdown(entry: RulePage) -> str:
    """Everything about one rule; the same file always gives the same page."""
    rule = entry.rule
    parts = [
        f"# {rule.id}",
        f"**{rule.title}.** {_passing(rule)}".rstrip(),
        _about_rule(entry),
        f"## Why\n\n{rule.why}",
        f"## What to do\n\n{rule.help}",
        _section("What it asks", _condition(entry)),
        _section("Parameters", "\n".join(_params(entry))),
        _section("References", "\n".join(_reference(reference) for reference in rule.references)),
        _section("When it may be wrong", "\n".join(f"- {text}" for text in rule.false_positives)),
        _section("Examples", "\n\n".join(_example(shown) for shown in entry.examples)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _about_rule(entry: RulePage) -> str:
    rule = entry.rule
    kind = f", judged for each {entry.applies_to}" if entry.require else ""
    about = f" About {', '.join(f'`{tag}`' for tag in rule.tags)}." if rule.tags else ""
    return f"Pack `{rule.pack}`, severity **{rule.severity.label}**, principle *{rule.principle}*{kind}.{about}"


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _condition(entry: RulePage) -> str:
    if not entry.require:
        return ""
    where = f"where:   {entry.match}\n" if entry.match else ""
    absent = f"\n\nWhat is not said: {entry.absent}. {entry.absent_why}" if entry.absent else ""
    pairs = (("graver:  ", entry.graver), ("slight:  ", entry.slight))
    graver = "".join(f"\n{word}{text}" for word, text in pairs if text)
    behind = f"\n\nBehind what these tell: {', '.join(entry.behind)}." if entry.behind else ""
    return f"```text\n{where}require: {entry.require}{graver}\n```{absent}{behind}"


def _params(entry: RulePage) -> Iterator[str]:
    for param in entry.params:
        default = value_words(param.type, [param.value])
        yield f"- `--param {entry.rule.id}.{param.name}={default}` (the default): {param.about}"


def _reference(reference: Reference) -> str:
    title = f"[{reference.title}]({reference.url})" if reference.url else reference.title
    note = f" {reference.note}" if reference.note else ""
    note += f" Opened on {reference.as_of}." if reference.as_of else ""
    return f"- *{_BASES[reference.basis]}*: {title}.{note}"


def _example(shown: Shown) -> str:
    why = f": {shown.why}" if shown.why else ""
    return f"**{_HEADINGS[shown.expected]}**{why}\n\n```yaml\n{shown.text}```"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def as_json(entries: Sequence[RulePage]) -> str:
    """Write the rules as JSON."""
    return json_text({"version": 1, "rules": [_row(entry) for entry in entries]})


def _row(entry: RulePage) -> dict[str, Any]:
    rule = entry.rule
    return {
        **{name: getattr(rule, name) for name in ("id", "pack", "title", "holds", "principle")},
        "severity": rule.severity.label,
        "tags": list(rule.tags),
        "applies_to": entry.applies_to,
        **{name: getattr(entry, name) or None for name in ("match", "require", "graver", "slight")},
        "params": [_param_row(param) for param in entry.params],
        "why": rule.why,
        "help": rule.help,
        "references": [asdict(reference) for reference in rule.references],
        "false_positives": list(rule.false_positives),
        "examples": [asdict(shown) for shown in entry.examples],
    }


def _param_row(param: Param) -> dict[str, str]:
    value = value_words(param.type, [param.value])
    return {"name": param.name, "type": str(param.type), "value": value, "about": param.about}
