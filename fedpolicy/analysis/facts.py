"""What the analyses found, as frozen data: what rules may ask and `fedpolicy facts` prints, and who can learn what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, get_args

from fedpolicy.analysis.exposure.privacy import Spending
from fedpolicy.findings import Hop, Span
from fedpolicy.graph import Access, Path
from fedpolicy.language.model.types import Level
from fedpolicy.overview import Cell
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.analysis import Study

LEVELS: tuple[str, ...] = get_args(Level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One hop of a witness path; `path` is where the flow stands in the file."""

    source: str
    target: str
    payload: str
    flow: str
    origin: str
    role: str
    implied_by: str
    path: Path

    def hop(self, span: Span) -> Hop:
        """The same as reports tell it, with its place in the file."""
        return Hop(
            source=vertex_name(self.source),
            target=vertex_name(self.target),
            payload=self.payload,
            flow=self.flow,
            implied_by=self.implied_by,
            span=span,
        )


def wide(low: int, high: int) -> str:
    """An interval of levels in words."""
    return LEVELS[high] if low == high else f"{LEVELS[low]} to {LEVELS[high]}"


def vertex_name(vertex: str) -> str:
    """`client@aphp` for `nodes.client@aphp`; models keep their section, so that nobody takes them for a place."""
    return vertex.removeprefix("nodes.").removeprefix("parties.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCounted:
    """A safeguard on a witness path that did not lower the level, and why; `level` is declared or guaranteed."""

    safeguard: str
    kind: str
    why: str
    level: str
    rests_on: tuple[str, ...] = ()
    step: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """
    What every one of `parties`, in one capacity, can learn about every one of `datasets`.

    Levels are ranks in `LEVELS`. `low` and `high` are the declared level in the most and the least
    favourable reading of what is missing; `guaranteed` counts only what the owner has reason to rely on, and
    `vouched` is the same where enclaves keep out their operators wherever nobody says whether they do.
    `allowed` is the most that the owner's own `releases` permit to these parties in this capacity (None where
    the owner states no releases). `paths` holds one witness path per separate way in, the first one first; `sure`
    those by which the low level is learned whatever is missing; `claims` the dotted paths of the privacy mechanisms
    that nobody can recompute and whose claims the level rests on; `spent` is the privacy loss where a level is
    `bounded`; `pairs` counts the pairs of a party and a dataset that this entry speaks of. A party's own data are not
    listed.
    """

    parties: tuple[str, ...]
    role: str
    datasets: tuple[str, ...]
    low: int
    high: int
    guaranteed: int
    vouched: int
    allowed: int | None = None
    paths: tuple[tuple[Step, ...], ...] = ()
    sure: tuple[tuple[Step, ...], ...] = ()
    not_counted: tuple[NotCounted, ...] = ()
    missing: tuple[str, ...] = ()
    pairs: int = 1
    claims: tuple[str, ...] = ()
    spent: Spending | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """
    A model's openness: `cls` is its class where the known aspects decide it, else an empty text.

    `aspects` holds weights, architecture, inference_code, training_code, training_data, licence and interface
    where they are known (declared in the deployment, else from the catalogue); `kind` is `prompt` for a learned
    prompt, which has no class; `missing` the dotted paths of
    those that are not. `claimed` is what the deployment says. `contains` are the dataset instances learned from.
    """

    id: str
    kind: str = "model"
    cls: str
    lowest: str
    highest: str
    claimed: str
    aspects: Mapping[str, object]
    missing: tuple[str, ...] = ()
    access: tuple[Access, ...] = ()
    produced_by: tuple[str, ...] = ()
    runners: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    catalogue: str = ""


MOST_CELLS = 5_000  # what a page can hold; a table of more is read by programs


def cells_of(study: Study, owner: str = "") -> tuple[tuple[Cell, ...], int]:
    """
    A cell for each party and dataset, the most revealing first, and how many disclosures had no room.

    With an `owner`, only what is learned about its own data.
    """
    found: dict[tuple[str, str], tuple[int, int, int, bool]] = {}
    hidden = 0
    party_of = study.lookup.party
    whose = {owner, party_of(owner)}
    families = {item.id: item.family for item in study.graph.data if not owner or item.owner in whose}
    for disclosure in study.disclosures:
        names = sorted({families[name] for name in disclosure.datasets if name in families})
        if not names:
            continue
        parties = sorted(set(map(party_of, disclosure.parties)) - {owner})
        if len(found) + len(parties) * len(names) > MOST_CELLS:
            hidden += 1
            continue
        for party in parties:
            for name in names:
                found[party, name] = _worse(found.get((party, name)), disclosure)
    cells = [
        Cell(party=party, dataset=name, low=LEVELS[low], high=LEVELS[high], guaranteed=LEVELS[sure], exceeds=exceeds)
        for (party, name), (low, high, sure, exceeds) in found.items()
    ]
    cells.sort(key=lambda one: (-LEVELS.index(one.high), not one.exceeds, one.party, one.dataset))
    return tuple(cells), hidden


def _worse(known: tuple[int, int, int, bool] | None, found: Disclosure) -> tuple[int, int, int, bool]:
    low, high, sure, exceeds = known or (0, 0, 0, False)
    beyond = found.allowed is not None and found.low > found.allowed
    return max(low, found.low), max(high, found.high), max(sure, found.guaranteed), exceeds or beyond
