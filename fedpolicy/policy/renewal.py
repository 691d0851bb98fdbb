"""
Waivers and baselines written anew: a new waiver; old entries that get their file, or follow one that was moved.

Nothing new is excused: an entry of a baseline stays, or goes; a waiver reaches what it reached before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial

from fedpolicy.errors import PolicyError, Problems
from fedpolicy.files import Root
from fedpolicy.findings import Finding, Span, Verdict
from fedpolicy.graph.lookup import listed_by
from fedpolicy.language.reading.source import read
from fedpolicy.policy.baseline import Baseline, BaselineEntry, baseline_entry, finding_key, known_parts, may_be_known
from fedpolicy.policy.excuse import covers, is_of
from fedpolicy.policy.groups import split
from fedpolicy.policy.housekeeping import GONE, Coverage
from fedpolicy.policy.waivers import VERSION, WaiverEntry, WaiverFile, read_waivers

_MOST_ELEMENTS = 12


def renewed(baseline: Baseline, findings: Sequence[Finding], coverage: Coverage) -> list[BaselineEntry]:
    """
    The entries of a baseline for what is still found, as it is found, and those that the run says nothing about.

    Only a run of everything knows that a file is not there any more.
    """
    left = listed_by((entry.finding, entry) for entry in baseline.entries)
    found: list[BaselineEntry] = []
    waiting: list[Finding] = []
    for finding in findings:
        file = coverage.about(finding)
        known, rest = known_parts(finding, left, file)
        if known:
            # A group whose parts were all known is known as one from now on.
            found += [baseline_entry(part, file) for part in (known if rest else [finding])]
        if rest:
            waiting.append(rest)
    if coverage.everything:
        found += _moved(waiting, left, coverage)
    kept = [entry for entries in left.values() for entry in entries if not _over(entry, coverage, waiting)]
    return [*found, *kept]


def _moved(
    findings: Sequence[Finding], left: dict[tuple[str, str, str], list[BaselineEntry]], coverage: Coverage
) -> Iterator[BaselineEntry]:
    for finding in filter(may_be_known, findings):
        entries = left.get(finding_key(finding), [])
        gone = (one for one in entries if one.file not in coverage.files and one.knows(finding))
        if entry := next(gone, None):
            entries.remove(entry)
            yield baseline_entry(finding, coverage.about(finding))


def _over(entry: BaselineEntry, coverage: Coverage, waiting: Sequence[Finding]) -> bool:
    """Whether nobody needs an entry: what it is about was looked for and not found, not even in a worse form."""
    if entry.rule not in coverage.rules:
        return False
    looked = coverage.everything or coverage.has_seen(entry.file, entry.deployment)
    return looked and not any(
        finding_key(one) == entry.finding and entry.file in ("", coverage.about(one)) for one in waiting
    )


def files_of_waivers(file: WaiverFile, findings: Sequence[Finding], coverage: Coverage) -> dict[str, tuple[str, ...]]:
    """Which files to write into which waivers: into those that name none, or only files that are not there any more."""
    wanted: dict[str, tuple[str, ...]] = {}
    for entry in file.entries:
        about = {coverage.about(one) for one in findings if split(one, partial(covers, entry))[0]}
        if about and entry.rule != GONE and _is_stale(entry, coverage):
            wanted[entry.id] = tuple(sorted(about))
    return wanted


def _is_stale(entry: WaiverEntry, coverage: Coverage) -> bool:
    if not entry.files:
        return True
    return coverage.everything and not any(is_of(entry, one) for one in coverage.files)


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.@/+-]*(?: [A-Za-z0-9_.@/()+-]+)*|\d{4}-\d\d-\d\d")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off"}  # other readers of YAML take some of them for booleans
_START = f"# What fedpolicy finds and somebody has accepted for a time.\nfedpolicy_waivers: {VERSION}\nwaivers:\n"
Values = Mapping[str, str | tuple[str, ...]]


def with_files(text: str, file: str, wanted: Mapping[str, tuple[str, ...]]) -> str:
    """
    The text with the files that entries are about, by the entry's name, instead of those that they named, if any.

    Raises Problems where the text has mistakes, or is written so that only a person can change it.
    """
    before = read_waivers(text, file)
    for entry in before.entries:
        if entry.id in wanted:
            text = _with_file(text, file, entry, wanted[entry.id])
    after = read_waivers(text, file)
    expected = [replace(entry, files=wanted.get(entry.id, entry.files)) for entry in before.entries]
    if list(map(_content, after.entries)) != list(map(_content, expected)):
        raise _by_hand(file, Span(file=file), "write `file:` into its entries by hand; docs/waivers.md shows one")
    return text


def _with_file(text: str, file: str, entry: WaiverEntry, files: tuple[str, ...]) -> str:
    raw = read(text, file).documents[0]
    path = ("waivers", entry.id, "file")
    after = path if entry.files else (*path[:2], "rule")
    key, value = raw.spans.key(after), raw.spans.at(after)
    lines = text.splitlines(keepends=True)
    if lines[key.line - 1][: key.column - 1].strip():
        raise _by_hand(file, key, f"write `file: {_value(_one(files))}` into this entry")
    line = " " * (key.column - 1) + f"file: {_value(_one(files))}" + ("\r\n" if "\r\n" in text else "\n")
    end = value.end_line - (value.end_column == 1)
    lines[key.line - 1 if entry.files else end : end] = [line]
    return "".join(lines)


def _one(files: tuple[str, ...]) -> str | tuple[str, ...]:
    return files[0] if len(files) == 1 else files


def waiver_values(finding: Finding, root: Root) -> Values:
    """What a waiver says of the finding that it is about."""
    elements = finding.elements if len(finding.elements) <= _MOST_ELEMENTS else ()
    values: dict[str, str | tuple[str, ...]] = {"rule": finding.rule}
    if elements:
        values["element"] = elements[0] if len(elements) == 1 else tuple(elements)
    values |= {
        "fingerprint": finding.fingerprint,
        "file": root.file(finding.span.file),
        "deployment": finding.deployment,
    }
    return values | ({"verdict": Verdict.UNKNOWN.value} if finding.verdict is Verdict.UNKNOWN else {})


def free_name(name: str, taken: set[str]) -> str:
    """The name, with a number where it is taken."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    return found


