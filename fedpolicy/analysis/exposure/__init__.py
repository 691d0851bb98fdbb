"""
Exposure: how data are held and what is assumed, and by what else the least fixpoint of what each place holds is found.

`effects` and `transfer` say what a flow makes of data, `sums` whom an aggregate hides; `fixpoint` propagates, `views`
turns what places hold into what parties see, `disclosures` and `witness` make it readable.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from fedpolicy.errors import InputError
from fedpolicy.graph import Enclave, FlowGraph, Mask, Vertex, bits, keyed
from fedpolicy.graph.masks import lacking
from fedpolicy.language.model.does import Unsaid
from fedpolicy.limits import MAX_HIDDEN_FORMS, MAX_NESTED_SUMS
from fedpolicy.records import dataclass, field
from fedpolicy.startup import NamedTuple

BOUNDED, INFERABLE, RECONSTRUCTABLE, VERBATIM = 1, 2, 3, 4
_NONE = -1  # neither a seal nor an outer sum
_Like = tuple[str, str, int, int, int, int]


class Reading(Enum):
    """
    Ways to read one deployment.

    LOW takes every missing fact in the most favourable way, HIGH in the least favourable one; both believe what
    is declared. GUARANTEED is HIGH without the safeguards whose performers the owner has no reason to rely on. VOUCHED
    is the same where each enclave of which nobody says whether it keeps out its operator does so, and vouches.
    """

    LOW = "low"
    HIGH = "high"
    GUARANTEED = "guaranteed"
    VOUCHED = "vouched"

    __hash__ = object.__hash__  # what is kept is asked for by its reading, which has no equal but itself

    @property
    def trusting(self) -> bool:
        """Whether everybody's word is believed."""
        return self is not Reading.GUARANTEED and self is not Reading.VOUCHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """
    Which owners rely on whom; answers are remembered because thousands of flows ask the same question.

    `lenient`: an enclave of which nobody says whether it keeps out its operator does.
    """

    graph: FlowGraph
    lenient: bool = False
    _known: dict[tuple[frozenset[str], tuple[int, Mask]], Mask] = field(default_factory=dict)
    _left: dict[tuple[frozenset[str], frozenset[str]], frozenset[str]] = field(default_factory=dict)

    def accepting(self, rests_on: frozenset[str], mask: Mask) -> Mask:
        """The instances of `mask` whose owners accept every one of `rests_on`."""
        # One instance is asked about at once; to keep the answers for a hundred thousand would take more.
        if self.graph.size(mask) == 1:
            return mask if self.accepts(self.graph.data[mask.bit_length() - 1].owner, rests_on) else 0
        key = (rests_on, keyed(mask))
        if key not in self._known:
            found = 0
            for index in bits(mask):
                if self.accepts(self.graph.data[index].owner, rests_on):
                    found |= 1 << index
            self._known[key] = mask if found == mask else found
        return self._known[key]

    def accepts(self, owner: str, rests_on: frozenset[str]) -> bool:
        """Whether an owner relies on all of these: itself, or a party that it trusts (not transitive)."""
        return not self.refused(owner, rests_on)

    def refused(self, owner: str, rests_on: frozenset[str]) -> frozenset[str]:
        """Those on whose word the owner does not rely."""
        principal = self.graph.principals.get(owner)
        trusts = principal.trusts if principal else frozenset()
        key = (rests_on, trusts)
        if key not in self._left:
            self._left[key] = rests_on - trusts
        left = self._left[key] - {owner}
        return self._but_enclaves(owner, left) if self.graph.enclaves else left

    def verifies(self, owner: str, enclave: Enclave) -> bool:
        """Whether somebody on whom the owner relies checks an enclave, or everybody can."""
        return "public" in enclave.verified_by or any(
            self.accepts(owner, frozenset({who})) for who in enclave.verified_by
        )

    def vouched(self, owner: str, place: Vertex) -> bool:
        """Whether an enclave vouches to an owner for what is done in it."""
        if place.enclave is None or place.vouches is False:
            return False
        return (place.vouches or self.lenient) and self.verifies(owner, place.enclave)

    def _but_enclaves(self, owner: str, words: frozenset[str]) -> frozenset[str]:
        """Instead of enclaves that do not vouch to the owner, those who run what is in them."""
        found: set[str] = set()
        for word in words:
            place = self.graph.enclaves.get(word)
            if place is None:
                found.add(word)
            elif not self.vouched(owner, place):
                found |= self.refused(owner, frozenset(place.instead[word]))
        return frozenset(found)


def is_settled(graph: FlowGraph) -> bool:
    """Whether no fact is missing that would say what is where, who does it and whom it hides, but for sizes."""
    every = {id(flow.guards): flow.guards for flow in graph.flows if flow.guards}  # thousands of flows share one set
    return (
        all(flow.certain for flow in graph.flows)
        and not any(isinstance(guard.does, Unsaid) for guards in every.values() for guard in guards)
        and not any("unknown" in item.categories for item in graph.data)
        and all(one.k_low == one.k_high for one in graph.aggregates)
        and all(_says(vertex) for vertex in graph.vertices.values())
    )


