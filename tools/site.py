"""Lays out the pages of the documentation for whatever builds the site: those of `docs/`, and one for every rule."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from fedpolicy.findings import Reference
from fedpolicy.policy import PRINCIPLES, Rule
from fedpolicy.policy.load import load_rules, shipped_packs
from fedpolicy.policy.packs import Pack, Standard, read_pack
from fedpolicy.policy.site import judge as site
from fedpolicy.report.rules import as_markdown, rule_entry, table_markdown
from fedpolicy.scan import drift
from fedpolicy.scan.judge import INFOS

SCAN = (
    "## Files of others (`scan`)\n\nWhat `fedpolicy scan` judges at files of frameworks, because no declaration can"
    f" hold it: {len(INFOS)} rules, written in code.\n\n{table_markdown(INFOS, '')}\n\n## Drift (`drift`)\n\nWhat"
    f" `fedpolicy drift` finds between a declaration and what runs: {len(drift.INFOS)} rules, written in"
    f" code.\n\n{table_markdown(tuple(drift.INFOS.values()), '')}\n\n## A site's own policy (`site`)\n\nWhat"
    f" `fedpolicy check --site` says: {len(site.INFOS)} rules, which no setting"
    f" reaches.\n\n{table_markdown(site.INFOS, '')}"
)
ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "build" / "pages"
BEGIN = (
    "# Rules\n\n`fedpolicy explain RULE` says of a rule what it asks, why, how to satisfy it, when it may be wrong,"
    " and its sources."
)


def main() -> None:
    """Write everything anew: a page that is gone from `docs/` must be gone from the site."""
    shutil.rmtree(PAGES, ignore_errors=True)
    shutil.copytree(ROOT / "docs", PAGES)
    for place, text in rule_pages():
        target = PAGES / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def rule_pages() -> Iterator[tuple[str, str]]:
    """Place and text of each: by pack, by principle, one a rule; the list of all stands where `docs/` has its own."""
    packs = _packs()
    every = [rule for _, rules in packs.values() for rule in rules]
    yield "rules.md", f"{BEGIN} Each has a page, made from its own file.\n\n{_index(packs, every)}\n\n{SCAN}"
    for name, (pack, rules) in packs.items():
        yield f"rules/{name}/index.md", _pack(pack, rules)
        for rule in rules:
            yield f"rules/{name}/{rule.id}.md", as_markdown(rule_entry(rule))
    for principle, about in PRINCIPLES.items():
        chosen = [rule for rule in every if rule.principle == principle]
        if chosen:
            title = principle.replace("-", " ").capitalize()
            text = f"# {title}\n\n{about.capitalize()}.\n\n{table_markdown(chosen, '../{pack}/{id}.md')}"
            yield f"rules/by-principle/{principle}.md", text


def listing() -> str:
    """The page for whoever reads the repository, where no rule has a page."""
    packs = _packs()
    named = (f"- {pack.title} (`{name}`): {len(rules)} rules" for name, (pack, rules) in packs.items())
    tables = (f"## {pack.title}\n\n{pack.about}\n\n{table_markdown(rules, '')}" for pack, rules in packs.values())
    return "\n\n".join([BEGIN, "\n".join(named), *tables, SCAN])


def _packs() -> dict[str, tuple[Pack, tuple[Rule, ...]]]:
    return {name: (read_pack(name), load_rules([name])) for name in shipped_packs()}


def _index(packs: dict[str, tuple[Pack, tuple[Rule, ...]]], every: list[Rule]) -> str:
    by_pack = (
        f"- [{pack.title}](rules/{name}/index.md) (`{name}`): {len(rules)} rules"
        for name, (pack, rules) in packs.items()
    )
    used = {rule.principle for rule in every}
    by_principle = (
        f"- [{name.replace('-', ' ')}](rules/by-principle/{name}.md): {about}"
        for name, about in PRINCIPLES.items()
        if name in used
    )
    table = table_markdown(every, "rules/{pack}/{id}.md")
    lists = {"By pack": "\n".join(by_pack), "By principle": "\n".join(by_principle), "All": table}
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in lists.items())


def _pack(pack: Pack, rules: tuple[Rule, ...]) -> str:
    parts = [f"# {pack.title}", pack.about, *_said(pack), table_markdown(rules, "{id}.md")]
    return "\n\n".join(parts)


def pack_page(name: str) -> str:
    """What a pack is for: whom it protects, from when, by which texts; what it asks, and what is for people."""
    pack, rules = read_pack(name), load_rules([name])
    parts = [f"# {pack.title}", pack.about, *_facts(pack), *_said(pack, linked=False)]
    parts += [f"## Rules\n\n{table_markdown(rules, '')}", *(_requirements(one) for one in pack.standards)]
    if pack.references:
        parts.append("## Sources\n\n" + "\n".join(_linked(reference) for reference in pack.references))
    parts.append("Each rule says in its `why` what it cannot show. Nothing here is legal advice.")
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _facts(pack: Pack) -> Iterator[str]:
    yield f"`--pack {pack.name}`, version {pack.version}."
    if pack.owners_in:
        places = ["the European Economic Area" if code == "EEA" else code for code in pack.owners_in]
        absent = "If no owner is there, the report says so and calls nothing clean."
        yield f"**Protects owners in:** {', '.join(places)}. {absent}"
    for duty in pack.duties:
        source = f"[source]({duty.url}), opened on {duty.as_of}"
        yield f"**From {duty.day}:** {duty.about} ({source}). Until then, findings are info."


def _requirements(standard: Standard) -> str:
    every = load_rules(shipped_packs())
    rows = {number: [r for r in every if f"{standard.name}:{number}" in r.tags] for number in standard.numbers}
    asked = [
        f"| {number} | {', '.join(f'`{r.id}` ({r.pack})' for r in some)} |" for number, some in rows.items() if some
    ]
    left = ", ".join(number for number, some in rows.items() if not some)
    head = f"## {standard.title}\n\nRead: {standard.read}; opened on {standard.as_of}."
    table = "\n".join(["| requirement | rules |", "|---|---|", *asked])
    return f"{head}\n\n{table}\n\n**For people**, as no file decides them: {left}."


def _said(pack: Pack, *, linked: bool = True) -> Iterator[str]:
    if pack.scope:
        yield f"**Meant for:** {pack.scope}"
    if pack.not_covered:
        yield f"**Not covered:** {pack.not_covered}"
    if pack.for_people:
        yield f"**For people:** {pack.for_people}"
    if pack.references and linked:
        yield "\n".join(_linked(reference) for reference in pack.references)


def _linked(reference: Reference) -> str:
    title = f"[{reference.title}]({reference.url})" if reference.url else reference.title
    opened = f" Opened on {reference.as_of}." if reference.as_of else ""
    return f"- {title}. {reference.note}{opened}".rstrip()


if __name__ == "__main__":
    main()
