"""What the user chose for a run."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fedpolicy.analysis import AnalysisSettings
from fedpolicy.files import HERE, Files, Root
from fedpolicy.limits import USUAL, bounds_for
from fedpolicy.records import dataclass, field

if TYPE_CHECKING:
    from fedpolicy.policy.baseline import Baseline
    from fedpolicy.policy.waivers import WaiverFile


def day_in_utc() -> str:
    """The day on which programs and commands judge, unless somebody names another one, as ISO 8601."""
    return time.strftime("%Y-%m-%d", time.gmtime())


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    What the user chose; `params` are texts by `rule-id.name`, `severities` words by rule id.

    `pins` and `catalog_pins` are SHA-256 digests by pack and catalogue (see `fedpolicy pack digest`), `files` those of
    them that a trusted revision has; `configured` are the rules that a configuration
    names, which may belong to packs that this run does not use, and `disabled` those of them that are switched off.
    `today` is the day on which agreements and waivers are judged, as ISO 8601; without one, no agreement has ended.
    `origins` says of a setting who made it, for reports.
    `root` is where names of files start for waivers and baselines; `whole` says that all that is below it is checked.
    `overview` asks for what reports for people say beside findings, such as their causes: for everybody (empty), for
    the owner that it names, or not at all; `beside` for the sections of a `page`, or a `record` of processing.
    `digests` has the SHA-256 of the files that waivers and baseline came from.
    """

    packs: Sequence[str] = ("federation",)
    catalogs: Sequence[Path] = ()
    catalog_pins: Mapping[Path, str] = field(default_factory=dict)
    files: Files = HERE
    params: Mapping[str, str] = field(default_factory=dict)
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    severities: Mapping[str, str] = field(default_factory=dict)
    pins: Mapping[str, str] = field(default_factory=dict)
    configured: Sequence[str] = ()
    disabled: Sequence[str] = ()
    max_epsilon: float | None = None
    max_nodes: int = USUAL.nodes
    waivers: WaiverFile | None = None
    baseline: Baseline | None = None
    today: str = ""
    root: Root = field(default_factory=Root)
    whole: bool = False
    overview: str | None = None
    beside: frozenset[str] = frozenset()
    digests: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def analysis(self) -> AnalysisSettings:
        """What the analyses are told."""
        return AnalysisSettings(max_epsilon=self.max_epsilon, today=self.today, bounds=bounds_for(self.max_nodes))
