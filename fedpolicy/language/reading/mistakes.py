"""One thing wrong in a document, before it has a file and a line: in its YAML, in a value, or between several."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import yaml

from fedpolicy.errors import FedPolicyError, SpecError
from fedpolicy.findings import Span
from fedpolicy.language.reading.raw import Names
from fedpolicy.language.reading.spans import MERGE, Path, Spans
from fedpolicy.language.reading.text import Text
from fedpolicy.records import dataclass, field
from fedpolicy.startup import pattern
from fedpolicy.suggest import did_you_mean, nearest, shown_value, visible

MAX_REPORTED = 500  # mistakes of one document; what follows is one line that counts the rest
_WORD = pattern(r"\S{0,200}")
# Words of the parser (libyaml's and the pure one's) -> what is wrong, what to do.
_WORDS: tuple[tuple[str, str, str], ...] = (
    (r"mapping values are not allowed", "a `:` that does not belong to a key of this map",
     "indent the key as its neighbours are; quote text that contains `: `"),
    (r"found unexpected end of stream", "a quote that is never closed", "close it with the same quote"),
    (r"found unexpected document indicator", "a quote that is never closed", "close it with the same quote"),
    (r"',' or '\]'", "a list that is not closed with `]`, or a comma that is missing", "write `[a, b]`"),
    (r"',' or '}'", "a map that is not closed with `}`, or a comma that is missing", "write `{a: 1, b: 2}`"),
    (r"could not find expected ':'", "a line without `key: value`",
     "write a `:` and a space behind the key; indent text that goes on"),
    (r"did not find expected key|expected <block end>", "a line that does not fit the map above it",
     "indent it as its neighbours are; quote text that starts with a quote"),
    (r"did not find expected '-' indicator", "a line that does not fit the list above it", "start it with `- `"),
    (r"unknown escape character", "a backslash sequence that YAML does not know", "write `\\\\`, or use single quotes"),
    (r"undefined tag handle", "a tag that has no meaning here", "remove it"),
    (r"node content", "a bracket that is never closed, or a comma too many", "write `[a, b]` or `{a: 1, b: 2}`"),
    (r"alphabetic or numeric character", "`&` and `*` name anchors", "quote text that starts with one of them"),
    (r"expected '?<document start>", "a second document that does not start with `---`", "put `---` before it"),
    (r"incompatible YAML document", "a version of YAML that is not 1.x", "remove the %YAML line"),
)  # fmt: skip
_GLUED = pattern(r"^[ ]*(?:- )?[A-Za-z_][\w.-]*:(?=[^\s/:])", re.MULTILINE)
_IN_BRACKETS = pattern(r"node content|',' or")
_OPENERS = pattern(r"unexpected (?:end of stream|document indicator)|',' or|could not find expected ':'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """
    Something wrong at a path, and what to write instead.

    `key` puts it at the key instead of the value. `help` may be worked out late: suggestions take time, and
    a file can have thousands of mistakes. `also` are paths that are as wrong as this one, though they are not
    where the mistake stands: the key that was misspelt. `absence` marks what is only about a key that is not there.
    """

    path: Path
    message: str
    help: str | Callable[[], str] = ""
    key: bool = False
    also: tuple[Path, ...] = ()
    absence: bool = False

    def error(self, spans: Spans) -> SpecError:
        """The same with its place."""
        span = spans.key(self.path) if self.key else spans.at(self.path)
        advice = self.help if isinstance(self.help, str) else self.help()
        return SpecError(self.message, span=span, help=advice, path=dotted(spans.written(self.path)))


def dotted(path: Path) -> str:
    """`tasks.adapt.safeguards.0.min_clients`."""
    return visible(".".join(map(str, path)))


def located(mistakes: Iterable[Mistake], spans: Spans) -> list[SpecError]:
    """The mistakes of a document in the order of their places."""
    places = [(spans.key(found.path) if found.key else spans.at(found.path), found) for found in mistakes]
    places.sort(key=lambda place: (place[0], str(place[1].path), place[1].message))
    places = _once(places)
    errors = [found.error(spans) for _, found in places[:MAX_REPORTED]]
    more = len(places) - len(errors)
    if more:
        told = "1 more mistake of this document is" if more == 1 else f"{more:,} more mistakes of this document are"
        errors.append(SpecError(f"{told} not shown", span=places[MAX_REPORTED][0], help="mend the ones above first"))
    return errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A mistake that only several values together show; it is not said where one of these is wrong itself."""

    mistake: Mistake
    rests_on: tuple[Path, ...] = ()


Check = Callable[[Names], Iterator[Contradiction]]


def contradiction(
    path: Path, message: str, advice: str, *, rests_on: Iterable[Path] = (), key: bool = False
) -> Contradiction:
    """Say one; `key` means that the key is superfluous, or missing and expected in its entry."""
    mistake = Mistake(path=path, message=message, help=advice, key=key, absence=key)
    return Contradiction(mistake=mistake, rests_on=tuple(rests_on))


def clients_of(names: Names, path: Path, key: str, references: Iterable[str]) -> tuple[int | None, tuple[Path, ...]]:
    """How many owners stand behind the nodes of a key, and the values that this rests on."""
    wanted = list(references)
    families = {reference.partition("@")[0] for reference in wanted}
    rests = [(*path, key), *(("nodes", family, part) for family in families for part in ("party", "count"))]
    return names.clients(wanted), tuple(rests)


