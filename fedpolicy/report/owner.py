"""A report turned round: what of it concerns one party and its data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fedpolicy.errors import SettingsError
from fedpolicy.findings import Finding, Report, Verdict
from fedpolicy.suggest import advise

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.analysis.budget import Ledger
    from fedpolicy.analysis.changes import Changes
    from fedpolicy.analysis.control.matrix import Continuity
    from fedpolicy.language.model import Deployment

_TOLD = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED)


def concerns(finding: Finding, owner: str, owners: Mapping[str, str]) -> bool:
    """
    Whether a finding names a party, or data of it, or nobody at all.

    What names nobody is about the deployment as a whole, and so about everybody; what names only others is not.
    """
    named = {section: set[str]() for section in ("parties", "datasets")}
    for element in finding.elements:
        section, _, name = element.partition(".")
        if section in named:
            named[section].add(name)
    if owner in named["parties"] or any(owners.get(name) == owner for name in named["datasets"]):
        return True
    return not (named["parties"] or named["datasets"])


def only(report: Report, deployment: str) -> Report:
    """The report on one of the deployments of a file."""
    overviews = tuple(one for one in report.overviews if one.deployment == deployment)
    findings = tuple(one for one in report.findings if one.deployment in ("", deployment))
    return replace(report, findings=findings, overviews=overviews)


def of_owner(report: Report, owner: str) -> Report:
    """The report with the findings that concern one party; what they count follows, what passed stays as it was."""
    owners = {(one.file, one.deployment): one.owners for one in report.overviews if owner in one.parties}
    found = tuple(
        one
        for one in report.findings
        if not one.deployment
        or ((one.span.file, one.deployment) in owners and concerns(one, owner, owners[one.span.file, one.deployment]))
    )
    told = Counter(one.verdict for one in found)
    counts = {verdict: told[verdict] if verdict in _TOLD else number for verdict, number in report.counts.items()}
    return replace(report, findings=found, counts=counts)


def must_be_party(name: str, *deployments: Deployment) -> str:
    """The name of a party. Raises SettingsError where deployments have none of that name."""
    known = {party for one in deployments for party in one.parties}
    if known and name not in known:
        raise SettingsError(f"no party is called `{name}`", help=advise(name, sorted(known)))
    if not known:
        raise SettingsError(f"no party is called `{name}`", help="the file declares no party")
    return name


def study_of_owner(study: Study, owner: str) -> Study:
    """The study, as if only what others learn about data of one party were learned."""
    from fedpolicy.analysis.exposure.disclosures import evidence_of  # noqa: PLC0415  few reports have an owner

    own = _own(study, owner)
    kept = []
    for one in study.disclosures:
        datasets = tuple(name for name in one.datasets if name in own)
        parties = tuple(name for name in one.parties if study.lookup.party(name) != owner)
        if datasets and parties:
            # The ways in of the whole group may be those of another's data.
            left = evidence_of(study.exposure, one, parties, datasets)
            kept.append(replace(left, datasets=datasets, parties=parties, pairs=len(datasets) * len(parties)))
    return study.showing(kept)


def ledger_of_owner(study: Study, ledger: Ledger, owner: str) -> Ledger:
    """The budgets of one party's data; mechanisms are everybody's."""
    own = _own(study, owner)
    budgets = []
    for one in ledger.budgets:
        names = tuple(name for name in one.datasets if name in own)
        parties = tuple(name for name in one.parties if study.lookup.party(name) != owner)
        if names and parties:
            budgets.append(replace(one, datasets=names, parties=parties, whole=one.whole and names == one.datasets))
    families = {item.family for item in study.graph.data if item.id in own}
    return replace(ledger, budgets=tuple(budgets), bare=tuple(name for name in ledger.bare if name in families))


def matrix_of_owner(matrix: Sequence[Continuity], owner: str) -> tuple[Continuity, ...]:
    """What one participant can do, and who can end it."""
    return tuple(replace(one, participants=(owner,)) for one in matrix if owner in one.participants)


def owners_of(study: Study) -> dict[str, str]:
    """The party behind each instance of a dataset."""
    return {item.id: study.lookup.party(item.owner) for item in study.graph.data}


def changes_of_owner(changes: Changes, owner: str, owners: Mapping[str, str]) -> Changes:
    """What changes for one party: what others learn of its data, and what it can do."""
    disclosures = []
    for one in changes.disclosures:
        names, parties = _others(one.datasets, one.parties, owner, owners)
        if names and parties:
            disclosures.append(replace(one, datasets=names, parties=parties, pairs=len(names) * len(parties)))
    budgets = []
    for loss in changes.budgets:
        names, parties = _others(loss.datasets, loss.parties, owner, owners)
        if names and parties:
            budgets.append(replace(loss, datasets=names, parties=parties))
    control = (replace(one, participants=(owner,)) for one in changes.control if owner in one.participants)
    return replace(changes, disclosures=tuple(disclosures), budgets=tuple(budgets), control=tuple(control))


def _others(
    datasets: Sequence[str], parties: Sequence[str], owner: str, owners: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(one for one in datasets if owners.get(one) == owner), tuple(one for one in parties if one != owner)


def _own(study: Study, owner: str) -> frozenset[str]:
    return frozenset(item.id for item in study.graph.data if study.lookup.party(item.owner) == owner)
