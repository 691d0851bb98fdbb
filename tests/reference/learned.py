"""What one party can learn of one instance, as a reader of a report would put it: from whom, in what form, by what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.reference.analysed import trails

NONE, BOUNDED, INFERABLE, RECONSTRUCTABLE, VERBATIM = range(5)
LEVELS = ("none", "bounded", "inferable", "reconstructable", "verbatim")
INSIDE = {"participant", "coordinator"}
OPEN_WORDS = {"public", "synthetic", "anonymous"}
FEDERATED = {"cross-silo", "cross-device"}
CLOSED = {"black_box", "gray_box"}
SUMMABLE = {"updates", "outputs"}  # a sum of them, in which few hide
TRAINED = {"adapter_weights", "aggregate_update", "model_weights"}

# What a recipient has in hand.
FORMS = {
    **dict.fromkeys(("records", "prompts", "completions"), "records"),
    "logs": "logs",
    "prompt_text": "readable prompts",
    **dict.fromkeys(("embeddings", "activations", "kv_cache"), "embeddings"),
    **dict.fromkeys(("logits", "labels", "predictions"), "outputs"),
    **dict.fromkeys(
        ("model_update", "adapter_update", "head_update", "gradients", "soft_prompt", "gradient_histograms"), "updates"
    ),
    **dict.fromkeys(("aggregate_update", "model_weights", "adapter_weights"), "aggregates"),
    **dict.fromkeys(("statistics", "histograms", "sketches", "sums"), "numbers"),
    "synthetic_data": "numbers",
    **dict.fromkeys(("metrics", "scalars"), "metrics"),
    "intersection": "membership",
}


@dataclass(frozen=True)
class Way:
    """One way in: its last movement, whether it passes a model, and the models that the recipient runs for it."""

    payload: str
    role: str
    origin: str
    modelled: bool = False
    summed: bool = False
    alone: bool = False
    level: int = NONE
    runs: frozenset[str] = frozenset()

    @property
    def form(self) -> str:
        """In what form the data arrive; weights that one owner sends are its update."""
        if self.alone and self.payload in TRAINED:
            return "updates"
        found = FORMS.get(self.payload, self.payload)
        if found == "ciphertext":  # which says nothing of what is in it
            return {VERBATIM: "records", RECONSTRUCTABLE: "updates"}.get(self.level, "aggregates")
        return "aggregates" if self.summed and found in SUMMABLE else found


Bad = Callable[[int, tuple[Way, ...]], bool | None]


class Owner:
    """What the owner of an instance says of it."""

    def __init__(self, tree: Any, item: Any) -> None:
        self.said = tree["datasets"][item.family]

    @property
    def private(self) -> bool | None:
        """Whether somebody could be hurt: public, synthetic and anonymous data are nobody's secret."""
        words = self.said["categories"]
        if words == "unknown":
            return None
        return OPEN_WORDS.isdisjoint([words] if isinstance(words, str) else words)

    def allowed(self, party: str, principal: Any, capacity: str) -> int | None:
        """The most that somebody may learn; None where the owner says nothing, or nobody knows what it says."""
        releases = self.said.get("releases")
        if not isinstance(releases, list):
            return None
        who = {party, "public", *([principal.party] if principal else [])}
        who |= {"participants"} if principal and "participant" in principal.roles else set()
        return max((LEVELS.index(one["up_to"]) for one in releases if _means(one, who, capacity)), default=NONE)


def _means(release: Any, who: set[str], capacity: str) -> bool:
    named = release["to"] if isinstance(release["to"], list) else [release["to"]]
    return not who.isdisjoint(named) and release.get("as", capacity) == capacity


