"""Two states of files -> what differs: the stages of the pipeline, run on both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fedpolicy import pipeline
from fedpolicy.analysis.analyse import analyse
from fedpolicy.analysis.changes import changes_between
from fedpolicy.analysis.facts import Facts
from fedpolicy.errors import FedPolicyError
from fedpolicy.findings import Finding, Verdict
from fedpolicy.graph.build import build_graph
from fedpolicy.report.changes.model import Comparison, Difference
from fedpolicy.sources import Source
from fedpolicy.spec.load import load_text

__all__ = ["compare"]

_TOLD = (Verdict.FAIL, Verdict.UNKNOWN)


def compare(old: Iterable[Source], new: Iterable[Source], settings: pipeline.Settings) -> Comparison:
    """
    Compare two sets of files, deployment by deployment.

    Deployments are told apart by their names; where a side has one name several times, by their files too. Raises
    Problems where the catalogue cannot be used.
    """
    sides = [_side(sources, settings) for sources in (list(old), list(new))]
    twice = {name for side in sides for name, count in Counter(n for n, _ in side.documents).items() if count > 1}
    keyed = [{_key(*place, twice): place for place in side.documents} for side in sides]
    # What could not be read on one side has not gone, so then only what both sides have is compared.
    broken = any(side.errors for side in sides)
    keys = keyed[0].keys() & keyed[1].keys() if broken else keyed[0].keys() | keyed[1].keys()
    found = [_difference(sides[0], keyed[0].get(key), sides[1], keyed[1].get(key), settings) for key in sorted(keys)]
    return Comparison(
        differences=tuple(one for one in found if one),
        errors=tuple(error for side in sides for error in side.errors),
        deployments=len(found),
    )


_Place = tuple[str, str]  # name, file


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    documents: Mapping[_Place, Facts]
    findings: Mapping[_Place, Sequence[Finding]]
    errors: Sequence[FedPolicyError]


def _key(name: str, file: str, twice: set[str]) -> _Place:
    # `main:deployments/a.yaml` is the same file as `deployments/a.yaml`.
    return (name, file.rpartition(":")[2]) if name in twice else (name, "")


def _side(sources: Sequence[Source], settings: pipeline.Settings) -> _Side:
    catalog = pipeline.catalog_of(settings)
    report = pipeline.check(sources, settings)
    documents = {
        (document.deployment.name, source.name): analyse(
            build_graph(document.deployment, catalog), catalog, settings.analysis
        )
        for source in sources
        if source.error is None
        for document in load_text(source.text, source.name, catalog).documents
    }
    findings: dict[_Place, list[Finding]] = {}
    for finding in report.findings:
        if finding.verdict in _TOLD:
            findings.setdefault((finding.deployment, finding.span.file), []).append(finding)
    errors = (*report.errors, *(error for file in report.files for error in file.errors))
    return _Side(
        documents=documents, findings=findings, errors=[one for one in errors if isinstance(one, FedPolicyError)]
    )


def _difference(
    old: _Side, before: _Place | None, new: _Side, after: _Place | None, settings: pipeline.Settings
) -> Difference:
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
            pipeline.catalog_of(settings),
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
