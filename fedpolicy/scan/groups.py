"""
Which facts tell of one deployment.

Some files say who takes part: a provisioning project of NVFLARE, the command lines of Flower's processes, else an app
of Flower's, a plan of OpenFL, or a job. Each of them is a deployment of its own: several are alternatives, and are
never put together. What other files say belongs to the nearest of them, and to several where they are equally near.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath

from fedpolicy.records import dataclass, replace
from fedpolicy.scan import Strength
from fedpolicy.scan.gather import Fact

# Those whose files tell of a whole federation. Of others, each file tells of one process or one site.
FRAMEWORKS = ("nvflare", "flower", "appfl", "fedml", "metisfl", "openfl")
# What these say of nodes and data is about a federation of their own, and joins no other.
_ALONE = frozenset({"fate", "federatedscope", "fedn", "pysyft", "substra", "vantage6"})
_LONGEST = 100  # characters of a name that somebody reads; YAML takes no key of more than 1,024
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_.-]+")
_SAFE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
# Words that mean something in the language or in YAML, or stand for what nobody knows yet.
_RESERVED = frozenset(
    {
        "public",
        "unknown",
        "participants",
        "own",
        "true",
        "false",
        "null",
        "yes",
        "no",
        "on",
        "off",
        "todo",
        "tbd",
        "none",
    }
)
_APPS = ("serverapp", "agentapp", "framework")
_OVERRIDE = ("deployment", "override")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One deployment: the file that it is named after, its name, the framework, and all facts about it."""

    file: str
    name: str
    framework: str
    facts: tuple[Fact, ...]


def projects_of(facts: Iterable[Fact]) -> list[Project]:
    """The deployments that the facts tell of, in the order of their files."""
    by_file: dict[str, list[Fact]] = {}
    for fact in facts:
        by_file.setdefault(fact.file, []).append(fact)
    anchors = _anchors(by_file)
    claims = _claims(by_file, anchors)
    anchors = {file: framework for file, framework in anchors.items() if file not in dict(claims)}
    members: dict[str, list[Fact]] = {file: [] for file in anchors}
    places = [*((file, file) for file in anchors), *claims]
    near = {name: Nearest(one for one in places if anchors[one[1]] == name) for name in FRAMEWORKS}
    homes: dict[str, list[str]] = {}
    for file, found in by_file.items():
        theirs = [one.framework for one in found if one.framework in FRAMEWORKS]
        if theirs and not _is_alternative(file, found):
            claimed = [anchor for app, anchor in claims if app == file]
            homes[file] = [file] if file in anchors else claimed or near[theirs[0]].to(file)
    # What is no framework's, such as code that calls a model, belongs to whoever it lies beside.
    beside = Nearest((file, anchor) for file, found in homes.items() for anchor in found)
    for file, facts_ in by_file.items():
        if not _is_alternative(file, facts_) and _ALONE.isdisjoint(one.framework for one in facts_):
            for anchor in homes.get(file) or beside.to(file):
                members[anchor] += facts_
    names = _names(sorted(anchors))
    return [
        Project(file=file, name=names[file], framework=anchors[file], facts=tuple(_filled(members[file])))
        for file in sorted(anchors)
    ]


def id_of(text: str) -> str:
    """A name as the language takes it, and as YAML takes it for a text."""
    found = _NOT_IN_IDS.sub("-", text[:_LONGEST]).strip("-.")
    return found if _SAFE.fullmatch(found) and found.lower() not in _RESERVED else f"x-{found}".rstrip("-")