def _says(vertex: Vertex) -> bool:
    """Whether it is clear who is there, and whom an enclave keeps out."""
    if vertex.enclave is None and not vertex.may_lack(vertex.host) and len(vertex.operators) < 2:  # noqa: PLR2004
        return True
    around = (*vertex.operators, vertex.host)
    return all(vertex.keeps_out(who) is not None and not vertex.may_lack(who) for who in around)


OPEN, SUM, SEALED, NOISE = "open", "sum", "sealed", "noise"
# Seals that were to be put on by somebody on whom the owner does not rely; one could compute under the second.
VOID, MALLEABLE_VOID = -1, -2


class Form(NamedTuple):
    """
    How instances are held at a vertex.

    OPEN: at least at `level`. SUM: inside aggregate `sum` (-1: none), whose single contributions are at
    `level`, with the noise of mechanism `noise` (-1: none) shared out among them; `outer` are the
    aggregates that the first one went into. SEALED: the same behind all of `seals`; void ones are open
    everywhere. NOISE: seen through mechanism `noise`, and then through the one in `outer`, if any.
    """

    kind: str
    level: int = 0
    sum: int = -1
    noise: int = -1
    seals: tuple[int, ...] = ()
    outer: tuple[int, ...] = ()


State = dict[Form, Mask]
_OPEN = tuple(Form(OPEN, level) for level in range(VERBATIM + 1))


def read_sum(form: Form, mask: Mask, hidden: Mask, noise: int) -> Iterator[tuple[Form, Mask]]:
    """What somebody reads in a sum that hides the instances `hidden` from them; `noise` is what is in it."""
    yield _OPEN[BOUNDED], mask
    if hidden and noise >= 0:
        yield Form(NOISE, noise=noise), hidden
    elif hidden and form.level >= INFERABLE:
        yield _OPEN[INFERABLE], hidden
    if shown := lacking(mask, hidden):
        for level in range(INFERABLE, form.level + 1):
            yield _OPEN[level], shown


def unsealed(form: Form) -> Form:
    """What a reader finds behind a seal."""
    if form.sum >= 0:
        return form._replace(kind=SUM, seals=())
    return Form(OPEN, form.level) if form.noise < 0 else Form(NOISE, noise=form.noise, outer=form.outer)


@dataclass(slots=True, kw_only=True)
class Hidden:
    """The hidden forms of each vertex; near each other are those of one sum that share their first seal or sum."""

    most: int = MAX_HIDDEN_FORMS
    count: int = 0
    _near: dict[_Like, list[Form]] = field(default_factory=dict)

    def new(self, vertex: str, form: Form, mask: Mask, state: State) -> Mask:
        """
        The instances about which a form that arrives reveals more than what is there.

        Raises InputError where there are more forms than anybody could follow.
        """
        known = state.get(form, 0)
        if mask & known:
            mask &= ~known
        if mask and (form.seals or form.outer):
            mask = self._beyond_others(vertex, form, mask, state)
        if mask and form not in state:
            self._keep(self._near.setdefault(_like(vertex, form, _marks(form)[0]), []), form)
        return mask

    def copy(self) -> Hidden:
        """The same, to which others may be added."""
        return Hidden(most=self.most, count=self.count, _near={like: list(near) for like, near in self._near.items()})

    def _beyond_others(self, vertex: str, form: Form, mask: Mask, state: State) -> Mask:
        """The same, beside what is behind fewer seals and in fewer sums, as nothing is that is in one sum alone."""
        for mark in {_NONE, *_marks(form)}:
            for other in self._near.get(_like(vertex, form, mark), ()):
                if mask & state[other] and _reveals_as_much(other, form):
                    mask &= ~state[other]
        return mask

    def _keep(self, near: list[Form], form: Form) -> None:
        near.append(form)
        self.count += 1
        if len(near) > MAX_NESTED_SUMS:
            raise _beyond(f"a sum that goes into further sums, or behind further seals, in {MAX_NESTED_SUMS} ways")
        if self.count > self.most:
            what = f"more than {self.most:,} sums and sealed messages at all places together"
            raise _beyond(what, ", or allow more with `check --max-nodes`")


def _beyond(what: str, otherwise: str = "") -> InputError:
    advice = f"let fewer tasks and flows pass sums on to each other{otherwise}"
    return InputError(f"{what} cannot be followed", help=advice)


def _like(vertex: str, form: Form, mark: int) -> _Like:
    return vertex, form.kind, form.level, form.sum, form.noise, mark


def _marks(form: Form) -> list[int]:
    """Its seals and outer sums, told apart by their sign, in one order."""
    return [*(-2 - seal for seal in reversed(form.seals)), *form.outer] or [_NONE]


def _reveals_as_much(one: Form, other: Form) -> bool:
    """Whether whoever can read the other can read this one, and finds less of it hidden in sums."""
    return set(one.outer) <= set(other.outer) and set(one.seals) <= set(other.seals)
