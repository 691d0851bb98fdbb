"""Two states of files -> what differs: both sides are checked, and compared deployment by deployment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from fedpolicy.analysis.changes import Changes, changes_between
from fedpolicy.check import Assessment, Judge, assess_source, judge_of, overrides_in
from fedpolicy.errors import FedPolicyError, contained, namesakes
from fedpolicy.findings import Finding, Span, Verdict
from fedpolicy.policy.housekeeping import Coverage, as_set, gone
from fedpolicy.policy.overview import apart_from
from fedpolicy.report.diff import UNCOMPARED, Comparison, Difference
from fedpolicy.report.owner import changes_of_owner, concerns, must_be_party
from fedpolicy.settings import Settings
from fedpolicy.sources import Source

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.language.reading import Document, Loaded

_NONE: Mapping[str, FedPolicyError] = MappingProxyType({})
_TOLD = (Verdict.FAIL, Verdict.UNKNOWN)


def _unwatched(_: str) -> None:
    """Nobody listens."""


def compare(
    old: Iterable[Source],
    new: Iterable[Source],
    settings: Settings,
    begin: Callable[[str], None] = _unwatched,
    lost: Mapping[str, FedPolicyError] = _NONE,
    *,
    beside: tuple[Sequence[Finding], Sequence[Finding]] = ((), ()),
) -> Comparison:
    """
    Compare two sets of files, deployment by deployment.

    `begin` hears of each file before anything is done with it; those that are `lost`, by name, are left out, and their
    errors say why. `beside` is what else is found of each state, such as what it differs in from what runs.

    What the new state introduces and the waivers of the settings cover is waived. What is wrong with the waivers
    themselves is not told: that is what a check is for. Where settings name an owner, what concerns it is told.

    Deployments are told apart by their names; where a side has one name several times, by their files too. A name that
    the new state has several times, and the old one had once at most, is an error, as it is for a check. A deployment
    that the new state lacks is a finding, unless the new state could not be read as a whole: then it may be in what
    could not, and it is not compared. Raises Problems where the catalogue cannot be used.
    """
    judge, errors = judge_of(settings)
    sides = [_side(sources, judge, begin, lost) for sources in (old, new)]
    for side, found_beside in zip(sides, beside, strict=True):
        _join(side, found_beside)
    failed: list[FedPolicyError] = []
    whole = not errors and not sides[1].errors
    pairs = _pairs(*sides)
    found = [_difference(*pair, _Watched(begin, failed), whole=whole) for pair in pairs]
    if settings.overview:
        found = _told_to(settings.overview, found, pairs)
    named = partial(_from_root, {name: inside for side in sides for name, inside in side.inside.items()}, settings)
    found = [replace(one, introduced=_excused(one.introduced, settings, named)) for one in found]
    said = [*errors, *(error for side in sides for error in side.errors), *failed, *_twins(*sides)]
    return Comparison(
        differences=tuple(one for one in found if one),
        errors=tuple({str(error): error for error in said}.values()),
        deployments=sum(one.state != UNCOMPARED for one in found),
        overrides=() if errors else overrides_in(settings, judge.catalog),
    )


_Place = tuple[str, str]  # name, file


@dataclass(slots=True, kw_only=True)
class _State:
    """A deployment of one side; it has no facts where they could not be computed. `broken` rules gave no answer."""

    name: str
    span: Span
    study: Study | None = None
    findings: list[Finding] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)


_Pair = tuple[_State | None, _State | None]  # the old one and the new one


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    states: dict[_Place, _State] = field(default_factory=dict)
    errors: list[FedPolicyError] = field(default_factory=list)
    names: list[tuple[str, Span]] = field(default_factory=list)
    inside: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Watched:
    """Who hears of the files that are compared, and what goes wrong with them."""

    begin: Callable[[str], None]
    errors: list[FedPolicyError]


def _pairs(old: _Side, new: _Side) -> list[_Pair]:
    """The states of each deployment, in the order of their names."""
    sides = (old, new)
    twice = {name for side in sides for name, count in Counter(n for n, _ in side.states).items() if count > 1}
    keyed = [{_key(*place, twice): state for place, state in side.states.items()} for side in sides]
    return [(keyed[0].get(key), keyed[1].get(key)) for key in sorted(keyed[0].keys() | keyed[1].keys())]


def _told_to(owner: str, found: Sequence[Difference], pairs: Sequence[_Pair]) -> list[Difference]:
    """What concerns one party. Raises SettingsError where no state has it."""
    studies = [state.study for pair in pairs for state in pair if state and state.study]
    if studies:
        must_be_party(owner, *(study.deployment for study in studies))
    return [_of_owner(one, pair, owner) for one, pair in zip(found, pairs, strict=True)]


def _twins(old: _Side, new: _Side) -> Iterable[FedPolicyError]:
    """Names that the new state has several times, and the old one had not."""
    before = Counter(name for name, _ in old.names)
    return namesakes([[one for one in new.names if before[one[0]] <= 1]])


def _from_root(inside: Mapping[str, str], settings: Settings, name: str) -> str:
    """The path of a file from the root of the repository; git names those of a revision so."""
    return inside.get(name) or settings.root.file(name)


def _key(name: str, file: str, twice: set[str]) -> _Place:
    # `main:deployments/a.yaml` is the same file as `deployments/a.yaml`.
    return (name, file.rpartition(":")[2]) if name in twice else (name, "")


def _side(
    sources: Iterable[Source], judge: Judge, begin: Callable[[str], None], lost: Mapping[str, FedPolicyError]
) -> _Side:
    side = _Side()
    for source in sources:
        if error := lost.get(source.name):
            side.errors.append(error)
            continue
        begin(source.name)
        if source.inside:
            side.inside[source.name] = source.inside
        found = contained(partial(assess_source, source, judge), source.name)
        if isinstance(found, FedPolicyError):
            side.errors.append(found)
        else:
            _read(*found, side)
    return side


def _read(loaded: Loaded, assessed: Iterable[tuple[Document, Assessment | FedPolicyError]], side: _Side) -> None:
    side.errors.extend(loaded.errors)
    for document, assessment in assessed:
        name, span = document.deployment.name, document.spans.at(("name",))
        side.names.append((name, span))
        state = side.states.setdefault((name, document.file), _State(name=name, span=span))
        if isinstance(assessment, FedPolicyError):
            side.errors.append(assessment)
        else:
            _add(assessment, state, side)


def _join(side: _Side, found: Sequence[Finding]) -> None:
    """What else is found, with the deployment that it is about: of several of one name, that of the file it names."""
    for finding in found:
        theirs = {place[1]: state for place, state in side.states.items() if place[0] == finding.deployment}
        files = {finding.span.file, *(one.span.file for one in finding.related)}
        for file, state in theirs.items():
            if len(theirs) == 1 or file in files:
                state.findings.append(finding)


def _add(found: Assessment, state: _State, side: _Side) -> None:
    state.study = found.study
    state.findings += (one for one in found.findings if one.verdict in _TOLD)
    state.broken |= found.broken.keys()
    side.errors.extend(found.broken[name] for name in sorted(found.broken))


def _difference(old: _State | None, new: _State | None, watched: _Watched, *, whole: bool) -> Difference:
    if new is None and old is not None:
        return _without(old, watched) if whole else _uncompared(old)
    if new is None or new.study is None:
        return _uncompared(cast("_State", new or old))
    were = old.findings if old else ()
    return Difference(
        deployment=new.name,
        file=new.span.file,
        state="changed" if old else "new",
        changes=_changes(old, new, watched),
        introduced=_only(new.findings, were),
        # What a rule does not answer any more is not resolved.
        resolved=_only([one for one in were if one.rule not in new.broken], new.findings),
    )


def _of_owner(one: Difference, states: Sequence[_State | None], owner: str) -> Difference:
    """What of a difference concerns one party; what could not be compared, or is gone, may concern anybody."""
    studies = [state.study for state in states if state and state.study]
    owners = {name: party for study in studies for name, party in study.lookup.owner_of.items()}
    if not any(owner in study.deployment.parties for study in studies):
        return (
            one
            if one.state == UNCOMPARED
            else replace(one, changes=Changes(), introduced=(), resolved=(), state="changed")
        )
    before, after = (apart_from(state.study, owner) if state and state.study else frozenset() for state in states)
    return replace(
        one,
        changes=changes_of_owner(one.changes, owner, owners),
        introduced=tuple(found for found in one.introduced if concerns(found, owner, owners, after)),
        resolved=tuple(found for found in one.resolved if concerns(found, owner, owners, before)),
    )


def _without(old: _State, watched: _Watched) -> Difference:
    """What only the old state has. Its findings are gone with it, which resolves none of them."""
    return Difference(
        deployment=old.name,
        file=old.span.file,
        state="gone",
        changes=_changes(old, None, watched),
        introduced=(gone(old.name, old.span, sum(one.verdict is Verdict.FAIL for one in old.findings)),),
    )


def _changes(old: _State | None, new: _State | None, watched: _Watched) -> Changes:
    """What changes for whom; where that cannot be computed, findings are told all the same."""
    name = next(state.span.file for state in (new, old) if state)
    watched.begin(name)
    studies = (old.study if old else None, new.study if new else None)
    found = contained(lambda: changes_between(*studies), name)
    if isinstance(found, FedPolicyError):
        watched.errors.append(found)
        return Changes()
    return found


def _uncompared(state: _State) -> Difference:
    return Difference(deployment=state.name, file=state.span.file, state=UNCOMPARED, changes=Changes())


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


def _excused(found: Sequence[Finding], settings: Settings, named: Callable[[str], str]) -> tuple[Finding, ...]:
    findings = as_set(found, settings)
    if settings.waivers is None:
        return findings
    from fedpolicy.policy.excuse import waive  # noqa: PLC0415  see above

    nothing = Coverage(rules=frozenset(), deployments=frozenset(), known=frozenset, whole=False, file=named)
    return tuple(waive(findings, settings.waivers, nothing, settings.today)[0])
