"""
The stages, in order: this page is the way that every deployment takes, whoever asks.

    source -> language -> graph -> analysis -> policy -> report

`assess` judges one deployment, whoever asks. Nothing is printed; what is wrong with one file is data, and others run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from fedpolicy import __version__
from fedpolicy.analysis import AnalysisSettings, Study
from fedpolicy.catalog import Catalog, load_catalog
from fedpolicy.errors import FedPolicyError, InputError, Interrupted, Problems, contained, namesakes
from fedpolicy.findings import Finding, Override, Report, SourceFile, Span, Verdict
from fedpolicy.language.reading import Document, Loaded, load_text, the_one
from fedpolicy.language.reading.spans import place_of
from fedpolicy.limits import USUAL, Bounds
from fedpolicy.overview import Aside, Interruption, Overview
from fedpolicy.records import dataclass, field, replace
from fedpolicy.report.summarise import dated, in_file_order, summarise
from fedpolicy.settings import Settings
from fedpolicy.sources import Source, no_deployment
from fedpolicy.startup import sha256

if TYPE_CHECKING:
    from fedpolicy.policy import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What every file of a run is judged by; `overview` and `beside` as settings have them."""

    catalog: Catalog
    rules: Sequence[Rule]
    analysis: AnalysisSettings
    overview: str | None = None
    beside: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """
    One deployment, judged: all that was computed about it, and what the rules say.

    `counts` has all five verdicts, one per rule and element; `broken` holds, by rule, why one of them gave no answer,
    `held` whether all that it judged passed.
    """

    document: Document
    study: Study
    findings: tuple[Finding, ...]
    counts: Mapping[Verdict, int]
    broken: Mapping[str, FedPolicyError]
    held: Mapping[str, bool]

    def whole(self) -> Assessment:
        """The same, where every rule gave an answer. Raises Problems otherwise."""
        if self.broken:
            raise Problems([self.broken[name] for name in sorted(self.broken)])
        return self


def assess(document: Document, judge: Judge, study: Study | None = None) -> Assessment:
    """Judge one deployment. A `study` that is at hand is not made again."""
    from fedpolicy.policy.evaluate import evaluate  # noqa: PLC0415  only a check needs rules

    study = study or Study(document.deployment, judge.catalog, judge.analysis)
    study.graph  # noqa: B018  where there is none, no rule can be judged, which is said once
    told = evaluate(study, document, judge.rules)
    reported = told.counts.get(Verdict.FAIL, 0) + told.counts.get(Verdict.UNKNOWN, 0)
    if reported != len(told.findings):
        raise AssertionError(f"{reported} verdicts and {len(told.findings)} findings")
    return Assessment(
        document=document, study=study, findings=told.findings, counts=told.counts, broken=told.broken, held=told.held
    )


def assess_source(source: Source, judge: Judge) -> tuple[Loaded, list[tuple[Document, Assessment | FedPolicyError]]]:
    """Judge every deployment of a file. One that cannot be judged, by a mistake of ours, takes no other along."""
    loaded = _loaded(source, judge.catalog, judge.analysis.bounds)
    tried = [(one, lambda one=one: assess(one.with_something(), judge)) for one in loaded.documents]
    return loaded, [(document, contained(work, source.name)) for document, work in tried]


@dataclass(slots=True, kw_only=True)
class Checked:
    """
    What came of one file; nothing of the deployment itself is kept.

    `errors` are those of rules that gave no answer, `places` where to write missing facts, `names` all deployments.
    """

    file: SourceFile
    findings: list[Finding] = field(default_factory=list)
    counts: Counter[Verdict] = field(default_factory=Counter)
    errors: list[FedPolicyError] = field(default_factory=list)
    places: dict[tuple[str, str, str], Span] = field(default_factory=dict)
    names: list[tuple[str, Span]] = field(default_factory=list)
    asides: list[Aside] = field(default_factory=list)
    overviews: list[Overview] = field(default_factory=list)


def check_file(source: Source, judge: Judge) -> Checked:
    """Judge every deployment of a file; its mistakes are part of the result, and so are ours."""
    found = contained(partial(_checked, source, judge), source.name)
    return unchecked(source.name, found) if isinstance(found, FedPolicyError) else found


def unchecked(name: str, error: FedPolicyError) -> Checked:
    """A file of which nothing is known but why."""
    return Checked(file=SourceFile(name=name, errors=(error,)))


def _checked(source: Source, judge: Judge) -> Checked:
    bounds = judge.analysis.bounds
    loaded, assessed = assess_source(source, judge) if judge.rules else (_loaded(source, judge.catalog, bounds), [])
    checked = checked_of(source.name, loaded, [found for _, found in assessed], judge)
    checked.file = replace(checked.file, digest=sha256(source.text).hexdigest())
    return checked


