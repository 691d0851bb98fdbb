"""What moves: along which places, which data, and what safeguards do to it on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

LEVELS = ("none", "bounded", "inferable", "reconstructable", "verbatim")
NONE, BOUNDED, INFERABLE, RECONSTRUCTABLE, VERBATIM = range(5)
Answer = Literal["yes", "no", "unknown"]


@dataclass(frozen=True)
class Word:
    """Whose word something rests on; what is done in an enclave may need nobody's."""

    parties: frozenset[str]
    place: str = ""


@dataclass(frozen=True)
class Contributor:
    """Somebody whose contribution is in a sum: who controls it, and which data of whom are in it."""

    controlled: frozenset[str]
    owners: frozenset[str]
    items: frozenset[str]
    count: int = 1
    units: tuple[tuple[str, int | None], ...] = ()  # by dataset, of what each of them adds


@dataclass(frozen=True)
class Sum:
    """A sum of at least so many contributions; `most` if missing facts are favourable, `least` if they are not."""

    id: str
    contributors: tuple[Contributor, ...]
    least: int
    most: int
    words: tuple[Word, ...]
    least_units: int = 0  # a number that is made of fewer says as much as these
    secure: bool = False  # added up behind masks, or else by somebody who sees what is added
    task: str = ""
    at: str = ""  # where it is added up
    fed: frozenset[str] = frozenset()  # the places by way of which contributions get there
    crowd: tuple[Contributor, ...] = ()  # whose contributions these are in the end, where others send them on

    def __hash__(self) -> int:
        """As equal sums have one name."""
        return hash(self.id)

    @property
    def items(self) -> frozenset[str]:
        """The data that are in it."""
        return frozenset(item for one in self.contributors for item in one.items)


@dataclass(frozen=True)
class Seal:
    """Only the readers open it, `threshold` of them together; nodes and parties."""

    readers: frozenset[str]
    threshold: int
    malleable: bool
    words: tuple[Word, ...] = field(compare=False)


@dataclass(frozen=True)
class Shares:
    """
    Noise of which everybody in a task adds a share, also those who have no data of it.

    `sums` are the secure sums that it travels in, each with how many contributions it goes on with. `fellows` says by
    party with whom it runs anything. `inside`: the data in the sum that it was read from (none: it still is in sums).
    """

    task: str
    adding: tuple[Contributor, ...]
    idle: tuple[Contributor, ...]
    survivors: int
    sums: tuple[tuple[frozenset[str], int], ...]
    fellows: tuple[tuple[str, frozenset[str]], ...]
    inside: frozenset[str] = frozenset()

    def within(self, sums: Iterable[Sum], item: str) -> frozenset[str]:
        """The data in the largest sum of the task that it is in, with the data of which it is the noise."""
        found = [one.items for one in sums if one.task == self.task and item in one.items]
        return max([self.inside, *found], key=lambda items: (len(items), sorted(items)))

    def knows(self, party: str, within: frozenset[str]) -> bool:
        """Whether a party, or somebody with whom it runs anything, has a hand in all who contribute some data."""
        known = {party} | dict(self.fellows).get(party, frozenset())
        return all(one.controlled & known for one in self.adding if one.items & within)

    def left(self, party: str, within: frozenset[str]) -> int:
        """How many shares at least are in a sum of some data that a party does not know (decision 170)."""
        here = [one for one in self.adding if one.items & within]
        elsewhere = [one for one in (*self.adding, *self.idle) if one not in here]
        secure = min((count for items, count in self.sums if items <= within), default=1)
        there = max(self.survivors - sum(one.count for one in elsewhere), secure, 1)
        whole = all(one in here for one in self.adding)
        known = {party} | dict(self.fellows).get(party, frozenset())
        mine = sum(one.count for one in (*here, *self.idle) if one.controlled & known)
        return (self.survivors if whole else there) - mine


@dataclass(frozen=True)
class Noise:
    """Noise of which each instance knows whether it is enough."""

    id: str
    enough: tuple[tuple[str, Answer], ...]  # by instance
    words: tuple[Word, ...] = field(compare=False)
    shares: Shares | None = None


@dataclass(frozen=True)
class Voice:
    """
    Noise on all that somebody says, which here is of a copy of a model, or of `several` copies together.

    It counts if all whose noise it is have `own` copies of the model.
    """

    why: str
    model: str
    where: str
    places: tuple[str, ...]
    several: bool = False
    own: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cap:
    """Nothing above a level; by dataset, since free text is worse, which nobody may know; `best` if it is none."""

    levels: tuple[tuple[str, int], ...]
    best: tuple[tuple[str, int], ...]
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Few:
    """Instances that can be rebuilt, because what travels is made of few; `perhaps` where nobody says how many."""

    surely: frozenset[str] = frozenset()
    perhaps: frozenset[str] = frozenset()

    def beside(self, other: Few) -> Few:
        """What either of two says."""
        return Few(surely=self.surely | other.surely, perhaps=self.perhaps | other.perhaps)


@dataclass(frozen=True)
class Movement:
    """
    From the first place to all others of the way, in this order.

    `only` are the instances that it carries, None all that its source holds. `sealed`: it carries only what is sealed.
    `opens`: a model is made of it, which is no ciphertext. `adds`: a sum is formed at the source.
    `maybe`: it happens only if missing facts are unfavourable. `brought`: it is data that somebody has to have got.
    """

    way: tuple[str, ...]
    level: int
    only: frozenset[str] | None = None
    sums: tuple[Sum, ...] = ()
    seals: tuple[Seal, ...] = ()
    noises: tuple[Noise, ...] = ()
    voices: tuple[Voice, ...] = ()  # of noise, which counts for what the copy alone has learned that it comes from
    caps: tuple[Cap, ...] = ()
    sealed: bool = False
    opens: bool = False
    adds: bool = False
    maybe: bool = False
    nominal: int = -1  # what its payload reveals on its own, where that is less than what a sum of it may
    raw: int = 0  # the level that a sum keeps whose payload says that it is one
    few: tuple[Few, ...] = ()  # by place of the way, of which instances it says more than its payload does
    made: tuple[frozenset[str], ...] = ()  # of which instances that may be made, where others may know some of them
    counted: bool = False  # its payload says more if it is made of few units
    sendable: frozenset[str] = frozenset()  # what its source can have at all, where nothing says what it carries
    maker: str = ""  # whose code made it, if that is not its source
    ships: tuple[str, ...] = ()  # who wrote the tasks' code that may have made it where it begins
    gives: tuple[str, tuple[Contributor, ...], bool] | None = None  # the task, whose contribution; whether one sees it
    tells: int = 0  # how much of it whoever operates a client has from what it may ask there, enclave or not
    throughout: bool = False  # safeguards are on every part of the way
    unsaid: bool = False  # nobody knows what lowers it where it begins: perhaps nothing leaves there
    why: str = ""
