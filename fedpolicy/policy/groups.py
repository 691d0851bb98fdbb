"""
Findings that say the same become one: judged first, grouped after.

What a message says decides, and nothing else: parties in four countries that can rebuild each other's data from the
same updates are one finding, and a party that learns the same in two capacities is told once. A group always says what
is true of each pair: every party of it learns every dataset of it that is not its own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.findings import Finding, Hop, Member, MemberGroup, Severity, Verdict, fingerprint
from fedpolicy.graph.lookup import family_of, ordered
from fedpolicy.policy.fields import Type
from fedpolicy.policy.texts import fill, value_words
from fedpolicy.records import replace

# The words of a message that say who learns whose data, and how much; all others are the same in a whole group.
PEOPLE = frozenset({"element", *(f"disclosure.{name}" for name in ("parties", "datasets", "owners", "whose", "level"))})
MANY = 50  # parties, datasets or instances of one dataset; more are named together
_MOST_NOTES = 8


def group_findings(findings: Iterable[Finding]) -> list[Finding]:
    """
    The same findings, those together that say the same; each with the fingerprints of its parts.

    What is said of disclosures is worked out here, once it is known of which together.
    """
    alike: dict[Hashable, list[Finding]] = {}
    for one in findings:
        words = one.group.words if one.group else (one.severity, one.message)
        alike.setdefault((one.rule, one.pack, one.verdict, one.missing, one.group is None, words), []).append(one)
    grouped = (one for some in alike.values() for one in (some if len(some) == 1 else _grouped(some)))
    return [of_members(one, _members(one)) for one in grouped]


def told_once(findings: Sequence[Finding], behind: Mapping[str, tuple[str, ...]]) -> list[Finding]:
    """The findings without those that a rule of another law tells, or asks, of the same element."""
    told = {(one.rule, one.elements, one.verdict): one.severity for one in findings if one.group is None}
    return [
        one
        for one in findings
        if one.group is not None
        or not any(
            counts_before(told[name, one.elements, verdict], one.severity)
            for name in behind.get(one.rule, ())
            for verdict in (Verdict.FAIL, one.verdict)
            if (name, one.elements, verdict) in told
        )
    ]


def counts_before(other: Severity, own: Severity) -> bool:
    """Whether what another rule tells may stand for this one: what is for information only stands for no judgement."""
    return other is not Severity.INFO or own is Severity.INFO


def _grouped(some: list[Finding]) -> list[Finding]:
    """Findings of one rule with the same words, but for who learns whose data."""
    if some[0].group is None:
        return [_same(some)]
    some = _merged(_merged(some, _capacities), _ways)
    return _merged(_merged(some, _closures(some)), _capacities)


def elements_of(parties: Sequence[str], datasets: Sequence[str]) -> tuple[str, ...]:
    """What findings name: parties and instances; many of one dataset as `letters@*`, many datasets as `*`."""
    people = [f"parties.{name}" for name in parties] if len(parties) <= MANY else ["parties.*"]
    families: dict[str, list[str]] = {}
    for instance in datasets:
        families.setdefault(family_of(instance), []).append(f"datasets.{instance}")
    if len(families) > MANY:
        return (*people, "datasets.*")
    for family, instances in sorted(families.items()):
        people += [f"datasets.{family}@*"] if len(instances) > MANY else instances
    return tuple(people)


def of_members(finding: Finding, members: Sequence[Member]) -> Finding:
    """A finding on disclosures, told of these members."""
    group = finding.group
    return replace(finding, **_told_of(finding.rule, replace(group, members=tuple(members)))) if group else finding


def _told_of(rule: str, group: MemberGroup) -> dict[str, Any]:
    """What a finding of a rule says of a group: its elements, message, paths, notes and fingerprints."""
    members = group.members
    parties, datasets, owner_of = _people(members)
    elements = elements_of(parties, datasets)
    marks = _marks(rule, members)
    return {
        "elements": elements,
        "message": _told(group, elements, parties, owner_of),
        "paths": _paths(members),
        "notes": _notes(members),
        "fingerprint": marks[0] if len(marks) == 1 else fingerprint(rule, _roles(members), *parties, *datasets),
        "former": marks if len(marks) > 1 else (),
        "group": group,
    }


def _marks(rule: str, members: Sequence[Member]) -> tuple[str, ...]:
    """The fingerprints of the parts of a group, each once."""
    known_by = (one.whole or (one.role, *one.parties, *one.datasets) for one in members)
    return tuple(dict.fromkeys(fingerprint(rule, *parts) for parts in known_by))


def _roles(members: Sequence[Member]) -> str:
    return "+".join(sorted({member.role for member in members}))


def split(finding: Finding, is_excused: Callable[[Finding], object]) -> tuple[list[Finding], Finding | None]:
    """
    A finding as far as it is excused, and what is left of it.

    Where it is not excused as a whole, its parts are looked at: each capacity as it was told before there were groups,
    then each party by itself, as far as parties are named.
    """
    if is_excused(finding):
        return [finding], None
    excused: list[Finding] = []
    left = list(_members(finding))
    for parts in (lambda member: [member], _singles):
        looked = [one for member in left for one in parts(member)]
        told = [(one, of_members(finding, [one])) for one in looked] if looked != left or len(left) > 1 else []
        hits = [(one, part) for one, part in told if is_excused(part)]
        excused += [part for _, part in hits]
        left = [one for one in looked if all(one is not hit for hit, _ in hits)] if hits else left
    if not excused:
        return [], finding
    return excused, of_members(finding, left) if left else None


def _singles(member: Member) -> list[Member]:
    if not 1 < len(member.parties) <= MANY:
        return [member]
    pairs = list(zip(member.datasets, member.owners, strict=True))
    found = []
    for party in member.parties:
        others = [(dataset, owner) for dataset, owner in pairs if owner != party]
        if others:
            datasets, owners = zip(*others, strict=True)
            found.append(replace(member, parties=(party,), datasets=datasets, owners=owners, whole=()))
    return found


def _merged(findings: Sequence[Finding], key: Callable[[Finding], Hashable]) -> list[Finding]:
    found: dict[Hashable, list[Finding]] = {}
    for finding in findings:
        found.setdefault(key(finding), []).append(finding)
    return [some[0] if len(some) == 1 else _union(some) for some in found.values()]


def _same(some: Sequence[Finding]) -> Finding:
    first = min(some, key=lambda one: one.sort_key)
    marks = tuple(one.fingerprint for one in some)
    return replace(
        first,
        elements=tuple(dict.fromkeys(element for one in some for element in one.elements)),
        notes=tuple(dict.fromkeys(note for one in some for note in one.notes)),
        fingerprint=fingerprint(first.rule, *sorted(marks)),
        former=marks,
    )


def _union(some: Sequence[Finding]) -> Finding:
    worst = min(some, key=lambda one: (-one.severity, one.sort_key))
    members = sorted(
        (member for one in some if one.group for member in one.group.members),
        key=lambda member: (member.parties, member.datasets, member.role),
    )
    return replace(worst, group=worst.group and replace(worst.group, members=tuple(members)))


def _capacities(finding: Finding) -> Hashable:
    """The same parties and datasets: how grave it is and at which level does not matter, the worst is told."""
    return _parties(finding), _datasets(finding)


def _ways(finding: Finding) -> Hashable:
    """The same parties learn several datasets in the same ways."""
    paths = (path for member in _members(finding) for path in member.paths if path)
    origins = frozenset(path[-1].implied_by or path[-1].flow for path in paths)
    return _gravity(finding), _parties(finding), origins


def _owned(findings: Sequence[Finding]) -> Mapping[Hashable, Mapping[str, set[str]]]:
    """For findings of one gravity, the datasets of each owner."""
    own: dict[Hashable, dict[str, set[str]]] = {}
    for finding in findings:
        theirs = own.setdefault(_gravity(finding), {})
        for member in _members(finding):
            for dataset, owner in zip(member.datasets, member.owners, strict=True):
                theirs.setdefault(owner, set()).add(dataset)
    return own


def _closures(findings: Sequence[Finding]) -> Callable[[Finding], Hashable]:
    """The same datasets, but for what belongs to those who learn the others."""
    own = _owned(findings)

    def closure(finding: Finding) -> Hashable:
        seen, theirs = _datasets(finding), own[_gravity(finding)]
        common = set.intersection(*(theirs.get(party, set()) for party in _parties(finding)))
        # Members of a population learn of one another what they own together.
        return _gravity(finding), seen if common & seen else seen | common

    return closure


def _gravity(finding: Finding) -> Hashable:
    return finding.severity, _worst(_members(finding))


def _parties(finding: Finding) -> frozenset[str]:
    return frozenset(party for member in _members(finding) for party in member.parties)


def _datasets(finding: Finding) -> frozenset[str]:
    return frozenset(dataset for member in _members(finding) for dataset in member.datasets)


def _members(finding: Finding) -> tuple[Member, ...]:
    return finding.group.members if finding.group else ()


def _worst(members: Sequence[Member]) -> str:
    levels = list(dict.fromkeys(member.level for member in members))
    return levels[0] if len(levels) == 1 else max(levels, key=lambda word: LEVELS.index(word.rpartition(" ")[2]))


def _people(members: Sequence[Member]) -> tuple[list[str], list[str], dict[str, str]]:
    owner_of = {one: owner for member in members for one, owner in zip(member.datasets, member.owners, strict=True)}
    if len(members) == 1:
        return list(members[0].parties), list(members[0].datasets), owner_of
    return ordered(party for member in members for party in member.parties), ordered(owner_of), owner_of


def _told(group: MemberGroup, elements: Sequence[str], parties: list[str], owner_of: Mapping[str, str]) -> str:
    owners = ordered(owner_of.values())
    known = {"disclosure.whose": "one another"} if parties == owners else {}
    known |= group.words

    def word(name: str) -> str:
        if name in known:
            return known[name]
        if name == "disclosure.level":
            return _worst(group.members)
        if name == "element":
            return value_words(Type.LIST, [[one for one in elements if one.startswith("parties.")] or [elements[0]]])
        if name == "disclosure.datasets":
            return value_words(Type.LIST, [ordered(map(family_of, owner_of))])
        return value_words(Type.LIST, [parties if name == "disclosure.parties" else owners])

    return fill(group.template, word)


def _paths(members: Sequence[Member]) -> tuple[tuple[Hop, ...], ...]:
    """One path for each way, of whichever member comes first."""
    if len(members) == 1:
        return members[0].paths
    found = list(members[0].paths)
    known = {_way(path) for path in found}
    for member in members[1:]:
        for path in member.paths:
            if _way(path) not in known:
                known.add(_way(path))
                found.append(path)
    return tuple(found)


def _way(path: Sequence[Hop]) -> Hashable:
    return tuple((hop.implied_by or hop.flow, hop.payload) for hop in path)


def _notes(members: Sequence[Member]) -> tuple[str, ...]:
    found = list(dict.fromkeys(note for member in members for note in member.notes))
    return tuple(found if len(members) == 1 else found[:_MOST_NOTES])
