"""What reports for people ask for beside a check: one owner's view, and changes that are proved."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from fedpolicy.cli.question import PROOFS, watch_of
from fedpolicy.cli.terminal import chatter
from fedpolicy.errors import SettingsError

if TYPE_CHECKING:
    from fedpolicy.cli.choices import Choices
    from fedpolicy.findings import Report
    from fedpolicy.settings import Settings
    from fedpolicy.sources import Source

__all__ = ["for_owner", "with_changes", "with_proofs"]


def for_owner(report: Report, owner: str) -> Report:
    """What of the report concerns one party. Raises SettingsError where no deployment has it."""
    from fedpolicy.report.owner import of_owner  # noqa: PLC0415  few reports have one
    from fedpolicy.suggest import advise  # noqa: PLC0415

    parties = sorted({party for one in report.overviews for party in one.parties})
    if parties and owner not in parties:
        raise SettingsError(f"no party is called `{owner}`", help=advise(owner, parties))
    return of_owner(report, owner)


def with_proofs(report: Report, settings: Settings, choices: Choices) -> Report:
    """The report with a proved change for each cause, or without any where that takes too long."""
    watch = watch_of()
    if watch and PROOFS in watch.lost:
        chatter(f"note: no changes are shown: to try them took longer than {choices.timeout:g} seconds\n")
        return report
    if watch:
        watch.begin(PROOFS, choices.timeout)
    proved = with_changes(report, _sources(report), settings, choices.costs)
    if watch:
        watch.rest()
    return proved


def with_changes(
    report: Report, sources: Mapping[str, Source], settings: Settings, costs: Mapping[str, float] = MappingProxyType({})
) -> Report:
    """The report with a proved change for each cause; `costs` are those of kinds of change that somebody has set."""
    from fedpolicy.repair import answer  # noqa: PLC0415  a check needs no repair
    from fedpolicy.repair.change import costs_of  # noqa: PLC0415
    from fedpolicy.repair.changes import kinds  # noqa: PLC0415

    return answer.with_fixes(report, sources, settings, costs_of(kinds()) | dict(costs))


def _sources(report: Report) -> Mapping[str, Source]:
    """The files of a report, as it has read them."""
    from fedpolicy.sources import Source  # noqa: PLC0415

    texts = {file.name: "\n".join(file.lines) + "\n" for file in report.files if file.lines}
    return {name: Source(name=name, text=text.encode("utf-8", "surrogatepass")) for name, text in texts.items()}