def add_waiver(text: str, file: str, name: str, values: Values) -> str:
    """
    The text of a file with one more waiver (of an empty text: a new file), read back to be sure.

    Raises Problems where the text has mistakes, or is written so that only a person can add to it.
    """
    before = read_waivers(text, file) if text.strip() else WaiverFile(name=file)
    text = text if text.strip() else _START
    place, indent = _place(text, file, before)
    block = [f"{indent}{name}:", *(f"{indent * 2}{key}: {_value(value)}" for key, value in values.items())]
    return _sure(_inserted(text, place, block), file, name, before)


def _inserted(text: str, place: int, block: Sequence[str]) -> str:
    """The text with some lines behind so many of its own."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if lines[place - 1 : place] and not lines[place - 1].endswith(("\n", "\r")):
        lines[place - 1] += newline
    lines.insert(place, "".join(f"{line}{newline}" for line in block))
    return "".join(lines)


def _place(text: str, file: str, before: WaiverFile) -> tuple[int, str]:
    """Behind which line to insert, and how entries are indented."""
    raw = read(text, file).documents[0]
    tree = raw.tree
    if not before.entries:
        if isinstance(tree, dict) and tree.get("waivers") is not None:
            raise _by_hand(file, raw.spans.key(("waivers",)), "write `waivers:` without `{}`, and an entry below it")
        if isinstance(tree, dict) and "waivers" in tree:
            return raw.spans.key(("waivers",)).line, "  "
        raise _by_hand(file, Span(file=file), "add `waivers:` at its end, and an entry below it")
    last = before.entries[-1]
    value = raw.spans.at(("waivers", last.id))
    if raw.spans.at(("waivers",)).line == raw.spans.key(("waivers",)).line:
        raise _by_hand(file, last.span, "write one entry below the other, without `{}` around them")
    return value.end_line - (value.end_column == 1), " " * (last.span.column - 1)


def _value(value: str | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
    return value if plain else json.dumps(value, ensure_ascii=False)


def _sure(text: str, file: str, name: str, before: WaiverFile) -> str:
    after = read_waivers(text, file)
    same = [_content(entry) for entry in after.entries if entry.id != name] == [
        _content(entry) for entry in before.entries
    ]
    if not same or len(after.entries) != len(before.entries) + 1:
        raise _by_hand(file, Span(file=file), "add the entry by hand; docs/waivers.md shows one")
    return text


_PLACES = ("span", "spans")


def _content(entry: WaiverEntry) -> tuple[object, ...]:
    """What an entry says, wherever it stands."""
    return tuple(getattr(entry, one.name) for one in fields(entry) if one.name not in _PLACES)


def _by_hand(file: str, span: Span, advice: str) -> Problems:
    return Problems([PolicyError(f"`{file}` is written so that no entry can be added to it", span=span, help=advice)])