class Learned:
    """One party, in one capacity, and one instance that is not its own."""

    def __init__(self, tree: Any, study: Any, one: Any, beside: list[Any]) -> None:
        self.tree, self.study, self.one = tree, study, one
        (self.party,), (self.instance,) = one.parties, one.datasets
        self.capacity = one.role
        owner = Owner(tree, study.exposure.items[self.instance])
        principal = study.graph.principals.get(self.party)
        self.said, self.private = owner.said, owner.private
        self.unsaid = owner.said.get("releases") == "unknown"
        self.allowed = owner.allowed(self.party, principal, self.capacity)
        self.home = principal.party if principal else self.party
        self.public = next((other for other in beside if other.role == "public"), None)
        self.others = [other for other in beside if other.parties == one.parties and other is not one]
        self.roles = set(principal.roles) if principal else set()

    @property
    def row(self) -> str:
        """As a finding names it."""
        return f"{self.home} {self.capacity} {self.instance}"

    @property
    def outside(self) -> bool:
        """Whether it has no part in the federation."""
        return self.capacity != "public" and self.roles.isdisjoint({*INSIDE, "user"})

    @cached_property
    def sure(self) -> tuple[Way, ...]:
        """The ways in by which it surely learns as much as it surely does."""
        return self._ways(surely=True)

    @cached_property
    def ways(self) -> tuple[Way, ...]:
        """The ways in by which it may learn as much as it may; where that is sure, those that are."""
        return self.sure if self.one.low == self.one.high else self._ways(surely=False)

    def _ways(self, *, surely: bool) -> tuple[Way, ...]:
        if not (self.one.low if surely else self.one.high):
            return ()
        found = trails(self.study, self.one, surely=surely)
        return tuple(map(self._way, found))

    def _way(self, trail: Any) -> Way:
        if not trail:
            return Way("records", "stored", "")
        last = trail[-1]
        summed = last.role == "downlink" or last.aggregate is not None
        guards = [guard for flow in trail if flow.origin == last.origin for guard in flow.guards]
        summed = summed or any(one.aggregate is not None and not one.ignored for one in guards)
        modelled = not {"placement", "use", "judged-outputs"}.isdisjoint(flow.role for flow in trail)
        return Way(
            last.payload,
            last.role,
            last.origin,
            modelled,
            summed,
            self._alone(trail),
            self.one.high,
            frozenset(self._run(last)),
        )

    def _alone(self, trail: Any) -> bool:
        """Whether weights come straight from where their data are, at the level of an update."""
        return self.one.high == RECONSTRUCTABLE and all(flow.role == "declared" for flow in trail)

    def _run(self, flow: Any) -> Iterator[str]:
        """The models for whose use it gets what arrives, and which it runs; a host gets it of whoever calls, too."""
        hosts = self.capacity == "host" and not self.home.startswith("unknown")
        for one in self.study.graph.access:
            asked = one.use == flow.origin and one.how in {"remote", "hosted"}
            if asked and (hosts or flow.target in one.hops) and self.study.lookup.party(one.runner) == self.home:
                yield one.model

    def closed(self, ways: tuple[Way, ...]) -> bool | None:
        """Whether it gets this by running a closed model; None: nobody says how open a model is that it runs."""
        models = {name for way in ways for name in way.runs}
        run = [one for one in self.study.models if one.id in models and one.kind != "prompt"]  # which has no class
        found = [{one.lowest in CLOSED, one.highest in CLOSED} for one in run]
        return True if {True} in found else None if any(len(one) == 2 for one in found) else False

    def hosted(self, ways: tuple[Way, ...]) -> bool:
        """Whether it gets this for training that is called federated and that it does alone, of which a rule speaks."""
        return self.tree.get("setting") in FEDERATED and {way.role for way in ways} == {"hosted-training"}

    def evaluates(self, ways: tuple[Way, ...]) -> bool:
        """Whether it gets this for evaluation only."""
        tasks = {f"tasks.{name}": one["method"] for name, one in self.tree.get("tasks", {}).items()}
        return all(tasks.get(way.origin) in {"evaluation", "llm_judge"} for way in ways)

    def judged(self, bad: Bad, known: tuple[int, int] = (0, 0)) -> str | None:
        """
        Whether something is bad at what it surely learns, or at what it may learn.

        What everybody is `known` to learn is told of everybody. Where nobody knows whose secrets the data are, or
        what their owner releases, it is not known what is bad.
        """
        if not self.unsaid:
            return self._judged(bad, known)
        found = set()
        for self.allowed in (VERBATIM, NONE):
            found.add(self._judged(bad, known))
        return found.pop() if len(found) == 1 else "unknown"

    def _judged(self, bad: Bad, known: tuple[int, int]) -> str | None:
        if self.private is False:
            return None
        surely = self.one.low > known[0] and bad(self.one.low, self.sure)
        perhaps = self.one.high > known[1] and bad(self.one.high, self.ways)
        if surely and self.private:
            return "fail"
        return "unknown" if surely is not False or perhaps is not False else None

    def own(self, bad: Bad) -> str | None:
        """The same of what it learns beyond what everybody does."""
        if self.capacity == "public" or not self.public:
            return self.judged(bad)
        return self.judged(bad, (self.public.low, self.public.high))

    def otherwise(self, level: int) -> bool:
        """Whether it learns as much in another capacity, of which is told there."""
        if self.home == "unknown":
            return False
        facts = set(self.one.missing)
        sure = [one for one in self.others if one.low >= level]
        # As much perhaps, for want of the same facts, is asked there.
        asked = [one for one in self.others if one.high >= level and facts and facts <= set(one.missing)]
        return bool(sure or (level > self.one.low and asked))

    def beyond(self, level: int, least: int) -> bool:
        """Whether a level is at least so much, and more than the owner allows."""
        return level >= least and self.over(level)

    def over(self, level: int) -> bool:
        """Whether the owner has not allowed so much."""
        return self.allowed is None or level > self.allowed


def learned(tree: Any, study: Any) -> list[Learned]:
    """Everything that anybody can learn of anybody else's data."""
    pairs, beside = study.pairs(), dict[str, list[Any]]()
    for one in pairs:
        beside.setdefault(one.datasets[0], []).append(one)
    return [Learned(tree, study, one, beside[one.datasets[0]]) for one in pairs]


def worst(said: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], str]:
    """By rule and row what is said; of a cohort both members are one party, and what fails for one fails."""
    return {(rule, row): verdict for rule, row, verdict in sorted(said, key=lambda one: one[-1] == "fail")}
