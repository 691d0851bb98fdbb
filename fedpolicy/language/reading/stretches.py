"""
Stretches of lines that are written alike, which are read several times as fast as by way of a parser's events.

Of a large file most lines are `name: {key: word, key: [word, word]}`. The parser gets one such line in the place of a
stretch of them. Where it finds that as a key of a block, it would have found each of the others there, and they are put
in. In every other case, such as inside a text, and wherever anything is wrong, the file is read as it stands.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from operator import itemgetter

from fedpolicy.language.reading.spans import Marks
from fedpolicy.language.reading.text import Text
from fedpolicy.records import dataclass, field, replace
from fedpolicy.startup import pattern
from fedpolicy.yaml12 import Scalar, ScalarError, is_text, plain_scalar

_LEAST = 50  # lines of a stretch
_MISSED = 1_000  # braces in vain, after which no more is looked for
_FORMS = 20  # of lines in one file; a pattern is made of each
_REACH = 200  # characters before the brace of a line
_NAME = "_stretch_"
_W = r"[A-Za-z0-9_][\w./@-]{0,99}"
_PAIR = rf"{_W}: (?:{_W}|\[{_W}(?:, {_W})*\])"
_LINE = pattern(rf"(?=.{{,400}}\n) +{_W}: \{{{_PAIR}(?:, {_PAIR})*\}}\n", re.ASCII)
_PAIRS = pattern(rf"({_W}): (?:{_W}|\[([^\]]*)\])", re.ASCII)


@dataclass(slots=True, eq=False)
class Stretch:
    """Entries of a map: the value of each key, and their rows; `last` is the row of the last entry."""

    marks: Marks
    indent: int = 0
    values: dict[str, object] = field(default_factory=dict)
    last: int = 0

    def put(self, marks: Marks, own: dict[str, object], rows: dict[str, int]) -> int:
        """Put all of it behind the last row of a map, and return the row of the last entry."""
        first = marks.join(self.marks)
        own.update(self.values)
        rows.update(dict.fromkeys(self.values, first))
        return first + self.last


class _Words(dict[str, Scalar]):
    """What plain words mean, each worked out once. Raises ScalarError for a number of absurd length."""

    def __missing__(self, text: str) -> Scalar:
        return self.setdefault(text, plain_scalar(text))


@dataclass(slots=True, eq=False)
class _Form:
    """
    What lines with the same keys have in common; in their pattern each key and each value is a group.

    `words` are the groups of the name and of the words that are values, `slots` say which of these each key has. By
    row, `rows` are the group of a value and that of its key, `after` how many rows there are up to its end, and
    `columns` take its places out of those of all groups.
    """

    line: re.Pattern[str] = pattern("")
    words: list[int] = field(default_factory=lambda: [1])
    slots: list[tuple[str, int | slice]] = field(default_factory=list)
    rows: list[tuple[int, int]] = field(default_factory=lambda: [(2, 1)])
    labels: list[str | None] = field(default_factory=list)
    after: list[int] = field(default_factory=lambda: [0])
    columns: list[Callable[[list[int]], tuple[int, ...]]] = field(default_factory=list)


def without_stretches(text: Text) -> tuple[Text, dict[str, Stretch]]:
    """The text with one line for each stretch, and the stretches by the names that stand there."""
    try:
        return _cut(text, [] if text.moved or _NAME in text.content else [*_stretches(text)])
    except ScalarError:
        return text, {}


def _cut(text: Text, found: list[tuple[int, int, Stretch]]) -> tuple[Text, dict[str, Stretch]]:
    parts, length, before = list[str](), 0, 0
    named, moved, shifts = dict[str, Stretch](), array("I"), [0]
    for start, end, stretch in found:
        name = f"{_NAME}{len(named)}"
        parts += [text.content[before:start], f"{' ' * stretch.indent}{name}: {{}}\n"]
        length += len(parts[-2]) + len(parts[-1])
        before, named[name] = end, stretch
        moved.append(length)
        shifts.append(end - length)
    return replace(text, parsed="".join([*parts, text.content[before:]]), moved=moved, shifts=shifts), named


def _stretches(text: Text) -> Iterator[tuple[int, int, Stretch]]:
    """Where each one starts and ends, and what it holds."""
    content, forms, words, at, missed = text.content, list[_Form](), _Words(), 0, 0
    while missed < _MISSED and (brace := content.find(": {", at)) >= 0:
        start = max(content.rfind("\n", max(brace - _REACH, 0), brace) + 1, at)
        stretch, end = _stretch(text, start, forms, words)
        at = max(end, brace + 1)
        if len(stretch.values) >= _LEAST:
            yield start, end, stretch
        else:
            missed += 1


def _stretch(text: Text, start: int, forms: list[_Form], words: _Words) -> tuple[Stretch, int]:
    """All that lines of the same indent hold from here on, and where they end."""
    found, at, form = Stretch(Marks(text=text)), start, None
    while True:
        line = form.line.match(text.content, at) if form else None
        if line is None:
            form = _form_at(text.content, at, forms)
            line = form.line.match(text.content, at) if form else None
        if form is None or line is None or (found.values and line.start(1) - at != found.indent):
            return found, at
        found.indent = line.start(1) - at
        _put(line, form, words, found)
        at = line.end()


def _put(line: re.Match[str], form: _Form, words: _Words, stretch: Stretch) -> None:
    """Add what a line holds."""
    name, *said = [words[one] for one in line.group(*form.words)]
    if type(name) is not str or name in stretch.values:
        raise ScalarError(f"{name} is no key here")
    places, marks = list(chain.from_iterable(line.regs)), stretch.marks
    stretch.last = row = len(marks.labels)
    starts, ends, key_starts, key_ends = form.columns
    marks.start.extend(starts(places))
    marks.end.extend(ends(places))
    marks.key_start.extend(key_starts(places))
    marks.key_end.extend(key_ends(places))
    marks.after.extend([row + rows for rows in form.after])
    marks.labels.append(name)
    marks.labels.extend(form.labels)
    stretch.values[name] = {key: tuple(said[at]) if isinstance(at, slice) else said[at] for key, at in form.slots}


def _form_at(content: str, at: int, forms: list[_Form]) -> _Form | None:
    """The form of a line; a new one is kept, as long as there are few."""
    known = next((form for form in forms if form.line.match(content, at)), None)
    line = _LINE.match(content, at) if known is None and len(forms) < _FORMS else None
    if line is not None:
        forms.append(known := _form_of(line.group()))
    return known


def _form_of(line: str) -> _Form:
    """What others may have in common with a line. Raises ScalarError where one of its keys is no key."""
    form, pairs, group = _Form(), list[str](), 3
    for key, items in _PAIRS.findall(line, line.index("{")):
        some = items.count(",") + 1 if items else 0
        words = range(group + 2, group + 2 + some) if items else range(group + 1, group + 2)
        _add(form, key, group, words)
        listed = ", ".join([f"({_W})"] * len(words))
        pairs.append(rf"({re.escape(key)}): " + (rf"(\[{listed}\])" if items else listed))
        group = words[-1] + 1
    keys = [key for key, _ in form.slots]
    if len({*keys}) < len(keys) or not all(map(is_text, keys)):
        raise ScalarError("one of its keys is none")
    form.after[0] = len(form.rows)
    form.line = re.compile(rf"{line[: len(line) - len(line.lstrip())]}({_W}): (\{{{', '.join(pairs)}\}})\n", re.ASCII)
    form.columns = [itemgetter(*(2 * one[of] + end for one in form.rows)) for of in (0, 1) for end in (0, 1)]
    return form


def _add(form: _Form, key: str, group: int, words: Sequence[int]) -> None:
    """Add a key and its value: a word, or the list of words that starts with the group between."""
    first, is_list = len(form.words) - 1, words[0] > group + 1
    form.rows.append((group + 1, group))
    form.rows += [(word, word) for word in words if is_list]
    form.labels += [key, *(None for _ in words if is_list)]
    form.after += [len(form.rows), *range(len(form.after) + 2, len(form.rows) + 1)]
    form.slots.append((key, slice(first, first + len(words)) if is_list else first))
    form.words += words
