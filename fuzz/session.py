"""A run: inputs are drawn and judged; what breaks is made small and written down."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import process_time

from fuzz.command import Broken, Vacuous, raised_by
from fuzz.inputs import Input, Source
from fuzz.smallest import smallest
from fuzz.target import Box, targets

STEP = 16  # inputs
_LIGHT = 3  # targets that load no rules, for each deployment
_SMALLEST = 20.0  # seconds to make an input small
_ALWAYS, _TOGETHER = "reading", "batch"
_DEPLOYMENT = "deployment"


@dataclass(frozen=True, slots=True)
class Finding:
    """What broke, of which target, and the smallest files that break it."""

    broken: Broken
    target: str
    files: Mapping[str, bytes]


@dataclass(slots=True)
class Session:
    """
    Runs steps; `tell` gets each new finding, `alive` is called before each command.

    `only` is the target that gets all inputs; without one, every target gets some. By target, `counts` has how many
    were judged, `vacuous` how many of them said nothing, and `spent` the seconds of processor time that `only` took.
    """

    seed: str
    seconds: float
    tell: Callable[[Finding], None]
    alive: Callable[[], None] = lambda: None
    only: str = ""
    source: Source = field(default_factory=Source)
    shrink: float = _SMALLEST
    counts: Counter[str] = field(default_factory=Counter)
    vacuous: Counter[str] = field(default_factory=Counter)
    spent: dict[str, float] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def step(self, number: int) -> None:
        """Judge the inputs of one step. What it does follows from the seed and its number."""
        rng, begun = Random(f"{self.seed}:{number}"), process_time()
        drawn = inputs_of(self.source, self.seed, number, self.only)
        for name, one in drawn:
            if name:
                self.judge(name, {one.file: one.text}, rng)
        self._deployments([one.text for name, one in drawn if not name], rng)
        if self.only:
            self.spent[self.only] = self.spent.get(self.only, 0.0) + process_time() - begun

    def _deployments(self, texts: list[bytes], rng: Random) -> None:
        """All of them together, each by some targets, and one by a target that takes long."""
        if not texts:
            return
        self.judge(_TOGETHER, {f"d{place:02}.yaml": text for place, text in enumerate(texts)}, rng)
        ours = [one for one in targets().values() if one.input == _DEPLOYMENT]
        light = [one.name for one in ours if not one.heavy and one.name != _ALWAYS]
        heavy = [one.name for one in ours if one.heavy and one.name != _TOGETHER]
        slow = rng.randrange(len(texts))
        for place, text in enumerate(texts):
            chosen = [_ALWAYS, *rng.sample(light, _LIGHT), *([rng.choice(heavy)] if place == slow else [])]
            for name in chosen:
                self.judge(name, {"d.yaml": text}, rng)

    def judge(self, name: str, files: Mapping[str, bytes], rng: Random) -> None:
        """Ask one target; a new way to break it is told."""
        self.alive()
        start = rng.random()
        try:
            broken = breaks(name, files, start, self.seconds)
        except Vacuous:
            self.vacuous[name] += 1
            return
        finally:
            self.counts[name] += 1
        if broken is not None and broken.signature not in self.seen:
            self.seen.add(broken.signature)
            self.tell(Finding(broken, name, self._small(broken, name, files, start)))

    def _small(self, broken: Broken, name: str, files: Mapping[str, bytes], start: float) -> Mapping[str, bytes]:
        seconds = min(self.seconds, 3.0) if broken.law == "hang" else self.seconds

        def same(fewer: Mapping[str, bytes]) -> bool:
            self.alive()
            try:
                found = breaks(name, fewer, start, seconds)
            except Vacuous:
                return False
            return found is not None and found.signature == broken.signature

        return smallest(files, same, self.shrink)


def inputs_of(source: Source, seed: str, number: int, only: str = "") -> list[tuple[str, Input]]:
    """The inputs of a step, each with the target that it is for; those without one are deployments for several."""
    found = []
    others = [one for one in targets().values() if one.input != _DEPLOYMENT]
    for place in range(STEP):
        rng = Random(f"{seed}/{number * STEP + place}")
        if only:
            found.append((only, source.draw(targets()[only].input, rng)))
        elif place % 2:
            target = rng.choice(others)
            found.append((target.name, source.draw(target.input, rng)))
        else:
            found.append(("", source.draw(_DEPLOYMENT, rng)))
    return found


def breaks(name: str, files: Mapping[str, bytes], start: float, seconds: float) -> Broken | None:
    """How these files break a target, if they do. Raises Vacuous where they say nothing about it."""
    with TemporaryDirectory(prefix="fedpolicy-fuzz.") as folder:
        box = Box(Path(folder), files, Random(start), seconds).fill()
        try:
            targets()[name].judge(box)
        except Broken as broken:
            return broken
        except Vacuous:
            raise
        except Exception as error:  # noqa: BLE001  outside of what is bounded: ours or the product's, it is told
            return Broken("raised", (name,), *raised_by(error))
    return None


def write(finding: Finding, folder: Path, origin: str) -> Path:
    """Write a reproducer: the files, and how to run it again."""
    slug = re.sub(r"[^a-z0-9]+", "-", f"{finding.target} {finding.broken.signature}".lower()).strip("-")[:80]
    place = folder / slug
    Box(place, finding.files).fill()
    facts = {"target": finding.target, "files": sorted(finding.files)}
    (place / "target.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
    lines = [
        f"{finding.broken}",
        f"site: {finding.broken.site}" if finding.broken.site else "",
        f"found by: {origin}",
        f"here: fedpolicy {shlex.join(finding.broken.command)}",
        f"once more, from the root of the repository: {_once_more(finding, place)}",
    ]
    (place / "README.txt").write_text("".join(f"{line}\n" for line in lines if line), encoding="utf-8")
    return place


def _once_more(finding: Finding, place: Path) -> str:
    if not finding.target:
        return "with the same seed, up to that step"
    return f"python -m fuzz --again {shlex.quote(str(place))}"


def again(folder: Path, seconds: float, starts: Iterable[float] = (0.0, 0.2, 0.4, 0.6, 0.8)) -> Broken | None:
    """Judge a reproducer once more; a target that chooses tries several choices. Raises ValueError for a whole step."""
    facts = json.loads((folder / "target.json").read_text(encoding="utf-8"))
    if not facts["target"]:
        raise ValueError(f"{folder} has all inputs of one step: its README.txt says which seed leads there")
    files = {name: (folder / name).read_bytes() for name in facts["files"]}
    for start in starts:
        try:
            found = breaks(facts["target"], files, start, seconds)
        except Vacuous:
            continue
        if found is not None:
            return found
    return None
