"""A report turned round: what of it concerns one party and its data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from fedpolicy.errors import SettingsError
from fedpolicy.findings import Finding, Report, Verdict
from fedpolicy.suggest import advise

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.analysis.budget import Budget, Ledger
    from fedpolicy.analysis.changes import BudgetChange, Changes, DisclosureChange
    from fedpolicy.analysis.control.matrix import Continuity
    from fedpolicy.analysis.facts import Disclosure
    from fedpolicy.language.model import Deployment

_TOLD = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED)
_Learned = TypeVar("_Learned", "Disclosure", "Budget", "DisclosureChange", "BudgetChange")
_Disclosed = TypeVar("_Disclosed", "Disclosure", "DisclosureChange")


def concerns(finding: Finding, owner: str, owners: Mapping[str, str], apart: frozenset[str]) -> bool:
    """
    Whether a finding names a party, or data of it, or else nobody, and not only what that party has no part in.

    What names nobody may be about the deployment as a whole, and so about everybody; what names only others is not.
    """
    named = {section: set[str]() for section in ("parties", "datasets")}
    for element in finding.elements:
        section, _, name = element.partition(".")
        if section in named:
            named[section].add(name)
    if owner in named["parties"] or any(owners.get(name) == owner for name in named["datasets"]):
        return True
    return not (named["parties"] or named["datasets"] or apart.issuperset(finding.elements or ("",)))


def only(report: Report, deployment: str) -> Report:
    """The report on one of the deployments of a file."""
    overviews = tuple(one for one in report.overviews if one.deployment == deployment)
    findings = tuple(one for one in report.findings if one.deployment in ("", deployment))
    return replace(report, findings=findings, overviews=overviews)


def of_owner(report: Report, owner: str) -> Report:
    """The report with the findings that concern one party; what they count follows, what passed stays as it was."""
    known = {(one.file, one.deployment): one for one in report.overviews if owner in one.parties}
    about = ((one, known.get((one.span.file, one.deployment))) for one in report.findings)
    found = tuple(
        one for one, its in about if not one.deployment or (its and concerns(one, owner, its.owners, its.apart))
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

    found = _others(study.disclosures, owner, study.lookup.owner_of, study.lookup.party)
    # The ways in of the whole group may be those of another's data.
    own = ((evidence_of(study.exposure, one, parties, names), names, parties) for one, names, parties in found)
    return study.showing([_narrowed(*one) for one in own])


def ledger_of_owner(study: Study, ledger: Ledger, owner: str) -> Ledger:
    """The budgets of one party's data; mechanisms are everybody's."""
    found = _others(ledger.budgets, owner, study.lookup.owner_of, study.lookup.party)
    budgets = tuple(
        replace(one, datasets=names, parties=parties, whole=one.whole and names == one.datasets)
        for one, names, parties in found
    )
    own = study.lookup.owned.get(owner, ())
    return replace(ledger, budgets=budgets, bare=tuple(name for name in ledger.bare if name in own))


def matrix_of_owner(matrix: Iterable[Continuity], owner: str) -> tuple[Continuity, ...]:
    """What one participant can do, and who can end it."""
    return tuple(replace(one, participants=(owner,)) for one in matrix if owner in one.participants)


def changes_of_owner(changes: Changes, owner: str, owners: Mapping[str, str]) -> Changes:
    """What changes for one party: what others learn of its data, and what it can do."""
    spent = _others(changes.budgets, owner, owners)
    return replace(
        changes,
        disclosures=tuple(_narrowed(*one) for one in _others(changes.disclosures, owner, owners)),
        budgets=tuple(replace(one, datasets=names, parties=parties) for one, names, parties in spent),
        control=tuple(replace(one, participants=(owner,)) for one in changes.control if owner in one.participants),
    )


def _others(
    found: Iterable[_Learned], owner: str, owners: Mapping[str, str], party: Callable[[str], str] = str
) -> Iterator[tuple[_Learned, tuple[str, ...], tuple[str, ...]]]:
    """Of all that is learned, what others learn of data of one party: with these data, and these others."""
    for one in found:
        datasets = tuple(name for name in one.datasets if owners.get(name) == owner)
        parties = tuple(name for name in one.parties if party(name) != owner)
        if datasets and parties:
            yield one, datasets, parties


def _narrowed(one: _Disclosed, datasets: tuple[str, ...], parties: tuple[str, ...]) -> _Disclosed:
    return replace(one, datasets=datasets, parties=parties, pairs=len(datasets) * len(parties))
