"""Two states of files -> what differs: the stages of the pipeline, run on both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fedpolicy import pipeline
from fedpolicy.analysis.changes import changes_between
from fedpolicy.analysis.study import Study
from fedpolicy.errors import FedPolicyError, Problems
from fedpolicy.findings import Finding, Verdict
from fedpolicy.policy.chosen import chosen_rules
from fedpolicy.policy.evaluate import evaluate
from fedpolicy.report.diff import Comparison, Difference
from fedpolicy.sources import Source
from fedpolicy.spec.load import Document, load_text

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog
    from fedpolicy.policy.models import Rule

__all__ = ["compare"]

_TOLD = (Verdict.FAIL, Verdict.UNKNOWN)


def compare(old: Iterable[Source], new: Iterable[Source], settings: pipeline.Settings) -> Comparison:
    """
    Compare two sets of files, deployment by deployment.

    What the new state introduces and the waivers of the settings cover is waived. What is wrong with the waivers
    themselves is not told: that is what a check is for.

    Deployments are told apart by their names; where a side has one name several times, by their files too. Raises
    Problems where the catalogue cannot be used.
    """
    catalog = pipeline.catalog_of(settings)
    rules, errors = _rules(settings)
    sides = [_side(sources, catalog, rules, settings) for sources in (list(old), list(new))]
    twice = {name for side in sides for name, count in Counter(n for n, _ in side.documents).items() if count > 1}
    keyed = [{_key(*place, twice): place for place in side.documents} for side in sides]
    # What could not be read on one side has not gone, so then only what both sides have is compared.
    broken = errors or any(side.errors for side in sides)
    keys = keyed[0].keys() & keyed[1].keys() if broken else keyed[0].keys() | keyed[1].keys()
    found = [_difference(sides[0], keyed[0].get(key), sides[1], keyed[1].get(key)) for key in sorted(keys)]
    found = [replace(one, introduced=_excused(one.introduced, settings)) for one in found]
    said = [*errors, *(error for side in sides for error in side.errors)]
    return Comparison(
        differences=tuple(one for one in found if one),
        errors=tuple({str(error): error for error in said}.values()),
        deployments=len(found),
    )


_Place = tuple[str, str]  # name, file


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    documents: dict[_Place, Study] = field(default_factory=dict)
    findings: dict[_Place, list[Finding]] = field(default_factory=dict)
    errors: list[FedPolicyError] = field(default_factory=list)


def _key(name: str, file: str, twice: set[str]) -> _Place:
    # `main:deployments/a.yaml` is the same file as `deployments/a.yaml`.
    return (name, file.rpartition(":")[2]) if name in twice else (name, "")


def _rules(settings: pipeline.Settings) -> tuple[Sequence[Rule], Sequence[FedPolicyError]]:
    try:
        return chosen_rules(settings), ()
    except Problems as problems:
        # The files are read all the same, so that their mistakes are told in the same run.
        return (), problems.errors


def _side(sources: Sequence[Source], catalog: Catalog, rules: Sequence[Rule], settings: pipeline.Settings) -> _Side:
    side = _Side()
    for source in sources:
        if source.error:
            side.errors.append(source.error)
            continue
        loaded = load_text(source.text, source.name, catalog)
        side.errors.extend(loaded.errors)
        for document in loaded.documents:
            _judge(document, catalog, rules, settings, side)
    return side


def _judge(
    document: Document, catalog: Catalog, rules: Sequence[Rule], settings: pipeline.Settings, side: _Side
) -> None:
    place = (document.deployment.name, document.file)
    study = Study(document.deployment, catalog, settings.analysis)
    side.documents[place] = study
    try:
        found = evaluate(study, document, rules).findings
    except Problems as problems:
        side.errors.extend(problems.errors)
    else:
        side.findings.setdefault(place, []).extend(one for one in found if one.verdict in _TOLD)


def _difference(old: _Side, before: _Place | None, new: _Side, after: _Place | None) -> Difference:
    name, file = after or before or ("", "")
    were = old.findings.get(before, ()) if before else ()
    are = new.findings.get(after, ()) if after else ()
    return Difference(
        deployment=name,
        file=file,
        state="changed" if before and after else "new" if after else "gone",
        changes=changes_between(
            old.documents[before] if before else None,
            new.documents[after] if after else None,
        ),
        introduced=_only(are, were),
        resolved=_only(were, are),
    )


def _only(these: Sequence[Finding], those: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings of one state that the other does not have at this verdict; lines and files do not matter."""
    known = {(finding.fingerprint, finding.verdict) for finding in those}
    # What was already failing and is now only undecided (or the other way round) counts by its worse side.
    failing = {fingerprint for fingerprint, verdict in known if verdict is Verdict.FAIL}
    return tuple(
        finding
        for finding in these
        if (finding.fingerprint, finding.verdict) not in known
        and not (finding.verdict is Verdict.UNKNOWN and finding.fingerprint in failing)
    )


def _excused(findings: Sequence[Finding], settings: pipeline.Settings) -> tuple[Finding, ...]:
    if settings.waivers is None:
        return tuple(findings)
    from fedpolicy.policy.waive import Checked, waive  # noqa: PLC0415  most comparisons waive nothing

    nothing = Checked(rules=frozenset(), deployments=frozenset(), known=frozenset, whole=False)
    return tuple(waive(findings, settings.waivers, nothing, settings.today)[: len(findings)])
