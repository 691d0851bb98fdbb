"""
The stages, in order. Prints nothing; what is wrong with one file is data, and the others still run.

    sources -> spec -> graph -> analysis -> policy -> report
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fedpolicy import __version__
from fedpolicy.analysis.settings import AnalysisSettings
from fedpolicy.analysis.study import Study
from fedpolicy.catalog.load import Catalog, load_catalog
from fedpolicy.errors import FedPolicyError, InputError, Interrupted, Problems
from fedpolicy.files import HERE, Files
from fedpolicy.findings import Interruption, Override, Report
from fedpolicy.judge import Checked, Judge, check_file, load_source
from fedpolicy.language.reading.load import Document
from fedpolicy.records import dataclass
from fedpolicy.report.summarise import ordered, summarise

if TYPE_CHECKING:
    from fedpolicy.policy.baseline import Baseline
    from fedpolicy.policy.waivers import WaiverFile
    from fedpolicy.sources import Source

__all__ = ["Settings", "catalog_of", "check", "document_of", "judge_of", "overrides_in", "report_of", "study_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    What the user chose; `params` are texts by `rule-id.name`, `severities` words by rule id.

    `pins` and `catalog_pins` are SHA-256 digests by pack and catalogue (see `fedpolicy pack digest`), `files` those of
    them that a trusted revision has; `configured` are the rules that a configuration
    names, which may belong to packs that this run does not use, and `disabled` those of them that are switched off.
    `today` is the day that waivers are measured by, as ISO 8601. `origins` says of a setting who made it, for reports.
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
    waivers: WaiverFile | None = None
    baseline: Baseline | None = None
    today: str = ""
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def analysis(self) -> AnalysisSettings:
        """What the analyses are told."""
        return AnalysisSettings(max_epsilon=self.max_epsilon)


def check(sources: Iterable[Source], settings: Settings | None = None) -> Report:
    """
    Judge every deployment of every source by the rules.

    Mistakes in files and rules are in the report. Raises Problems only where the catalogue cannot be used.
    """
    settings = settings or Settings()
    judge, errors = judge_of(settings)
    return report_of([check_file(source, judge) for source in sources], judge, settings, errors)


def judge_of(settings: Settings) -> tuple[Judge, Sequence[FedPolicyError]]:
    """
    What every file is judged by, and what is wrong with the rules.

    Then there are no rules, but deployments can be read all the same, so that their mistakes are told in the same run.
    Raises Problems only where the catalogue cannot be used.
    """
    from fedpolicy.policy.load import chosen_rules  # noqa: PLC0415  only a check needs rules

    catalog = catalog_of(settings)
    try:
        return Judge(catalog=catalog, rules=chosen_rules(settings), analysis=settings.analysis), ()
    except Problems as problems:
        return Judge(catalog=catalog, rules=(), analysis=settings.analysis), problems.errors


def report_of(
    checked: Sequence[Checked],
    judge: Judge,
    settings: Settings,
    errors: Sequence[FedPolicyError] = (),
    interruption: Interruption | None = None,
) -> Report:
    """One report of all files in this order; `interruption` says that these are not all."""
    stopped = [Interrupted(interruption)] if interruption else []
    report = summarise(
        [finding for one in checked for finding in one.findings],
        [one.counts for one in checked],
        [one.file for one in checked],
        packs=sorted({rule.pack for rule in judge.rules}),
        rules=[rule.info for rule in judge.rules],
        errors=_once([*stopped, *errors, *(error for one in checked for error in one.errors)]),
        places={key: span for one in checked for key, span in one.places.items()},
        version=__version__,
    )
    overrides = () if errors else overrides_in(settings, judge.catalog)
    report = replace(report, interruption=interruption, overrides=overrides)
    if settings.waivers or settings.baseline:
        from fedpolicy.policy.excuse import excuse  # noqa: PLC0415  most runs excuse nothing

        return ordered(excuse(report, settings))
    return report


def overrides_in(settings: Settings, catalog: Catalog) -> tuple[Override, ...]:
    """What the settings change of the rules and facts as they come."""
    own = (settings.configured, settings.select, settings.ignore, settings.params, settings.catalogs)
    if not any(own) and settings.max_epsilon is None:
        return ()
    from fedpolicy.policy.overrides import overrides_of  # noqa: PLC0415  most runs change nothing

    return overrides_of(settings, catalog)


def catalog_of(settings: Settings) -> Catalog:
    """The catalogue with the user's own files, each as it is pinned. Raises Problems."""
    if settings.catalog_pins:
        from fedpolicy.policy.load import changed  # noqa: PLC0415  few runs have any

        pins = settings.catalog_pins.items()
        errors = [error for path, pin in pins for error in changed("catalogue", path, path.as_posix(), pin)]
        if errors:
            raise Problems(errors)
    return load_catalog(settings.catalogs, settings.files)


def study_of(source: Source, catalog: Catalog, settings: Settings, deployment: str = "") -> tuple[Document, Study]:
    """
    Read the only deployment of a source, or the one with this name, and make ready all that is computed about it.

    Raises Problems where the source has mistakes, and InputError where it leaves open which deployment is meant.
    """
    document = document_of(source, catalog, deployment)
    return document, Study(document.deployment, catalog, settings.analysis)


def document_of(source: Source, catalog: Catalog, deployment: str = "") -> Document:
    """The only deployment of a source, or the one with this name, as it is read. Raises as `study_of` does."""
    if source.error:
        raise source.error
    loaded = load_source(source, catalog)
    if loaded.errors:
        raise Problems(loaded.errors)
    return _the_one(loaded.documents, source.name, deployment)


def _once(errors: Iterable[FedPolicyError]) -> list[FedPolicyError]:
    """Several deployments find the same mistake in the same rule."""
    return list({str(error): error for error in errors}.values())


def _the_one(documents: Sequence[Document], file: str, name: str) -> Document:
    found = [document for document in documents if name in ("", document.deployment.name)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"`{document.deployment.name}`" for document in documents)
    if not found:
        raise InputError(f"`{file}` holds no deployment `{name}`", help=f"it holds {names}")
    raise InputError(f"`{file}` holds {len(found)} deployments", help=f"say which with --deployment: {names}")
