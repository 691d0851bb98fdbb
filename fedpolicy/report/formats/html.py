"""
The report as one HTML file to look at, send and print: verdict, tiles, who learns what, the map, causes with fixes.

It loads nothing, works from disk and without its script.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from fedpolicy.findings import Report, SourceFile, Verdict
from fedpolicy.overview import Overview
from fedpolicy.page import Block, Code, Items, Page, PageSection, Paragraph, Table, Tile
from fedpolicy.report import PLAIN, Style, amount, listing
from fedpolicy.report.annotations import UNUSABLE, problems
from fedpolicy.report.grouping import CauseGroup, anchor, groups_of, question, questions_of
from fedpolicy.report.matrix import columns_of, grave_tiles, level_words, rows_of
from fedpolicy.report.pages import page_html
from fedpolicy.report.summarise import OUT_OF_SCOPE, digests_of, missing_facts
from fedpolicy.report.verdict import counts_line, holding, remarks, verdict_line, verdict_word

SUMMARY = "one page to look at, send and print: verdict, map, causes with proved fixes, controls"
SUFFIX = ".html"
OVERVIEW = FIXES = PAGE = BASIS = True
_MOST_CAUSES = 100
_MOST_ROWS = 200
_SHOWN = 12  # characters of a digest in the band; the foot has all of it
_AROUND = 2  # lines around the one that a cause stands in


def render(report: Report) -> str:
    """Write the page."""
    groups = groups_of(report)
    word, _, line = verdict_line(report, len(groups)).partition(" ")
    said = [one.worst.message for one in groups if one.worst.severity.label == "critical"][:3]
    return page_html(
        Page(
            title=line.strip(),
            verdict=word or verdict_word(report),
            lead=(*said, *_beside(report)),
            marks=tuple(f"{what} {digest[:_SHOWN]}" for what, digest in digests_of(report)),
            tiles=tuple(_tiles(report)),
            sections=tuple(_numbered(part for part in _sections(report, groups) if part)),
            foot=tuple(_foot(report)),
            signed=True,
        )
    )


def _sections(report: Report, groups: Sequence[CauseGroup]) -> list[PageSection | None]:
    several = len(report.overviews) > 1
    told = [(one, section) for one in report.overviews for section in one.sections]
    return [
        _problems(report),
        *(_matrix(one, several=several) for one in report.overviews if one.cells),
        *(_of(one, section, several=several) for one, section in told if section.id == "map"),
        _causes(groups, report.files, several=several),
        *(_of(one, section, several=several) for one, section in told if section.id != "map"),
        _questions(report),
        _waivers(report),
        PageSection(id="scope", title="What is not covered", blocks=(Items(items=OUT_OF_SCOPE),)),
        holding(report, f"{counts_line(report, PLAIN)}. "),
    ]


def _beside(report: Report) -> list[str]:
    """The day, and what must not be forgotten."""
    day = [f"Judged as on {report.today}."] if report.today else []
    return [*day, *(f"{text[:1].upper()}{text[1:]}." for text in remarks(report, Style(width=10_000)))]


def _numbered(sections: Iterable[PageSection]) -> Iterator[PageSection]:
    """The sections, each with an id of its own; several deployments have several of one kind."""
    seen: Counter[str] = Counter()
    for section in sections:
        seen[section.id] += 1
        yield section if seen[section.id] == 1 else replace(section, id=f"{section.id}-{seen[section.id]}")


def _tiles(report: Report) -> Iterator[Tile]:
    cells = [cell for one in report.overviews for cell in one.cells]
    yield from grave_tiles(cells)
    beyond = len({cell.party for cell in cells if cell.exceeds})
    yield Tile(
        value=f"{beyond}",
        label="learns more than owners allow" if beyond == 1 else "learn more than owners allow",
        bad=beyond > 0,
    )
    unknown = report.counts.get(Verdict.UNKNOWN, 0)
    yield Tile(value=f"{unknown:,}", label="question open" if unknown == 1 else "questions open", bad=unknown > 0)


def _problems(report: Report) -> PageSection | None:
    found = tuple(f"{one.span}: {one.message}" for one in problems(report) if one.rule == UNUSABLE)
    blocks = (Items(items=found[:_MOST_ROWS]),)
    return PageSection(id="input", title="Input that cannot be used", blocks=blocks) if found else None


def _matrix(one: Overview, *, several: bool) -> PageSection:
    rows = rows_of(one.cells)
    names = columns_of(rows)[:20]
    table = Table(
        caption="The most that each party can learn (what is guaranteed in brackets where that is more; ! not allowed)",
        heads=("party", *names),
        rows=tuple(
            (listing(parties), *(level_words(some[name]) if name in some else "-" for name in names))
            for parties, some in rows[:_MOST_ROWS]
        ),
    )
    return PageSection(id="matrix", title=_titled("Who learns what", one.deployment, several=several), blocks=(table,))


def _of(one: Overview, section: PageSection, *, several: bool) -> PageSection:
    return replace(section, title=_titled(section.title, one.deployment, several=several))


def _titled(title: str, deployment: str, *, several: bool) -> str:
    return f"{title}: {deployment}" if several else title


def _causes(groups: Sequence[CauseGroup], files: Sequence[SourceFile], *, several: bool) -> PageSection | None:
    if not groups:
        return None
    lines = {file.name: file.lines for file in files}
    shown = enumerate(groups[:_MOST_CAUSES], start=1)
    found = [_cause(number, one, lines.get(one.file, ()), several=several) for number, one in shown]
    left = len(groups) - _MOST_CAUSES
    more = (Paragraph(text=f"and {amount(left, 'more cause')}"),) if left > 0 else ()
    return PageSection(id="causes", title="What it comes from, and what helps", blocks=(*found, *more))


def _cause(number: int, group: CauseGroup, lines: Sequence[str], *, several: bool) -> PageSection:
    shown = group.findings[:_MOST_ROWS]
    table = Table(
        caption=f"{group.count} of cause {number}",
        heads=("rule", "severity", "what", "fingerprint"),
        rows=tuple((one.rule, one.grade, one.message, one.fingerprint[:8]) for one in shown),
    )
    title = _titled(f"{number}. {group.title}", group.deployment, several=several)
    return PageSection(
        id=anchor(group.deployment, group.cause), title=title, blocks=(table, *_lines(group, lines), *_fix(group))
    )


def _lines(group: CauseGroup, lines: Sequence[str]) -> Iterator[Block]:
    first = max(1, group.line - _AROUND)
    shown = lines[first - 1 : group.line + _AROUND]
    if shown:
        text = "\n".join(f"{first + at:>5}  {line[:200]}" for at, line in enumerate(shown))
        yield Code(text=text, title=f"{group.file}, line {group.line}")
    ways = next((one.paths for one in group.findings if any(one.paths)), ())
    if ways:
        yield Paragraph(
            text="The way: " + "; ".join(f"{hop.source} to {hop.target} ({hop.payload})" for hop in ways[0])
        )


def _fix(group: CauseGroup) -> Iterator[Block]:
    fix = group.fix
    if fix is None:
        yield Paragraph(text=" ".join(group.worst.help.split()))
        return
    yield Paragraph(text=f"Tried on a copy: {'; '.join(fix.steps)}. It clears {fix.clears} of {group.count}.")
    if fix.new:
        yield Paragraph(text=f"With it come: {'; '.join(fix.new)}")
    if fix.diff:
        yield Code(text=fix.diff, title="The change in the file")


def _questions(report: Report) -> PageSection | None:
    asked = [
        f"{question(facts)} ({facts[0].file}, line {facts[0].span.line})"
        for facts in questions_of(missing_facts(report.findings, report.places))
    ]
    if not asked:
        return None
    return PageSection(id="open", title="Open questions", blocks=(Items(items=tuple(asked[:_MOST_ROWS])),))


def _waivers(report: Report) -> PageSection | None:
    found = [(one, one.waiver) for one in report.findings if one.waiver is not None]
    rows = tuple(
        (waiver.id, one.rule, waiver.expires, waiver.owner, waiver.approved_by, waiver.reason)
        for one, waiver in found[:_MOST_ROWS]
    )
    heads = ("waiver", "rule", "ends", "owner", "approved by", "reason")
    table = Table(caption="Accepted findings", heads=heads, rows=rows)
    return PageSection(id="waivers", title="Waivers", blocks=(table,)) if rows else None


def _foot(report: Report) -> Iterator[str]:
    day = f", as on {report.today}" if report.today else ""
    packs = f"Rules: {listing(report.packs)}. " if report.packs else ""
    yield f"fedpolicy {report.version}{day}. {packs}Files: {listing([file.name for file in report.files], most=10)}."
    yield from (f"sha256 of {what}: `{digest}`" for what, digest in digests_of(report))
    yield "The page says what the files declare and what follows. It is not legal advice, and no proof of what runs."
