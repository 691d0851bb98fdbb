"""For people: what is to be cleared, the proposals with their patches, and what nothing clears."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fedpolicy.findings import Verdict
from fedpolicy.report.words import PLAIN, Look, amount, clean, wrap

if TYPE_CHECKING:
    from fedpolicy.findings import Finding
    from fedpolicy.report.repair.model import Proposal, Repairs

__all__ = ["render"]

_SHOWN = 12  # findings of a list
_LINES = 60  # of a patch; the JSON has all of it
_PAINT = {"+": "pass", "-": "critical", "@": "dim"}


def render(repairs: Repairs, look: Look = PLAIN) -> str:
    """Write the answer."""
    parts = [list(_asked(repairs, look))]
    parts += [list(_proposal(one, repairs, look)) for one in repairs.proposals]
    if repairs.stuck:
        parts.append(list(_stuck(repairs, look)))
    if repairs.chosen:
        parts.append(list(_closing(repairs, look)))
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def _asked(repairs: Repairs, look: Look) -> Iterator[str]:
    where = f"{clean(repairs.name)} ({clean(repairs.file)})"
    if not repairs.chosen:
        yield look.paint("bold", f"{where}: nothing to repair")
        return
    yield look.paint("bold", f"{where}: {amount(len(repairs.chosen), 'finding')} to clear")
    yield from _findings(repairs.chosen, look)


def _findings(found: Sequence[Finding], look: Look) -> Iterator[str]:
    for finding in found[:_SHOWN]:
        style = "unknown" if finding.verdict is Verdict.UNKNOWN else finding.severity.label
        head = f"  {style}[{finding.rule}] "
        first, *rest = wrap(finding.message, look, head, " " * 6) or [head]
        yield look.paint(style, first[: len(head)]) + first[len(head) :]
        yield from rest
    if len(found) > _SHOWN:
        yield f"  and {len(found) - _SHOWN:,} more"


def _proposal(one: Proposal, repairs: Repairs, look: Look) -> Iterator[str]:
    of = f" of {len(repairs.proposals)}" if len(repairs.proposals) > 1 else ""
    what = f"all {len(one.clears)}" if len(one.clears) > 1 else "it"
    cleared = what if not one.leaves else f"{len(one.clears)} of {len(repairs.chosen)}"
    yield look.paint("bold", f"proposal {one.number}{of}: clears {cleared}, cost {one.cost:g}")
    for change, cost in zip(one.changes, one.costs, strict=True):
        yield from wrap(f"{change.text} ({change.kind}, {cost:g})", look, "  - ", "    ")
    for blank in one.blanks:
        path = ".".join(map(str, blank.path))
        yield from wrap(f"fill in {path}: {blank.what} (--fill {path}=VALUE)", look, "  ? ", "    ")
    if one.new:
        yield "  what comes with it:"
        yield from (f"  {line}" for line in _findings(one.new, look))
    if one.leaves:
        yield "  what it leaves:"
        yield from (f"  {line}" for line in _findings(one.leaves, look))
    if one.unwritable is not None:
        yield from wrap(f"it cannot be written: {one.unwritable}", look, "  ", "    ")
    elif one.diff:
        yield ""
        yield from _patch(one.diff, look)


def _patch(diff: str, look: Look) -> Iterator[str]:
    lines = diff.splitlines()
    for line in lines[:_LINES]:
        shown = clean(line.rstrip("\r"))
        yield look.paint(_PAINT[shown[0]], shown) if shown[:1] in _PAINT else shown
    if len(lines) > _LINES:
        yield f"... {amount(len(lines) - _LINES, 'line')} more; --format json has all of them"


def _stuck(repairs: Repairs, look: Look) -> Iterator[str]:
    yield look.paint("bold", "not cleared by any proposal:")
    for one in repairs.stuck[:_SHOWN]:
        yield from _findings((one.finding,), look)
        yield from wrap(one.why, look, "    why: ", "      ")
        yield from wrap(one.finding.help, look, "    help: ", "      ")
    if len(repairs.stuck) > _SHOWN:
        yield f"  and {len(repairs.stuck) - _SHOWN:,} more"


def _closing(repairs: Repairs, look: Look) -> Iterator[str]:
    said = f"{amount(repairs.rechecks, 'changed copy', 'changed copies')} checked"
    if repairs.planned:
        said += "; there are too many changes to try each, so one plan was made (--rechecks allows more)"
    elif repairs.stopped:
        said += "; the search stopped there (--rechecks allows more)"
    yield from wrap(said, look, "", "  ")
    if any(proposal.text is not None and not proposal.blanks for proposal in repairs.proposals):
        one = "--write N writes one of them" if len(repairs.proposals) > 1 else "--write writes it"
        yield f"{one} into the file" + ("" if repairs.planned else "; --proposals N shows more")
