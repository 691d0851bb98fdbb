"""
A deployment against a site's own policy -> findings, each with the line of the federation's file and of the site's.

They are no rules of a pack: no setting, waiver or baseline of the federation reaches them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from fedpolicy.analysis import Study
from fedpolicy.analysis.facts import Disclosure, Step
from fedpolicy.findings import Finding, Hop, Related, RuleInfo, Severity, Span, Verdict
from fedpolicy.graph.lookup import family_of
from fedpolicy.language.model.safeguards import Safeguard
from fedpolicy.language.reading import Document
from fedpolicy.policy.housekeeping import coded_finding
from fedpolicy.policy.site import Demand, SitePermit, SitePolicy
from fedpolicy.records import dataclass, replace

PACK = "site"


def _rule(name: str, principle: str, title: str, why: str, advice: str) -> RuleInfo:
    return RuleInfo(id=name, pack=PACK, title=title, severity=Severity.HIGH, principle=principle, why=why, help=advice)


_EXCEEDED = _rule("site-release-exceeded", "data-locality", "A party can learn more than the site permits",
                  "The site's own policy says what others may learn of its data. It wins over the federation's file.",
                  "Protect or cut the way that the finding shows, or ask the site to permit it.")  # fmt: skip
_WIDER = _rule("site-release-widened", "autonomy", "The federation's file permits more than the site does",
               "A release speaks for the owner of the data. This one says what the owner does not say.",
               "Lower the release in the federation's file to what the site permits.")  # fmt: skip
_LACKING = _rule("site-safeguard-missing", "input-privacy", "A safeguard that the site demands is not there",
                 "The site takes part under the condition that its data leave with this safeguard only.",
                 "Add the safeguard as the site demands it, or leave the site out.")  # fmt: skip
_CHANGED = _rule("site-safeguard-changed-by-others", "autonomy", "Others can turn off what the site demands",
                 "A safeguard that somebody else can change protects for as long as they please.",
                 "Let the site control it (`controlled_by`), or ask for its approval (`approved_by`).")  # fmt: skip
INFOS = (_EXCEEDED, _WIDER, _CHANGED, _LACKING)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    study: Study
    document: Document
    policy: SitePolicy

    def at(self, *path: str | int) -> Span:
        return self.document.spans.key(path)


def site_findings(study: Study, document: Document, policy: SitePolicy) -> list[Finding]:
    """What the policy says of a deployment that the site is a party of."""
    case = _Case(study=study, document=document, policy=policy)
    found = [*_releases(case), *_levels(case), *_demands(case)]
    return [replace(one, verdict=Verdict.FAIL) for one in found] if policy.strict else found


def _releases(case: _Case) -> Iterator[Finding]:
    if case.policy.permits is None:
        return
    for name in case.study.lookup.owned.get(case.policy.party, ()):
        for at, release in enumerate(case.study.deployment.datasets[name].releases or ()):
            for who in release.to:
                rank, span = _permitted(case, name, {who}, release.as_)
                if who != case.policy.party and case.study.catalog.levels[release.up_to].rank > rank:
                    message = f"the file lets {who} learn {name} up to {release.up_to}; {_says(case, rank)}"
                    yield _finding(case, _WIDER, (f"datasets.{name}", f"parties.{who}"), message,
                                   case.at("datasets", name, "releases", at), span)  # fmt: skip


def _levels(case: _Case) -> Iterator[Finding]:
    if case.policy.permits is None:
        return
    owner_of = case.study.lookup.owner_of
    for one in case.study.pairs():
        mine = [name for name in one.datasets if owner_of.get(name) == case.policy.party]
        low, high = (one.vouched, one.guaranteed) if case.policy.guaranteed else (one.low, one.high)
        for party in one.parties if mine else ():
            names = _names(case, party)
            rank, span = min((_permitted(case, family_of(name), names, one.role) for name in mine), key=lambda p: p[0])
            if high > rank:
                yield _told(case, one, (party, mine[0]), (low, high), (rank, span))


def _told(
    case: _Case, one: Disclosure, whom: tuple[str, str], levels: tuple[int, int], permitted: tuple[int, Span]
) -> Finding:
    party, dataset = whom
    (low, high), (rank, span) = levels, permitted
    fails = low > rank
    level = _level(case, low if fails else high)
    can = "can" if fails else "may be able to"
    message = f"{party} {can} learn {dataset} ({level}) as {one.role}; {_says(case, rank)}"
    paths = tuple(tuple(_hop(case, step) for step in path) for path in one.paths)
    place = paths[0][0].span if paths and paths[0] else case.at("datasets", family_of(dataset))
    return _finding(
        case, _EXCEEDED, (f"parties.{party}", f"datasets.{dataset}"), message, place, span, paths=paths,
        verdict=Verdict.FAIL if fails else Verdict.UNKNOWN, missing=() if fails else one.missing, what=one.role,
    )  # fmt: skip


def _hop(case: _Case, step: Step) -> Hop:
    source, target = step.source.partition(".")[2], step.target.partition(".")[2]
    span = case.at(*step.path)
    return Hop(
        source=source, target=target, payload=step.payload, flow=step.flow, implied_by=step.implied_by, span=span
    )


def _says(case: _Case, rank: int) -> str:
    return f"{case.policy.party} permits {_level(case, rank)}"


def _level(case: _Case, rank: int) -> str:
    return next(name for name, row in case.study.catalog.levels.items() if row.rank == rank)


def _names(case: _Case, principal: str) -> set[str]:
    known = case.study.graph.principals.get(principal)
    names = {principal, case.study.lookup.party(principal), "public"}
    return names | ({"participants"} if known and "participant" in known.roles else set())


def _permitted(case: _Case, dataset: str, names: set[str], role: str) -> tuple[int, Span]:
    """The most that the site lets somebody learn, and the line that says so."""
    nothing = (0, case.policy.spans["releases"])
    levels = case.study.catalog.levels
    found = [
        (levels[one.up_to].rank, one.span)
        for one in case.policy.permits or ()
        if (not one.data or dataset in one.data) and not names.isdisjoint(one.to) and _is_as(one, role)
    ]
    return max(found, default=nothing, key=lambda one: one[0])


def _is_as(one: SitePermit, role: str) -> bool:
    return one.as_ in ("any", role)


def _demands(case: _Case) -> Iterator[Finding]:
    leaving = sorted(_leaving(case))
    for demand in case.policy.demands:
        for section, name in leaving:
            if section in demand.on:
                yield from _demanded(case, demand, (section, name))


def _leaving(case: _Case) -> set[tuple[str, str]]:
    """The tasks, calls and flows by which data of the site leave it."""
    graph, lookup = case.study.graph, case.study.lookup
    own = lookup.instances_of(lookup.owned.get(case.policy.party, ()))
    mine = sum(1 << item.index for item in graph.data if lookup.party(item.owner) == case.policy.party) & own
    found = set()
    for flow in graph.flows:
        here, there = lookup.operators(flow.source), lookup.operators(flow.target)
        carries = flow.data is None or flow.data & mine
        if case.policy.party in here and there - {case.policy.party} and carries and mine:
            section, _, name = flow.origin.partition(".")
            found.add((section, name))
    return found


def _demanded(case: _Case, demand: Demand, element: tuple[str, str]) -> Iterator[Finding]:
    section, name = element
    entry = getattr(case.study.deployment, section)[name]
    word = demand.kind.replace("_", " ")
    there = [(at, one) for at, one in enumerate(entry.safeguards) if one.kind == demand.kind]
    open_ = any(one.kind == "unknown" for one in entry.safeguards)
    if not there:
        message = f"{name} lacks {word}, which {case.policy.party} demands"
        if open_:
            message = f"nobody says whether {name} has {word}, which {case.policy.party} demands"
        yield _finding(case, _LACKING, (f"{section}.{name}",), message, case.at(section, name, "safeguards"),
                       demand.span, what=demand.kind, verdict=Verdict.UNKNOWN if open_ else Verdict.FAIL)  # fmt: skip
        return
    tried = [(list(_short(demand, one)), at, one) for at, one in there]
    faults, at, best = min(tried, key=lambda one: len(one[0]))
    for key, why, verdict in faults:
        yield _finding(case, _LACKING, (f"{section}.{name}",), f"{word} of {name}: {why}",
                       case.at(section, name, "safeguards", at, key), demand.span, what=f"{demand.kind} {key}",
                       verdict=verdict,
                       missing=(f"{section}.{name}.safeguards.{at}.{key}",) * (verdict is Verdict.UNKNOWN))  # fmt: skip
    yield from _control(case, demand, (section, name, "safeguards", at), best)


def _short(demand: Demand, one: Safeguard) -> Iterator[tuple[str, str, Verdict]]:
    """The keys in which a safeguard falls short of a demand."""
    for key, wanted, falls_short, form in _bounds(demand):
        said = getattr(one, key)
        if said is None:
            yield key, f"{key} is not stated, and {wanted} is demanded", Verdict.UNKNOWN
        elif falls_short(said):
            yield key, f"{key} is {said:{form}}, and {wanted} is demanded", Verdict.FAIL


def _bounds(demand: Demand) -> Iterator[tuple[str, str, Callable[[Any], bool], str]]:
    """Each key of which something is demanded: what, when a value falls short of it, and how that is written."""
    for key, least in demand.at_least.items():
        yield key, f"at least {least:g}", partial(operator.gt, least), "g"
    for key, most in demand.at_most.items():
        yield key, f"at most {most:g}", partial(operator.lt, most), "g"
    for key, must in demand.must_be.items():
        yield key, f"{must}", partial(operator.ne, must), ""


def _control(case: _Case, demand: Demand, path: tuple[str | int, ...], one: Safeguard) -> Iterator[Finding]:
    """Who can change a safeguard that the site demands, where it asks for that."""
    allowed = case.policy.changed_by
    if allowed is None:
        return
    site, section, name = case.policy.party, path[0], path[1]
    span = case.policy.spans["changed_by"]
    word = demand.kind.replace("_", " ")
    agrees = (
        one.approved_by is not None
        and site in _meant(one.approved_by.of, site)
        and (one.approved_by.at_least >= len(one.approved_by.of))
    )
    said = {"controlled_by": one.controlled_by, "code_signed_by": one.code_signed_by}
    others = {key: sorted(set(_meant(who or (), site)) - {site, *allowed}) for key, who in said.items()}
    for key, who in others.items():
        if who and not agrees:
            message = f"{', '.join(who)} can change {word} of {name} ({key}); {site} does not permit that"
            yield _finding(case, _CHANGED, (f"{section}.{name}",), message, case.at(*path, key), span,
                           what=f"{demand.kind} {key}")  # fmt: skip
    if one.controlled_by is None:
        message = f"nobody says who can change {word} of {name}"
        yield _finding(case, _CHANGED, (f"{section}.{name}",), message, case.at(*path), span, what=demand.kind,
                       verdict=Verdict.UNKNOWN, missing=(".".join(map(str, (*path, "controlled_by"))),))  # fmt: skip


def _meant(names: Sequence[str], site: str) -> Sequence[str]:
    """`participants` each control their own, so for a site it is itself."""
    return [site if name == "participants" else name for name in names]


def _finding(  # noqa: PLR0913  each is a field of a finding
    case: _Case, info: RuleInfo, elements: tuple[str, ...], message: str, place: Span, span: Span, *,
    verdict: Verdict = Verdict.FAIL, paths: tuple[tuple[Hop, ...], ...] = (), missing: tuple[str, ...] = (),
    what: str = "",
) -> Finding:  # fmt: skip
    name, party = case.study.deployment.name, case.policy.party
    told = coded_finding(info, elements, f"{message} ({span})", place, name, party, *elements, what, deployment=name)
    related = (Related(text=f"the policy of {party}", span=span),)
    return replace(told, verdict=verdict, paths=paths, missing=missing, related=related)
