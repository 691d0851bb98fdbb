"""What `fedpolicy repair` says: what is to be cleared, proved proposals with their patches, and what nothing clears."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import unified_diff
from typing import Any

from fedpolicy.findings import Finding, Override, Severity, Verdict
from fedpolicy.limits import MAX_REPAIR_FLOWS
from fedpolicy.records import dataclass
from fedpolicy.report import PLAIN, Style, amount, clean, wrap, wrap_labelled
from fedpolicy.report.rows import finding_row, json_text, override_lines, override_rows, row_of

_SHOWN = 12  # findings of a list
_LINES = 60  # of a patch; the JSON has all of it
_PAINT = {"+": "pass", "-": "critical", "@": "dim"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenValue:
    """A value that only the user can know: its dotted path, and what it is."""

    path: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairStep:
    """One change of a proposal, in words, and what the user has to fill in first."""

    id: str
    kind: str
    cost: float
    text: str
    blanks: tuple[OpenValue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """
    Changes that were applied to a copy and checked.

    `new` are the findings that come with them, all less severe. `text` is the new file (None: it cannot be written,
    and `unwritable` says why), `diff` the same as a patch with blanks open.
    """

    number: int
    changes: tuple[RepairStep, ...]
    clears: tuple[Finding, ...]
    leaves: tuple[Finding, ...]
    new: tuple[Finding, ...]
    text: str | None = None
    diff: str = ""
    unwritable: Exception | None = None

    @property
    def cost(self) -> float:
        """What all changes cost together."""
        return sum(step.cost for step in self.changes)

    @property
    def blanks(self) -> tuple[OpenValue, ...]:
        """What the user has to fill in first."""
        return tuple(blank for step in self.changes for blank in step.blanks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """A finding that no proposal clears, and why."""

    finding: Finding
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Repairs:
    """
    The answer: proposals, cheapest first, none a part of another.

    `least` is the severity at and above which nothing new may fail. Of `most` changed copies `rechecks` were checked;
    `stopped` says that more would have been, `exhausted` that they have had `most_flows` flows, `planned` that there
    were too many changes to try each; `optimal` that every set of changes that could be better than the first proposal
    was tried, and none is. `overrides` are what settings change of the rules and facts as they come.
    """

    name: str
    file: str
    chosen: tuple[Finding, ...]
    least: Severity
    proposals: tuple[Proposal, ...] = ()
    stuck: tuple[Stuck, ...] = ()
    rechecks: int = 0
    most: int = 0
    stopped: bool = False
    exhausted: bool = False
    most_flows: int = MAX_REPAIR_FLOWS
    planned: bool = False
    optimal: bool = False
    overrides: tuple[Override, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether everything that was chosen can be cleared; so it is where nothing was."""
        return not self.chosen or any(not proposal.leaves for proposal in self.proposals)


def difference(before: str, after: str, file: str) -> str:
    """A patch from one text to another, as `patch` and `git apply -p0` read it."""
    lines = unified_diff(_lines(before), _lines(after), file, file, n=2)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    """With their ends; only a line feed ends a line of a patch."""
    *whole, last = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([last] if last else [])]


def as_text(repairs: Repairs, look: Style = PLAIN) -> str:
    """Write the answer."""
    parts = [list(_asked(repairs, look))]
    parts += [list(_proposal_lines(proposal, repairs, look)) for proposal in repairs.proposals]
    if repairs.stuck:
        parts.append(list(_stuck(repairs, look)))
    if repairs.chosen:
        parts.append(list(_closing(repairs, look)))
    parts += [wrap(one, look, "", "  ") for one in override_lines(repairs.overrides)]
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def _asked(repairs: Repairs, look: Style) -> Iterator[str]:
    where = f"{clean(repairs.name)} ({clean(repairs.file)})"
    if not repairs.chosen:
        yield look.paint("bold", f"{where}: nothing to repair")
        return
    yield look.paint("bold", f"{where}: {amount(len(repairs.chosen), 'finding')} to clear")
    yield from _finding_lines(repairs.chosen, look)


def _finding_lines(findings: Sequence[Finding], look: Style) -> Iterator[str]:
    for finding in findings[:_SHOWN]:
        style = "unknown" if finding.verdict is Verdict.UNKNOWN else finding.severity.label
        yield from wrap_labelled(finding.message, look, style, f"  {style}[{finding.rule}] ", " " * 6)
    if len(findings) > _SHOWN:
        yield f"  and {len(findings) - _SHOWN:,} more"


