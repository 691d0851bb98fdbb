"""A run: steps of inputs, each judged by some laws; what breaks one is made small and written to a folder."""

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

from fuzz.command import Broken
from fuzz.inputs import Input, Source
from fuzz.laws import FILES, HEAVY, LAWS, Box, together
from fuzz.smallest import smallest

__all__ = ["STEP", "Finding", "Session", "again", "inputs_of", "write"]

STEP = 16  # inputs of a step; its deployments are checked in one command, which loads the rules once
_LIGHT = 3  # laws that load no rules, for each deployment
_SMALLEST = 20.0  # seconds to make an input small
_TOGETHER = "together"


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken law and the smallest files that break it."""

    broken: Broken
    law: str
    kind: str
    files: Mapping[str, bytes]


@dataclass(slots=True)
class Session:
    """Runs steps; `tell` gets each new finding, `alive` is called before each command."""

    seed: str
    seconds: float
    tell: Callable[[Finding], None]
    alive: Callable[[], None] = lambda: None
    shrink: float = _SMALLEST
    counts: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    _source: Source = field(init=False)

    def __post_init__(self) -> None:
        """Read the corpus once."""
        self._source = Source(self.seed)

    def step(self, number: int) -> None:
        """Judge the inputs of one step. What it does follows from the seed and its number."""
        rng = Random(f"{self.seed}:{number}")
        inputs = inputs_of(self._source, number)
        self.counts["inputs"] += len(inputs)
        texts = [one.text for one in inputs if one.kind == "deployment"]
        many = {f"d{place:02}.yaml": text for place, text in enumerate(texts)}
        if many and self._judge(_TOGETHER, "deployment", many, rng):
            for text in texts:  # which of them is it?
                self._judge("formats", "deployment", {FILES["deployment"]: text}, rng)
        heavy = rng.randrange(max(len(texts), 1))
        for place, text in enumerate(texts):
            laws = LAWS["deployment"]
            chosen = ["vanishing", *rng.sample([name for name in laws if name not in HEAVY], _LIGHT)]
            chosen += [rng.choice(sorted(HEAVY))] if place == heavy else []
            for law in chosen:
                self._judge(law, "deployment", {FILES["deployment"]: text}, rng)
        for one in inputs:
            if one.kind != "deployment":
                law = rng.choice(sorted(LAWS[one.kind]))
                self._judge(law, one.kind, {one.name or FILES[one.kind]: one.text}, rng)

    def _judge(self, law: str, kind: str, files: Mapping[str, bytes], rng: Random) -> bool:
        """Whether the law is broken; a new way to break it is told."""
        self.alive()
        self.counts[f"{kind}: {law}"] += 1
        start = rng.random()
        broken = breaks(law, kind, files, start, self.seconds)
        if broken is None:
            return False
        if broken.signature not in self.seen:
            self.seen.add(broken.signature)
            self.tell(Finding(broken, law, kind, self._small(broken, law, kind, files, start)))
        return True

    def _small(
        self, broken: Broken, law: str, kind: str, files: Mapping[str, bytes], start: float
    ) -> Mapping[str, bytes]:
        seconds = min(self.seconds, 3.0) if broken.law == "hang" else self.seconds

        def same(fewer: Mapping[str, bytes]) -> bool:
            self.alive()
            found = breaks(law, kind, fewer, start, seconds)
            return found is not None and found.signature == broken.signature

        return smallest(files, same, self.shrink)


def inputs_of(source: Source, number: int) -> list[Input]:
    """The inputs of a step."""
    return [source.draw(number * STEP + place) for place in range(STEP)]


def breaks(law: str, kind: str, files: Mapping[str, bytes], start: float, seconds: float) -> Broken | None:
    """How these files break a law, if they do."""
    with TemporaryDirectory(prefix="fedpolicy-fuzz.") as folder:
        box = Box(Path(folder), files, Random(start), seconds).fill()
        try:
            (together if law == _TOGETHER else LAWS[kind][law])(box)
        except Broken as broken:
            return broken
    return None


def write(finding: Finding, folder: Path, origin: str) -> Path:
    """Write a reproducer: the files, and how to run it again."""
    slug = re.sub(r"[^a-z0-9]+", "-", finding.broken.signature.lower()).strip("-")[:80]
    place = folder / slug
    Box(place, finding.files).fill()
    facts = {"law": finding.law, "kind": finding.kind, "files": sorted(finding.files)}
    (place / "law.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
    lines = [
        f"{finding.broken}",
        f"site: {finding.broken.site}" if finding.broken.site else "",
        f"found by: {origin}",
        f"here: fedpolicy {shlex.join(finding.broken.command)}",
        f"the law again, from the root of the repository: python -m fuzz --again {shlex.quote(str(place))}",
    ]
    (place / "README.txt").write_text("".join(f"{line}\n" for line in lines if line), encoding="utf-8")
    return place


def again(folder: Path, seconds: float, starts: Iterable[float] = (0.0, 0.2, 0.4, 0.6, 0.8)) -> Broken | None:
    """Judge a reproducer once more; a law that chooses tries several choices."""
    facts = json.loads((folder / "law.json").read_text(encoding="utf-8"))
    files = {name: (folder / name).read_bytes() for name in facts["files"]}
    found = (breaks(facts["law"], facts["kind"], files, start, seconds) for start in starts)
    return next((one for one in found if one), None)
