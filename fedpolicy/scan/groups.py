"""
Which facts tell of one deployment.

Some files say who takes part: a provisioning project of NVFLARE, the command lines of Flower's processes, else an app
of Flower's or a job. Each of them is a deployment of its own: several are alternatives, and are never put together.
What other files say belongs to the nearest of them, and to several where they are equally near.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

from fedpolicy.records import dataclass
from fedpolicy.scan.gather import Fact

__all__ = ["Group", "grouped", "nearness"]

_FRAMEWORKS = ("nvflare", "flower")
_OVERRIDE = ("deployment", "override")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One deployment: the file that it is named after, the framework, and all facts about it."""

    file: str
    framework: str
    facts: tuple[Fact, ...]


def grouped(facts: Iterable[Fact]) -> list[Group]:
    """The deployments that the facts tell of, in the order of their files."""
    by_file: dict[str, list[Fact]] = {}
    for fact in facts:
        by_file.setdefault(fact.file, []).append(fact)
    anchors = _anchors(by_file)
    members: dict[str, list[Fact]] = {file: [] for file in anchors}
    homes = {
        file: _nearest(file, found, anchors)
        for file, found in by_file.items()
        if _is_theirs(found) and not _is_alternative(file, found)
    }
    for file, found in by_file.items():
        if not _is_alternative(file, found):
            for anchor in homes.get(file) or _neighbours(file, homes):
                members[anchor] += found
    return [Group(file=file, framework=anchors[file], facts=tuple(members[file])) for file in sorted(anchors)]


def nearness(one: str, other: str) -> int:
    """How many folders two files share, counted from the top."""
    pairs = zip(PurePath(one).parent.parts, PurePath(other).parent.parts, strict=False)
    shared = 0
    for left, right in pairs:
        if left != right:
            break
        shared += 1
    return shared


def _anchors(by_file: Mapping[str, Sequence[Fact]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for framework in _FRAMEWORKS:
        said = {file: facts for file, facts in by_file.items() if any(one.framework == framework for one in facts)}
        parties = [file for file, facts in said.items() if _has(facts, "node", "role") and not _overrides(facts)]
        apps = [file for file, facts in said.items() if _has(facts, "app", "serverapp") or _has(facts, "job", "deploy")]
        found |= dict.fromkeys(parties or apps, framework)
    return found


def _nearest(file: str, facts: Sequence[Fact], anchors: Mapping[str, str]) -> list[str]:
    if file in anchors:
        return [file]
    frameworks = {one.framework for one in facts}
    fitting = [anchor for anchor, framework in anchors.items() if framework in frameworks]
    best = max((nearness(file, anchor) for anchor in fitting), default=0)
    return [anchor for anchor in fitting if nearness(file, anchor) == best]


def _neighbours(file: str, homes: Mapping[str, Sequence[str]]) -> list[str]:
    """Where a file belongs that is no framework's, such as code that calls a model: to whoever it lies beside."""
    best = max((nearness(file, other) for other in homes), default=0)
    return sorted({anchor for other, found in homes.items() if nearness(file, other) == best for anchor in found})


def _is_theirs(facts: Sequence[Fact]) -> bool:
    return any(one.framework in _FRAMEWORKS for one in facts)


def _has(facts: Sequence[Fact], kind: str, attribute: str) -> bool:
    return any(one.evidence.kind == kind and one.evidence.attribute == attribute for one in facts)


def _overrides(facts: Sequence[Fact]) -> bool:
    return any((one.evidence.subject, one.evidence.attribute) == _OVERRIDE for one in facts)


def _is_alternative(file: str, facts: Sequence[Fact]) -> bool:
    """Whether a file only changes another one, and is not the one that compose takes by itself."""
    return _overrides(facts) and ".override." not in PurePath(file).name
