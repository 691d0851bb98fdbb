"""
The report for people: the verdict first and last, then causes, who learns what, and open questions.

Nothing is hidden that is not counted; `-v` shows source lines and reasons, `--format concise` every finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate, takewhile

from fedpolicy.findings import Report, Verdict
from fedpolicy.report import PLAIN, Style, amount, cells, clean, listing, wrap
from fedpolicy.report.grouping import CauseGroup, failing, groups_of, question, questions_of
from fedpolicy.report.matrix import matrix_lines
from fedpolicy.report.summarise import missing_facts
from fedpolicy.report.verdict import counts, extent, remarks, severities, verdict_line, verdict_style, verdict_word

SUMMARY = "for people: verdict, causes, who learns what, open questions"
SUFFIX = ".txt"
OVERVIEW = True
_MOST_CAUSES = 10
_MOST_QUESTIONS = 3
_MOST_DEPLOYMENTS = 40
_GRADES = ("critical", "high", "medium", "low", "unknown", "waived")
_MOST_LINES = 4  # of one cause
_MOST_RULES = 2  # lines of rules
_WIDE = 100  # columns; on a narrower terminal, a cause takes a line less, and prose ends where its line does
_SHORT = "not covered: see docs/limits.md"
_SCOPE = "not covered: differencing, Sybils, mislabelled payloads, unstated collusion (docs/limits.md)"
_LEAST = 34  # columns of a title: a place that leaves it fewer stands on a line of its own
_GRAVE = 3  # a cause that is less severe gets no line of advice


def render(report: Report) -> str:
    """Write the report plain and at a fixed width, the same on every machine."""
    return draw(report, PLAIN)


def draw(report: Report, look: Style) -> str:
    """Write the report for a terminal of this width, coloured or not."""
    if not report.evaluated:
        return "\n".join([verdict_line(report, 0), *remarks(report, look)]) + "\n"
    groups = groups_of(report)
    several = sum(len(file.deployments) for file in report.files) > 1
    theirs = {file.name for file in report.files if file.deployments}
    elsewhere = several or any(group.file not in theirs for group in groups)
    parts = [
        list(_band(report, groups, look)),
        list(_deployments(report, groups, look)) if several else [],
        list(_causes(groups, look, several=elsewhere)),
        [] if several else _matrix(report, look),
        [*_questions(report, look), *_waived(report, look)],
        [*remarks(report, look), *_hint(report, look), closing(report, look)],
    ]
    return "\n".join("\n".join(part) for part in _spaced(parts)) + "\n"


def closing(report: Report, look: Style) -> str:
    """The last line: the verdict once more, and all counts."""
    if not report.evaluated:
        return verdict_line(report, 0)
    word, grades = look.paint(verdict_style(report), verdict_word(report)), severities(report)
    return f"{word}: {counts(report, look)}{f' ({grades})' if grades and not _is_narrow(look) else ''}"


def _spaced(parts: Sequence[list[str]]) -> Iterator[list[str]]:
    """Leave a line free around the table of deployments, and nowhere else: a screen has few lines."""
    several = bool(parts[1])
    for number, part in enumerate(parts):
        if part:
            yield ["", *part] if several and number in {1, 2} else part


def _band(report: Report, groups: Sequence[CauseGroup], look: Style) -> Iterator[str]:
    word, gap, line = verdict_line(report, failing(groups)).partition("  ")
    files = [file.name for file in report.files]
    place = f"  {clean(files[0])}" if len(files) == 1 else ""
    fits = cells(word + gap + line + place) <= look.width
    first, *rest = wrap(line + place if fits else line, look, word + gap, "      ")
    yield f"{look.paint(verdict_style(report), word)} {look.paint('bold', first[len(word) + 1 :])}"
    yield from rest
    worst = dict.fromkeys(one.worst.message for one in groups if one.worst.severity.label == "critical")
    for message in [one for one in worst if one][:2]:
        yield from _prose(message, look, "    ")


def _prose(text: str, look: Style, first: str) -> list[str]:
    """A sentence: whole where the terminal is wide, else what one line holds of it."""
    return [_cut(first + clean(text), look.width)] if _is_narrow(look) else wrap(text, look, first, first)


def _is_narrow(look: Style) -> bool:
    return look.width < _WIDE


def _deployments(report: Report, groups: Sequence[CauseGroup], look: Style) -> Iterator[str]:
    """A row a deployment. A scan finds what is wrong with one in several files, so its name says whose a finding is."""
    found = Counter((finding.deployment, finding.grade) for finding in report.findings)
    causes = Counter(group.deployment for group in groups)
    names = [(file.name, name) for file in report.files for name in file.deployments]
    rows = [
        (name, f"{causes[name]:,}", *(f"{found[name, grade]:,}" for grade in _GRADES), file)
        for file, name in names[:_MOST_DEPLOYMENTS]
    ]
    yield from _table(("deployment", "causes", *_GRADES, "file"), rows, look)
    if len(names) > _MOST_DEPLOYMENTS:
        yield f"and {amount(len(names) - _MOST_DEPLOYMENTS, 'more deployment')} (`--format csv` lists all)"


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], look: Style) -> Iterator[str]:
    """Columns of numbers between one of names at the left and one at the right."""
    table = [heads, *(tuple("." if text == "0" else clean(text) for text in row) for row in rows)]
    widths = [max(cells(row[at]) for row in table) for at in range(len(heads))]
    ends = {0, len(heads) - 1}
    for number, row in enumerate(table):
        padded = [_padded(text, widths[at], left=at in ends) for at, text in enumerate(row)]
        yield look.paint("bold" if number == 0 else "plain", "  ".join(padded).rstrip())


def _padded(text: str, width: int, *, left: bool) -> str:
    gap = " " * (width - cells(text))
    return text + gap if left else gap + text


def _causes(groups: Sequence[CauseGroup], look: Style, *, several: bool) -> Iterator[str]:
    for number, group in enumerate(groups[:_MOST_CAUSES], start=1):
        yield from _cause(number, group, look, several=several)
    left = groups[_MOST_CAUSES:]
    if left:
        findings = amount(sum(len(one.findings) for one in left), "finding")
        yield f"     and {amount(len(left), 'more cause')} with {findings} (`-v` and `--format concise` show all)"


def _cause(number: int, group: CauseGroup, look: Style, *, several: bool) -> list[str]:
    rules = _rules(group, look)
    room = _MOST_LINES - _is_narrow(look) - 1 - len(rules)
    advice = _advice(group, look) if group.worst.severity >= _GRAVE or group.fix else []
    path = _path(group, look)
    body = [*(path if group.worst.related or room > len(advice) else []), *advice]
    return [*_head(number, group, look, several=several), *rules, *body[:room]]


def _head(number: int, group: CauseGroup, look: Style, *, several: bool) -> list[str]:
    worst = group.worst
    place = clean(f"{group.file}:{group.line}") if several else f"line {group.line}"
    title = clean(f"{number:>3}  {group.title}")
    told = f"{group.count}  [{worst.fingerprint[:8]}]" if worst.fingerprint else group.count
    if look.width - cells(f"{place}  {told}") - 2 >= _LEAST:
        return [_beside(title, f"{place}  {told}", look, worst.grade)]
    return [_beside(title, told, look, worst.grade), f"     at    {place}"]


def _beside(left: str, right: str, look: Style, style: str) -> str:
    left = _cut(left, look.width - cells(right) - 2)
    return f"{look.paint(style, left)}{' ' * max(2, look.width - cells(left) - cells(right))}{right}"


def _rules(group: CauseGroup, look: Style) -> list[str]:
    unknown = group.worst.verdict is not Verdict.FAIL
    told = "; ".join(
        f"{'unknown' if unknown else severity.label} {', '.join(rules)}" for severity, rules in group.by_severity
    )
    lines, most = wrap(told, look, "     ", "     "), _MOST_RULES - _is_narrow(look)
    if len(lines) <= most:
        return lines
    *shown, last = lines[:most]
    last = last.rstrip(",;")
    rest = sum(line.count(",") + line.count(";") for line in lines[most:]) + 1
    while cells(f"{last} and {rest:,} more") > look.width and (end := max(last.rfind(","), last.rfind(";"))) > 0:
        last, rest = last[:end], rest + 1
    before, _, grade = last.rpartition("; ")
    last = before if before and " " not in grade else last  # a severity without its rules
    return [*shown, f"{last} and {rest:,} more"]


def _path(group: CauseGroup, look: Style) -> list[str]:
    also = [f"     also  {clean(f'{one.text} {one.span}')}" for one in group.worst.related[:1]]
    ways = next((one.paths for one in group.findings if any(one.paths)), ())
    if not ways:
        return [_cut(line, look.width) for line in also]
    hops = ways[0]
    chain = [hops[0].source, *(f"-> {hop.target} ({hop.payload})" for hop in hops)]
    more = f", and {amount(len(ways) - 1, 'more way')}" if len(ways) > 1 else ""
    return [_cut(line, look.width) for line in (f"     path  {clean(' '.join(chain))}{more}", *also)]


def _advice(group: CauseGroup, look: Style) -> list[str]:
    if group.fix is not None:
        fix = group.fix
        steps = "; ".join(fix.steps)
        end = f"  clears {fix.clears} of {len(group.findings)} (proved)"
        return [_cut(f"     fix   {clean(steps)}", look.width - cells(end)) + end]
    help_ = " ".join(group.worst.help.split())
    sentence = clean(help_.split(". ")[0].rstrip("."))
    return [f"     help  {_clauses(sentence, look.width - 13)}"] if sentence else []


def _clauses(sentence: str, width: int) -> str:
    """As many whole clauses of a sentence as a line holds."""
    if cells(sentence) <= width:
        return sentence
    ends = [place for place, char in enumerate(sentence[:width]) if char in ",;:" and not _inside(sentence[:place])]
    return f"{sentence[: ends[-1]]} …" if ends else _cut(sentence, width)


def _inside(text: str) -> bool:
    """Whether a text ends within parentheses or code."""
    return text.count("(") > text.count(")") or text.count("`") % 2 == 1


def _cut(text: str, width: int) -> str:
    """A text that takes no more columns than these, or than the least that a text is cut to."""
    room = max(width, _LEAST)
    if cells(text) <= room:
        return text
    taken = accumulate(map(cells, text))
    return f"{text[: sum(1 for _ in takewhile(room.__gt__, taken))].rstrip()}…"


def _matrix(report: Report, look: Style) -> list[str]:
    return [line for one in report.overviews for line in matrix_lines(one.cells, look, one.hidden)]


def _questions(report: Report, look: Style) -> Iterator[str]:
    facts = missing_facts(report.findings, report.places)
    questions = list(questions_of(facts))
    for asked in questions[:_MOST_QUESTIONS]:
        file = f"{clean(asked[0].file)}:" if len(report.files) > 1 else "line "
        place = f"  {file}{asked[0].span.line}"
        mark, text = look.paint("unknown", "open"), clean(question(asked))
        room = look.width - 6 - cells(place)
        if room >= _LEAST:
            yield f"{mark}  {_cut(text, room)}{place}"
        else:
            yield from (f"{mark}  {_cut(text, look.width - 6)}", f"      at{place}")
    if len(questions) > _MOST_QUESTIONS:
        yield f"      and {amount(len(questions) - _MOST_QUESTIONS, 'more question')} (`-v` asks all)"


def _waived(report: Report, look: Style) -> Iterator[str]:
    found = [one for one in report.findings if one.verdict is Verdict.WAIVED]
    for one in found[:_MOST_QUESTIONS]:
        waiver = one.waiver
        who = f" until {waiver.expires} ({waiver.owner}, {waiver.approved_by}: {waiver.reason})" if waiver else ""
        yield from wrap(f"{one.rule} of {listing(one.elements, most=2)}{who}", look, "waived  ", "        ")
    if len(found) > _MOST_QUESTIONS:
        yield f"        and {len(found) - _MOST_QUESTIONS:,} more (`-v` shows all)"


def _hint(report: Report, look: Style) -> Iterator[str]:
    yield look.paint("dim", _SCOPE if cells(_SCOPE) <= look.width else _SHORT)
    more = "; -v: reasons; --fixes: proved changes" if report.reading is None else ""  # a scan has neither
    told = report.counts.get(Verdict.FAIL) or report.counts.get(Verdict.UNKNOWN)
    yield from _prose(f"{extent(report)}{more if told else ''}", look, "")