def checked_of(name: str, loaded: Loaded, assessed: Sequence[Assessment | FedPolicyError], judge: Judge) -> Checked:
    """What a report needs of a file that was read and judged."""
    names = [(document.deployment.name, document.spans.at(("name",))) for document in loaded.documents]
    file = SourceFile(name=name, deployments=tuple(one for one, _ in names), errors=loaded.errors)
    checked = Checked(file=file, names=names)
    for found in assessed:
        if isinstance(found, FedPolicyError):
            checked.errors.append(found)
        else:
            _add(found, checked, judge)
    if checked.findings or checked.errors or loaded.errors:
        checked.file = replace(checked.file, lines=loaded.lines)
    return checked


def _add(found: Assessment, checked: Checked, judge: Judge) -> None:
    from fedpolicy.policy.scope import aside_of  # noqa: PLC0415  only a check needs rules

    document, findings, study = found.document, found.findings, found.study
    if judge.overview is not None:
        from fedpolicy.policy.overview import overview_of  # noqa: PLC0415  only reports for people need it

        findings, about = overview_of(findings, study, document, judge.overview)
        if judge.beside:
            from fedpolicy.report.sections import told_beside  # noqa: PLC0415  few reports are pages or records

            about = told_beside(about, study, document, findings, judge.beside, judge.overview)
        checked.overviews.append(replace(about, held=found.held))
    checked.findings += findings
    checked.asides.append(aside_of(document, study, judge.rules))
    checked.counts.update(found.counts)
    checked.errors += [found.broken[name] for name in sorted(found.broken)]
    for fact in sorted({fact for finding in findings for fact in finding.missing}):
        checked.places[document.file, document.deployment.name, fact] = place_of(document, fact)


def report_on(sources: Iterable[Source], settings: Settings | None = None) -> Report:
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
        rules = chosen_rules(settings)
    except Problems as problems:
        return Judge(catalog=catalog, rules=(), analysis=settings.analysis), problems.errors
    judge = Judge(catalog=catalog, rules=rules, analysis=settings.analysis)
    return replace(judge, overview=settings.overview, beside=settings.beside), ()


def report_of(
    checked: Sequence[Checked],
    judge: Judge,
    settings: Settings,
    errors: Sequence[FedPolicyError] = (),
    interruption: Interruption | None = None,
) -> Report:
    """One report of all files in this order; `interruption` says that these are not all."""
    said = [*(error for one in checked for error in one.errors), *namesakes(one.names for one in checked)]
    all_said = [*([Interrupted(interruption)] if interruption else []), *errors, *said]
    report = summarise(
        [finding for one in checked for finding in one.findings],
        [one.counts for one in checked],
        [one.file for one in checked],
        packs=sorted({rule.pack for rule in judge.rules}),
        rules=[rule.info for rule in judge.rules],
        errors=list({str(error): error for error in all_said}.values()),  # several find the same mistake in a rule
        places={key: span for one in checked for key, span in one.places.items()},
        version=__version__,
    )
    overrides = () if errors else overrides_in(settings, judge.catalog)
    report = dated(report, settings.today, [aside for one in checked for aside in one.asides])
    overviews = tuple(overview for one in checked for overview in one.overviews)
    report = replace(report, interruption=interruption, overrides=overrides, root=settings.root, overviews=overviews)
    if settings.waivers or settings.baseline:
        from fedpolicy.policy.excuse import excuse  # noqa: PLC0415  most runs excuse nothing

        report = in_file_order(excuse(report, settings))
    return report


def overrides_in(settings: Settings, catalog: Catalog) -> tuple[Override, ...]:
    """What the settings change of the rules and facts as they come."""
    own = (settings.configured, settings.select, settings.ignore, settings.params, settings.catalogs)
    if not any(own) and settings.max_epsilon is None:
        return ()
    from fedpolicy.policy.overview import overrides_of  # noqa: PLC0415  most runs change nothing

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
    The only deployment of a source, or the one with this name, and all that is computed about it.

    Raises Problems where it has mistakes, InputError where it is open which deployment is meant.
    """
    document = document_of(source, catalog, deployment, settings.analysis.bounds)
    return document, Study(document.deployment, catalog, settings.analysis)


def document_of(source: Source, catalog: Catalog, deployment: str = "", bounds: Bounds = USUAL) -> Document:
    """The only deployment of a source, or the one with this name, as it is read. Raises as `study_of` does."""
    loaded = _loaded(source, catalog, bounds)
    if source.error or loaded.errors:
        raise source.error or Problems(loaded.errors)
    return the_one(loaded.documents, source.name, deployment)


def _loaded(source: Source, catalog: Catalog, bounds: Bounds) -> Loaded:
    """Read every deployment of a file. Where there is none, there is an error that says why."""
    if source.error:
        return Loaded(errors=(source.error,))
    loaded = load_text(source.text, source.name, catalog, bounds)
    if source.found and loaded.errors and not loaded.documents:
        from fedpolicy.sources.header import has_key  # noqa: PLC0415  only a mistake asks

        if not has_key(source.text):
            return Loaded(errors=(no_deployment(source.name),))
    if not loaded.documents and not loaded.errors:
        message = f"neither a deployment nor a mistake was found in `{source.name}`, so nothing of it was checked"
        error = InputError(message, span=Span(file=source.name), help="report it with the file")
        loaded = replace(loaded, errors=(error,))
    return loaded