def _proposal_lines(proposal: Proposal, repairs: Repairs, look: Style) -> Iterator[str]:
    of = f" of {len(repairs.proposals)}" if len(repairs.proposals) > 1 else ""
    what = f"all {len(proposal.clears)}" if len(proposal.clears) > 1 else "it"
    cleared = what if not proposal.leaves else f"{len(proposal.clears)} of {len(repairs.chosen)}"
    yield look.paint("bold", f"proposal {proposal.number}{of}: clears {cleared}, cost {proposal.cost:g}")
    for step in proposal.changes:
        yield from wrap(f"{step.text} ({step.kind}, {step.cost:g})", look, "  - ", "    ")
    for blank in proposal.blanks:
        yield from wrap(f"fill in {blank.path}: {blank.what} (--fill {blank.path}=VALUE)", look, "  ? ", "    ")
    for title, findings in (("what comes with it", proposal.new), ("what it leaves", proposal.leaves)):
        if findings:
            yield f"  {title}:"
            yield from (f"  {line}" for line in _finding_lines(findings, look))
    if proposal.unwritable is not None:
        yield from wrap(f"it cannot be written: {proposal.unwritable}", look, "  ", "    ")
    elif proposal.diff:
        yield ""
        yield from _patch(proposal.diff, look)


def _patch(diff: str, look: Style) -> Iterator[str]:
    lines = diff.splitlines()
    for line in lines[:_LINES]:
        shown = clean(line.rstrip("\r"))
        yield look.paint(_PAINT[shown[0]], shown) if shown[:1] in _PAINT else shown
    if len(lines) > _LINES:
        yield f"... {amount(len(lines) - _LINES, 'line')} more; --format json has all of them"


def _stuck(repairs: Repairs, look: Style) -> Iterator[str]:
    yield look.paint("bold", "not cleared by any proposal:")
    for stuck in repairs.stuck[:_SHOWN]:
        yield from _finding_lines((stuck.finding,), look)
        yield from wrap(stuck.why, look, "    why: ", "      ")
        yield from wrap(stuck.finding.help, look, "    help: ", "      ")
    if len(repairs.stuck) > _SHOWN:
        yield f"  and {len(repairs.stuck) - _SHOWN:,} more"


def _closing(repairs: Repairs, look: Style) -> Iterator[str]:
    copies = amount(repairs.rechecks, "changed copy", "changed copies")
    said = f"best of {copies} tried" if repairs.proposals else f"{copies} checked"
    if repairs.optimal:
        said = f"optimal: no set of the changes that bear on them clears more, or as much for less; {copies} checked"
    if repairs.exhausted:
        said += f"; the search stopped there: they have {repairs.most_flows:,} flows (--max-flows allows more)"
    elif repairs.planned:
        said += "; there are too many changes to try each, so one plan was made (--rechecks allows more)"
    elif repairs.stopped:
        said += "; the search stopped there (--rechecks allows more)"
    yield from wrap(said, look, "", "  ")
    if any(proposal.text is not None and not proposal.blanks for proposal in repairs.proposals):
        hint = "--write N writes one of them" if len(repairs.proposals) > 1 else "--write writes it"
        yield f"{hint} into the file" + ("" if repairs.planned else "; --proposals N shows more")


def as_json(repairs: Repairs) -> str:
    """Write everything as JSON."""
    document = {
        "version": 1,
        **row_of(repairs, "name", "file"),
        "severity": repairs.least.label,
        "chosen": [finding_row(finding) for finding in repairs.chosen],
        "proposals": [_proposal_row(proposal) for proposal in repairs.proposals],
        "stuck": [{"fingerprint": s.finding.fingerprint, "why": s.why, "help": s.finding.help} for s in repairs.stuck],
        "rechecks": repairs.rechecks,
        "most_rechecks": repairs.most,
        **row_of(repairs, "stopped", "planned", "optimal"),
        **({"overrides": override_rows(repairs.overrides)} if repairs.overrides else {}),
    }
    return json_text(document)


def _proposal_row(proposal: Proposal) -> dict[str, Any]:
    return {
        **row_of(proposal, "number", "cost"),
        "changes": [row_of(step, "id", "kind", "cost", "text") for step in proposal.changes],
        "fill_in": [row_of(blank, "path", "what") for blank in proposal.blanks],
        "clears": [finding.fingerprint for finding in proposal.clears],
        "leaves": [finding.fingerprint for finding in proposal.leaves],
        "new": [finding_row(finding) for finding in proposal.new],
        "writable": proposal.unwritable is None,
        "unwritable": None if proposal.unwritable is None else str(proposal.unwritable),
        "diff": proposal.diff,
    }
