"""What a flow makes of what its source holds: it caps, adds noise, adds up and seals, each for some instances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fedpolicy.analysis.exposure import (
    BOUNDED,
    INFERABLE,
    MALLEABLE_VOID,
    NOISE,
    OPEN,
    RECONSTRUCTABLE,
    SEALED,
    SUM,
    VERBATIM,
    VOID,
    Form,
    State,
    unsealed,
)
from fedpolicy.graph import Mask
from fedpolicy.graph.masks import common, without
from fedpolicy.records import dataclass, field, replace

ALL = -1  # every instance there is
_VOIDS = frozenset({VOID, MALLEABLE_VOID})


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """
    `cap` limits what is open, `sum_cap` what is hidden in a sum. `aggregate` is the sum that the flow sends, `seals`
    (seal, sealed instances, others) what it puts on. The others are those that are said to be sealed by somebody on
    whom their owner does not rely: what travels may be either. It `opens` what was sealed.

    `noise` holds (mechanism, instances it protects), `shared` the same for noise that only a secure sum carries,
    `wider` what the noise of a part of a sum is called in this one, `known` the mechanisms of which some know more than
    others; `hidden` (aggregate, instances), `said` the same where the owner does not rely on it: what travels may be
    either; `limits` (level, instances). `few` are the instances of which numbers are made of few units, `counted` the
    sums that hide nobody where they are. `malleable` are the seals under which one can compute: homomorphic encryption
    and secret shares. `beside` goes what code of somebody on whom the owner does not rely may send: anything.

    It is said of the instances of a `scope`; of those outside it a flow carries nothing. What it `sent` of each form is
    remembered where it is the same for all of them.
    """

    cap: int
    sum_cap: int
    scope: Mask
    noise: tuple[tuple[int, Mask], ...] = ()
    shared: tuple[tuple[int, Mask], ...] = ()
    hidden: tuple[tuple[int, Mask], ...] = ()
    said: tuple[tuple[int, Mask], ...] = ()
    limits: tuple[tuple[int, Mask], ...] = ()
    aggregate: int | None = None
    seals: tuple[tuple[int, Mask, Mask], ...] = ()
    opens: bool = False
    malleable: frozenset[int] = frozenset()
    few: Mask = 0
    beside: Effect | None = None
    counted: frozenset[int] = frozenset()
    wider: Mapping[int, int] = field(default_factory=dict)
    known: frozenset[int] = frozenset()
    sent: dict[Form, tuple[Form, ...]] = field(default_factory=dict)

    @property
    def is_uniform(self) -> bool:
        """Whether it says the same of every instance."""
        some = (*self.noise, *self.shared, *self.hidden, *self.said, *self.limits)
        masks = {self.few, *(mask for _, mask in some), *(mask for _, *both in self.seals for mask in both)}
        alike = self.beside is None or (self.beside.scope == self.scope and self.beside.is_uniform)
        return alike and masks <= {0, ALL, self.scope}

    def passing(self, cap: int, level: int, mask: Mask) -> Mask:
        """The instances of `mask` that get through at a level under a cap."""
        few = self.few if level <= RECONSTRUCTABLE else 0
        return mask if level <= cap else mask & few


def anything(named: Effect, scope: Mask) -> Effect:
    """What code may send under a name: all that is there, in no further sum, behind the same seals and noise."""
    held = replace(named, hidden=(), said=(), shared=(), limits=(), aggregate=None, few=0, sent={})
    return replace(held, cap=VERBATIM, sum_cap=VERBATIM, scope=scope)


def transfer(effect: Effect, state: State, data: Mask | None) -> list[tuple[Form, Mask, Form]]:
    """
    What a flow makes of what its source holds: the form that it sends, the instances, the form at the source.

    `data` is what may travel by it (None: all). An effect that says the same of all instances is asked once a form.
    """
    found: list[tuple[Form, Mask, Form]] = []
    if not effect.scope and effect.beside is None:
        return found
    sent_before, last, mask = effect.sent, None, 0
    for form, held in state.items():
        if held is not last:  # what is open at one level mostly is at the next one, too
            last, mask = held, held
            if data is not None and data is not held:  # see `common`, which is not called as often as this is
                mask = held & data
                mask = held if mask == held else data if mask == data else mask
        if not mask:
            continue
        known = sent_before.get(form)
        if known is None and effect.is_uniform:
            one = effect.scope & -effect.scope
            known = sent_before[form] = tuple(sent for sent, part in _sent(effect, form, one) if part)
        if known is None:
            found += [(sent, part, form) for sent, part in _sent(effect, form, mask) if part]
        else:
            for sent in known:
                found.append((sent, mask, form))
    return found


def _sent(effect: Effect, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    if effect.beside is not None and mask & effect.beside.scope:
        yield from _sent(effect.beside, form, common(mask, effect.beside.scope))
    if not effect.scope:
        return
    if form.kind == OPEN:
        yield from _open(effect, form, mask)
    elif form.kind == SUM:
        yield from _summed(effect, form, mask)
    elif form.kind == SEALED:
        yield from _resealed(effect, form, mask)
    elif effect.cap or effect.sum_cap:
        yield from _with_noise(effect, form, mask)


def _with_noise(effect: Effect, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    """
    What came with noise, in the sum that it goes into.

    More noise spends nothing more, but towards whoever knows more of the first noise it may be all that there is.
    """
    form = form._replace(noise=effect.wider.get(form.noise, form.noise))
    for mechanism, protected in effect.noise if form.noise in effect.known and not form.outer else ():
        if mask & protected:
            yield from _behind_seal(effect, form._replace(outer=(mechanism,)), common(mask, protected))
            mask &= ~protected
    if mask:
        yield from _behind_seal(effect, form, mask)


def _open(effect: Effect, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    cap = effect.sum_cap if effect.aggregate is not None else effect.cap
    for level, limited in effect.limits:
        if form.level > level:
            mask &= ~limited
    mask = effect.passing(cap, form.level, mask)
    if not mask:
        return
    for mechanism, protected in effect.noise if form.level > BOUNDED else ():
        # Noise on what came with noise already spends nothing more.
        if form.level == INFERABLE and mask & protected:
            yield from _behind_seal(effect, Form(NOISE, noise=mechanism), common(mask, protected))
        mask &= ~protected
    if effect.aggregate is not None and form.level > INFERABLE:
        yield from _added(effect, Form(SUM, form.level, effect.aggregate), mask)
        return
    for sums, part in _by_sums(effect.hidden, mask) if effect.hidden else ():
        yield from _into_sum(effect, form, sums, part)
        mask &= ~part
    for sums, part in _by_sums(effect.said, mask) if effect.said and form.level > INFERABLE else ():
        yield from _into_sum(effect, form, sums, part)
    yield from _behind_seal(effect, form, mask)


def _by_sums(hidden: tuple[tuple[int, Mask], ...], mask: Mask) -> Iterator[tuple[tuple[int, ...], Mask]]:
    """The instances that sums hide, by these sums: several of one list hide together."""
    found: dict[tuple[int, ...], Mask] = {(): mask}
    for summed, covered in hidden:
        inside = {(*sums, summed): common(part, covered) for sums, part in found.items() if part & covered}
        outside = {sums: part & ~covered for sums, part in found.items() if part & ~covered}
        found = inside | outside
    yield from ((sums, part) for sums, part in found.items() if sums)


def _into_sum(effect: Effect, form: Form, sums: tuple[int, ...], mask: Mask) -> Iterator[tuple[Form, Mask]]:
    """Hide a contribution in sums; what they cannot hide any better goes on as it is."""
    summed, *others = sums
    outer = tuple(sorted(others))
    for mechanism, protected in effect.shared:
        if mask & protected and form.level > BOUNDED:
            yield from _behind_seal(
                effect, Form(SUM, form.level, summed, mechanism, outer=outer), common(mask, protected)
            )
            mask &= ~protected
    if mask:
        hides = form.level > INFERABLE
        yield from _behind_seal(effect, Form(SUM, form.level, summed, outer=outer) if hides else form, mask)


def _behind_seal(effect: Effect, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    if not effect.seals:
        yield form, mask
        return
    found = [(form, mask)]
    for seal, sealed, both in effect.seals:
        # Whether the seal of somebody on whom the owner does not rely is there, nobody knows: all open it.
        void = MALLEABLE_VOID if seal in effect.malleable else VOID
        marks = ((seal, sealed), (void, both), (None, ~(sealed | both)))
        found = [(_marked(one, mark), part & some) for one, part in found for mark, some in marks if part & some]
    yield from found


def _marked(form: Form, seal: int | None) -> Form:
    """The same behind one more seal."""
    return form if seal is None else form._replace(kind=SEALED, seals=tuple(sorted({*form.seals, seal})))


def _summed(effect: Effect, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    for _, protected in effect.noise:
        mask &= ~protected
    # What is made of few stays so as long as it is under the same name.
    counted = effect.counted.issuperset((form.sum, *form.outer))
    cap = max(effect.sum_cap, RECONSTRUCTABLE if counted else 0)
    # What is made of few units says more than its name, whatever it is made from.
    few = mask & effect.few if cap < RECONSTRUCTABLE else 0
    yield from _passed(effect, form, few, RECONSTRUCTABLE)
    yield from _passed(effect, form, without(mask, few), cap)


def _passed(effect: Effect, form: Form, mask: Mask, cap: int) -> Iterator[tuple[Form, Mask]]:
    """A sum up to a cap; below what can be rebuilt it hides nothing that is not said anyway, unless it has noise."""
    if mask and (cap > INFERABLE or (form.noise >= 0 and cap == INFERABLE)):
        form = form._replace(level=min(form.level, cap))
        if effect.aggregate is not None and effect.aggregate != form.sum:
            form = _within(form, effect.aggregate)
        yield from _added(effect, form, mask)


def _added(effect: Effect, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    """A sum that a secure sum adds to others."""
    for summed, hidden in effect.hidden if form.sum >= 0 else ():
        if mask & hidden and summed != form.sum:
            yield from _behind_seal(effect, _within(form, summed), common(mask, hidden))
            mask &= ~hidden
    yield from _behind_seal(effect, form, mask)


def _within(form: Form, summed: int) -> Form:
    if form.sum in {-1, summed}:
        return form
    return form._replace(outer=tuple(sorted({*form.outer, summed})))


def _resealed(effect: Effect, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    if effect.opens:
        yield unsealed(form), mask
        return
    if not effect.malleable.issuperset(form.seals):
        # Nobody can compute on this. It goes into no sum, and else on as it is, unless its seal may not be there.
        if effect.aggregate is not None:
            return
        if not _VOIDS.issuperset(form.seals):
            for capped, part in _capped(effect, form, mask):
                yield from _behind_seal(effect, capped, part)
            return
    for mechanism, protected in effect.noise if form.level > BOUNDED else ():
        # Noise can be added to such ciphertext, as contributions can; whoever opens it finds both.
        for noisy in (Form(SEALED, BOUNDED, seals=form.seals), Form(SEALED, noise=mechanism, seals=form.seals)):
            yield from _behind_seal(effect, noisy, common(mask, protected))
        mask &= ~protected
    for capped, part in _capped(effect, form, mask):
        yield from _summed_blindly(effect, capped, part)


def _summed_blindly(effect: Effect, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    # Adding up what is sealed gives a sealed sum.
    for summed, hidden in effect.hidden if _is_single(form) and effect.aggregate is None else ():
        yield from _behind_seal(effect, form._replace(sum=summed), common(mask, hidden))
        mask &= ~hidden
    if effect.aggregate is not None:
        form = form._replace(sum=effect.aggregate) if _is_single(form) else _within(form, effect.aggregate)
    yield from _added(effect, form, mask)


def _is_single(form: Form) -> bool:
    """Whether what is sealed is one contribution, and not a sum or something with noise."""
    return form.sum < 0 and form.noise < 0


def _capped(effect: Effect, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    """What is sealed, no higher than the payload, or than what it may hold of some instances."""
    for level, limited in effect.limits if form.sum < 0 and _VOIDS.issuperset(form.seals) else ():
        # Behind a seal that may not be there, names can be taken out; not of a sum.
        if form.level > level and mask & limited:
            yield from _capped(effect, form._replace(level=level), mask & limited)
            mask &= ~limited
    summed = form.sum >= 0 or (effect.aggregate is not None and _is_single(form))
    counted = effect.counted.issuperset((form.sum, *form.outer))
    cap = max(effect.cap, effect.sum_cap if summed else 0, RECONSTRUCTABLE if counted else 0)
    if cap < RECONSTRUCTABLE and mask & effect.few:
        yield form._replace(level=min(form.level, RECONSTRUCTABLE)), mask & effect.few
        mask &= ~effect.few
    if mask:
        yield form._replace(level=min(form.level, cap or VERBATIM)), mask
