"""What an editor can do about a mistake, a question or a finding: each a change of text that a person picks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path as File
from typing import TYPE_CHECKING

from fedpolicy.errors import FedPolicyError
from fedpolicy.findings import Finding, Span, Verdict
from fedpolicy.language.reading.spans import path_of
from fedpolicy.language.rewriting import Put, Value, edited
from fedpolicy.language.rewriting.splice import rewritten
from fedpolicy.lsp.cursor import shape_at
from fedpolicy.policy.renewal import add_waiver, free_name, waiver_values
from fedpolicy.policy.waivers import WaiverFile, read_waivers
from fedpolicy.records import dataclass
from fedpolicy.repair import costs_of
from fedpolicy.repair.answer import Choice, Request, repair
from fedpolicy.repair.changes import kinds
from fedpolicy.sources import Source

if TYPE_CHECKING:
    from fedpolicy.check import Assessment
    from fedpolicy.language.model.shape import Key
    from fedpolicy.lsp import OpenPage
    from fedpolicy.settings import Settings

_MEANT = re.compile(r"did you mean `([^`]+)`")
_MOST_WORDS = 6
_RECHECKS = 60  # copies that are checked for a repair; a person waits
OPEN = "TODO"  # no fact, and refused as one: whoever waives has to say why


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One change: its title, and where (from 1) which text is put. A `file` of its own is written whole."""

    title: str
    span: Span | None
    text: str
    file: File | None = None


def corrections(page: OpenPage, span: Span, advice: str) -> Iterator[Action]:
    """What a message says was meant, put in."""
    found = _MEANT.search(advice)
    if found and span.line == span.end_line:
        old = page.lines[span.line - 1][span.column - 1 : span.end_column - 1]
        meant = found[1] if re.fullmatch(r"[\w@./-]+", old) else ""
        if meant:
            yield Action(title=f"Write `{meant}`", span=span, text=meant)


def stated_facts(page: OpenPage, finding: Finding) -> Iterator[Action]:
    """The facts that a question asks for: one action for each word that may stand there, else `unknown` for now."""
    known = _assessment(page, finding)
    if known is None or not page.current:
        return
    for fact in finding.missing:
        path = path_of(known.document, fact)
        _, key = shape_at(path)
        for word in _words(key) or ["unknown"]:
            text = _with_fact(page, known, _put(page, known, path, word))
            if text is not None:
                said = str(word).lower() if isinstance(word, bool) else word
                yield _change(page, f"State `{path[-1]}: {said}`", text)


def _words(key: Key | None) -> list[str | bool]:
    shape = (key.shape.items or key.shape) if key else None
    if shape is not None and shape.scalar is bool:
        return [True, False]
    return list(shape.choices[:_MOST_WORDS]) if shape else []


def _put(page: OpenPage, known: Assessment, path: tuple[str | int, ...], word: str | bool) -> Put:  # noqa: FBT001  a value
    """What to write: the key itself, or the first map around it that is not there yet, with the key in it."""
    tree: object = page.documents[known.document.index].tree
    for depth, step in enumerate(path[:-1]):
        tree = tree.get(step) if isinstance(tree, dict) else None
        if tree is None:
            value: Value = word
            for inner in reversed(path[depth + 1 :]):
                value = {str(inner): value}
            return Put(path=path[: depth + 1], value=value)
    return Put(path=path, value=word)


def _with_fact(page: OpenPage, known: Assessment, edit: Put) -> str | None:
    try:
        expected = edited(known.document.deployment, [edit])
        if expected is None:
            return None
        return rewritten(page.text, known.document, [edit], expected, page.catalog)[0]
    except (FedPolicyError, KeyError):
        return None


def repaired(page: OpenPage, finding: Finding, settings: Settings) -> Action | None:
    """The best proved repair of one finding that needs nothing from a person; None where there is none."""
    request = Request(
        source=Source(name=page.name, text=page.text.encode()),
        settings=settings,
        costs=costs_of(kinds()),
        choice=Choice(findings=(finding.fingerprint,)),
        deployment=finding.deployment,
        proposals=1,
        rechecks=_RECHECKS,
    )
    for one in repair(request).proposals:
        if one.text is not None and not one.blanks:
            steps = "; ".join(step.text for step in one.changes)
            return _change(page, f"Repair: {steps}", one.text)
    return None


def waived(finding: Finding, settings: Settings, file: File) -> Action | None:
    """A waiver of one finding, with what only a person can say left open; None where the file cannot take one."""
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    try:
        before = read_waivers(text, file.name) if text.strip() else WaiverFile(name=file.name)
        name = free_name(f"{finding.rule}-{finding.fingerprint[:8]}", {entry.id for entry in before.entries})
        said = {"reason": OPEN, "owner": f"{OPEN} owner", "approved_by": f"{OPEN} approver"}
        values = {**waiver_values(finding, settings.root), **said, "expires": settings.today}
        return Action(
            title="Waive it: write down why", span=None, text=add_waiver(text, file.name, name, values), file=file
        )
    except FedPolicyError:
        return None


def _assessment(page: OpenPage, finding: Finding) -> Assessment | None:
    if finding.verdict is not Verdict.UNKNOWN:
        return None
    return next((one for one in page.good if one.document.deployment.name == finding.deployment), None)


def _change(page: OpenPage, title: str, new: str) -> Action:
    """The smallest run of lines that differs, so that nothing else of an unsaved text is touched."""
    old, lines = page.text.split("\n"), new.split("\n")
    common = [one == two for one, two in zip(old, lines, strict=False)]
    first = common.index(False) if False in common else len(common)
    most = min(len(old), len(lines)) - first
    last = next((at for at in range(most) if old[-1 - at] != lines[-1 - at]), most)
    gone, put = old[first : len(old) - last], lines[first : len(lines) - last]
    text = "".join(f"{line}\n" for line in put)
    span = Span(file=page.name, line=first + 1, column=1, end_line=first + 1 + len(gone), end_column=1)
    if first + len(gone) >= len(old):  # the last line has no end
        end = len(old[-1]) + 1
        span = Span(file=page.name, line=first + 1, column=1, end_line=len(old), end_column=end)
        text = "\n".join(put)
    return Action(title=title, span=span, text=text)