class Ids:
    """An id for each name, each a different one."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def __call__(self, name: str, text: str = "") -> str:
        """The id of a name; `text` is what it is made of, if not of the name."""
        if name not in self._known:
            wanted = found = id_of(text or name)
            taken, number = set(self._known.values()), 2
            while found in taken:
                found, number = f"{wanted}-{number}", number + 1
            self._known[name] = found
        return self._known[name]


class Nearest:
    """Which things lie nearest to a file: those that share most of its folders, counted from the top."""

    def __init__(self, things: Iterable[tuple[str, str]]) -> None:
        self._below: dict[str, set[str]] = {}
        for file, thing in things:
            for folder in folders(file):
                self._below.setdefault(folder, set()).add(thing)

    def to(self, file: str) -> list[str]:
        """All that are equally near, in order."""
        return next((sorted(self._below[one]) for one in folders(file) if one in self._below), [])


def folders(file: str) -> Iterator[str]:
    """The folders of a file, the innermost first."""
    folder = file.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _filled(facts: Sequence[Fact]) -> list[Fact]:
    """Numbers of safeguards that code takes from the configuration of its app: as they stand there."""
    about = [
        (one.evidence.subject, one.evidence.attribute) if one.evidence.kind == "safeguard" else None for one in facts
    ]
    coded: dict[tuple[str, str], set[str | None]] = {}
    for what, fact in zip(about, facts, strict=True):
        if what and fact.evidence.strength is Strength.WIRED:
            coded.setdefault(what, set()).add(fact.evidence.value)
    read = {one.evidence.name for one in facts if one.evidence.kind == "config"}
    stated = {
        what: replace(fact, evidence=replace(fact.evidence, strength=Strength.WIRED))
        for what, fact in zip(about, facts, strict=True)
        if what and coded.get(what) == {None} and fact.evidence.value and _key(fact) in read
    }
    return [*(one for what, one in zip(about, facts, strict=True) if what not in stated), *stated.values()]


def _key(fact: Fact) -> str:
    return fact.evidence.key.rpartition(".")[2].replace("_", "-")


def _names(files: Sequence[str]) -> dict[str, str]:
    """The path of each file as an id; with its ending where others differ in nothing else."""
    short = {file: id_of(file.rpartition(".")[0].replace("/", "-")) for file in files}
    often = Counter(short.values())
    ids = Ids()
    return {file: ids(file, short[file] if often[short[file]] == 1 else file.replace("/", "-")) for file in files}


def _anchors(by_file: Mapping[str, Sequence[Fact]]) -> dict[str, str]:
    """Files that a deployment may be named after, with their framework."""
    found: dict[str, str] = {}
    for file, facts in by_file.items():
        theirs = [one.framework for one in facts if one.framework in FRAMEWORKS]
        if theirs and (_starts(facts) or any(_has(facts, "app", one) for one in _APPS)):
            found[file] = theirs[0]
    for file, facts in by_file.items() if "nvflare" not in found.values() else ():
        if _has(facts, "job", "deploy"):
            found[file] = "nvflare"
    # OpenFL lists collaborators in a file of their own beside the plan.
    plans = {PurePath(file).parent for file in found if _has(by_file[file], "app", "framework")}
    return {
        file: framework
        for file, framework in found.items()
        if framework != "openfl" or PurePath(file).parent not in plans or _has(by_file[file], "app", "framework")
    }


def _claims(by_file: Mapping[str, Sequence[Fact]], anchors: Mapping[str, str]) -> list[tuple[str, str]]:
    """Apps that files which start processes run: the nearest one, where that is one. Several are alternatives."""
    apps = Nearest((file, file) for file in anchors if not _starts(by_file[file]) and anchors[file] == "flower")
    started = [file for file in anchors if _starts(by_file[file]) and anchors[file] == "flower"]
    return [(near[0], file) for file in started if len(near := apps.to(file)) == 1]


def _starts(facts: Sequence[Fact]) -> bool:
    """Whether a file says who takes part."""
    return _has(facts, "node", "role") and not _overrides(facts)


def _has(facts: Sequence[Fact], kind: str, attribute: str) -> bool:
    return any(one.evidence.kind == kind and one.evidence.attribute == attribute for one in facts)


def _overrides(facts: Sequence[Fact]) -> bool:
    return any((one.evidence.subject, one.evidence.attribute) == _OVERRIDE for one in facts)


def _is_alternative(file: str, facts: Sequence[Fact]) -> bool:
    """Whether a file only changes another one by hand, or is a project in which nobody takes part."""
    nobody = _has(facts, "federation", "he_context") and not _starts(facts)
    return nobody or (_overrides(facts) and ".override." not in PurePath(file).name)
