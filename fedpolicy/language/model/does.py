"""What a safeguard does to what travels, as data: it seals, sums, adds noise, caps the level, or nothing of these."""

from __future__ import annotations

from typing import Any, Literal

from fedpolicy.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """
    Only the readers can open what travels, `threshold` of them together.

    Both name keys of the safeguard; without a threshold any one reader can. `malleable`: one can compute on it without
    opening it. `inputs`: what a task works on is behind it all the time, and the key that this names says who gets the
    result.
    """

    readers: str
    threshold: str = ""
    malleable: bool = False
    inputs: str = ""

    def readers_of(self, safeguard: object) -> tuple[str, ...]:
        """Who can open it: nodes or parties."""
        found: tuple[str, ...] = getattr(safeguard, self.readers)
        return found

    def threshold_of(self, safeguard: object) -> int:
        """How many of them it takes."""
        return int(getattr(safeguard, self.threshold)) if self.threshold else 1

    def result_of(self, safeguard: object) -> tuple[str, ...]:
        """Who gets what comes of a computation behind it: nodes or parties."""
        found: tuple[str, ...] | None = getattr(safeguard, self.inputs) if self.inputs else None
        return found or ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Whoever adds up learns the sum only, over as many as the key `clients` says."""

    clients: str

    def clients_of(self, safeguard: object) -> int:
        """How many contributions a sum has at least."""
        return int(getattr(safeguard, self.clients))


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Noise is added by whom the key `where` says: `client`, `distributed` or `aggregator`."""

    where: str

    def where_of(self, safeguard: object) -> Literal["client", "distributed", "aggregator"]:
        """Who adds it."""
        found: Any = getattr(safeguard, self.where)
        return found  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """
    What travels is lowered to what the catalogue says of the safeguard's `method`, which names a key.

    Without one it lowers nothing, and `uncounted` says why: a sentence in which `{it}` is the safeguard.
    """

    method: str = ""
    uncounted: str = ""

    def method_of(self, safeguard: object) -> str:
        """How it is lowered; an empty text where nothing is."""
        return str(getattr(safeguard, self.method)) if self.method else ""

    def why_uncounted(self, safeguard: object) -> str:
        """Why it lowers nothing; an empty text where it lowers something."""
        return self.uncounted.format(it=safeguard)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsaid:
    """Nobody knows what it does: it may keep everything back, or nothing."""


Does = Seal | Sum | Noise | Cap | Unsaid