class Fatal(Exception):  # noqa: N818  it stops one document, it is not the error itself
    """A document is given up: why, and the offset behind which the next one may start (None: give up the file)."""

    def __init__(self, error: FedPolicyError, resume: int | None) -> None:
        super().__init__(str(error))
        self.error = error
        self.resume = resume


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """
    Collects the mistakes of one file; the place of each one is the word that starts at an offset.

    `silent` are places of what is wrong for a reason that is told elsewhere; `twice` are keys of another program's file
    that stand once more below.
    """

    text: Text
    errors: list[FedPolicyError] = field(default_factory=list)
    silent: list[Span] = field(default_factory=list)
    twice: list[Span] = field(default_factory=list)

    def add(self, message: str, start: int, advice: str) -> None:
        """Note a mistake; raises Fatal when there are too many of them to be worth reading on."""
        self.errors.append(self.error(message, start, advice))
        if len(self.errors) >= MAX_REPORTED:
            raise self.fatal("too many mistakes; the rest of the file is not read", start, "mend the ones above first")

    def error(self, message: str, start: int, advice: str) -> SpecError:
        """A mistake with its place."""
        word = _WORD.match(self.text.content, start)
        return SpecError(message, span=self.text.span(start, word.end() if word else start), help=advice)

    def fatal(self, message: str, start: int, advice: str, *, resume: int | None = None) -> Fatal:
        """A mistake that ends the document, and the file too where no offset to resume at is given."""
        return Fatal(self.error(message, start, advice), resume)


def yaml_mistake(
    error: yaml.MarkedYAMLError, text: Text, offset: int, opened: Sequence[int] = ()
) -> tuple[SpecError, int]:
    """
    One error with its place and advice, and the offset where the parser stopped.

    `offset` is where the parser started, `opened` are the brackets that it had not seen closed.
    """
    mark = error.problem_mark or error.context_mark
    parsed = min(mark.index + offset if mark else offset, len(text.parsed))
    stopped = text.original(parsed)
    problem = error.problem or ""
    glued = _glued(text, stopped) if "mapping values" in problem or "expected ':'" in problem else None
    if glued is not None:
        message = "no space behind the `:` of a key"
        return SpecError(message, span=text.span(glued, glued + 1), help="write `key: value`"), parsed
    start = stopped
    if "node content" in problem and opened:
        start = opened[-1]
    elif error.context_mark and _OPENERS.search(problem):
        start = text.original(error.context_mark.index + offset)
    message, advice = _said(problem, text, stopped)
    span, end = text.span(start, start + 1), text.span(stopped, stopped)
    if _IN_BRACKETS.search(problem) and end.line > span.line:  # in JSON, the bracket is the one of the whole file
        advice += f"; look before line {end.line}, column {end.column}, where it no longer fits"
    return SpecError(message, span=span, help=advice), parsed


def _glued(text: Text, stopped: int) -> int | None:
    """The colon of `key:value` in the line of the problem or the one before: to YAML, that is text that goes on."""
    line = text.content.rfind("\n", 0, stopped) + 1
    before = text.content.rfind("\n", 0, max(line - 1, 0)) + 1
    match = _GLUED.search(text.content, before, stopped)
    return match.end() - 1 if match else None


def _said(problem: str, text: Text, stopped: int) -> tuple[str, str]:
    line = text.line(stopped)
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "a tab indents this line", "indent with spaces; YAML does not allow tabs there"
    if "did not find expected key" in problem and text.content[:stopped].rpartition("\n")[2].strip():
        return "something is left behind a value", "quote the whole text; within '...' write '' for one '"
    for words, message, advice in _WORDS:
        if re.search(words, problem):
            return message, advice
    if "cannot start any token" in problem:
        character = text.content[stopped : stopped + 1]
        return f"text cannot start with `{character}`", "put the text in quotes"
    return problem or "this is not YAML", "see https://yaml.org/spec/1.2.2/"


def _once(places: list[tuple[Span, Mistake]]) -> list[tuple[Span, Mistake]]:
    """One mistake in what is anchored is one mistake, however many aliases repeat it."""
    first: dict[tuple[Span, str], tuple[Span, Mistake]] = {}
    for place in places:
        first.setdefault((place[0], place[1].message), place)
    return list(first.values())


def tell_missing(missing: Mapping[str, list[int]], anchors: Mapping[str, int], used: set[str], notes: Notes) -> None:
    """
    Note what is wrong with the aliases of one document.

    `missing` are the offsets of those that name nothing, `anchors` those of all anchors, and `used` the anchors that
    some alias names.
    """
    idle = [name for name in anchors if name not in used]
    for name, starts in missing.items():
        notes.silent.extend(notes.text.span(start, start) for start in starts)
        misspelt = nearest(name, idle)
        if misspelt is not None:
            many = "an alias names" if len(starts) == 1 else f"{len(starts)} aliases name"
            message = f"nothing uses the anchor `&{misspelt}`, and {many} `*{name}`"
            notes.add(message, anchors[misspelt], f"did you mean `&{name}`?")
            continue
        again = f" (nor before {len(starts) - 1} more of it)" if len(starts) > 1 else ""
        advice = did_you_mean(name, anchors, mark="*")
        message = f"no anchor `&{name}` stands before this alias{again}"
        notes.add(message, starts[0], advice or f"write `&{name}` before the value that it should repeat")


def tell_twice(label: str, before: Span, start: int, notes: Notes, *, foreign: bool) -> bool:
    """Note a key that its map has already, and whether it is a mistake: most programs take the last of the two."""
    if foreign and label != MERGE:
        notes.twice.append(before)
        return False
    advice = "merge several maps as `<<: [*a, *b]`" if label == MERGE else "keep one of the two"
    where = f"it stands first in line {before.line}, column {before.column}"
    notes.add(f"the key {shown_value('<<' if label == MERGE else label)} is written twice; {where}", start, advice)
    return True
