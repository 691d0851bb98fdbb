"""Files of a repository that know nothing of us: read and judged, each for no longer than it may take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from fedpolicy.cli.question import lost_of, watch_of
from fedpolicy.scan.gather import Gathered, gather
from fedpolicy.scan.services import Services

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog
    from fedpolicy.cli.choices import Choices
    from fedpolicy.errors import FedPolicyError
    from fedpolicy.findings import Report
    from fedpolicy.settings import Settings

__all__ = ["gathered", "report_of"]


def gathered(paths: Sequence[str], catalog: Catalog, choices: Choices) -> Gathered:
    """What the files below the paths say; what an earlier process did not survive counts as not read."""
    services = Services(catalog.services.values(), catalog.artefacts.values())
    lost = {name: error.message for name, error in _lost(choices).items()}
    return gather(paths, choices.search, services, begin=_begin(choices), lost=lost)


def report_of(paths: Sequence[str], choices: Choices, settings: Settings) -> tuple[Report, Gathered]:
    """What a scan finds, and what it read. A deployment that takes too long to judge is an error."""
    from fedpolicy.check import judge_of  # noqa: PLC0415  an import judges nothing
    from fedpolicy.cli.run import is_whole  # noqa: PLC0415
    from fedpolicy.scan.judge import DRAFT, judged  # noqa: PLC0415

    settings = replace(settings, whole=is_whole(paths, choices))
    judge, errors = judge_of(settings)
    found = gathered(paths, judge.catalog, choices)
    lost = {name: error for name, error in _lost(choices).items() if name.startswith(DRAFT)}
    errors = [*errors, *lost.values()]
    return judged(found, judge, settings, errors, begin=_begin(choices), lost=lost), found


def _lost(choices: Choices) -> Mapping[str, FedPolicyError]:
    return lost_of(watch_of(), choices.timeout, "was not read")


def _begin(choices: Choices) -> Callable[[str], None]:
    watch = watch_of()
    return partial(watch.begin, seconds=choices.timeout) if watch else lambda _: None
