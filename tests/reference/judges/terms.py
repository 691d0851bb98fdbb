"""What the rules on the terms say under which others run models, judged from their texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.reference.uses import Access, Facts, Truth, asked, both, either, no, released


def judge(_: Any, study: Any) -> dict[tuple[str, str], str]:
    """Each rule, asked about all models."""
    return asked(ASKED, study)


def _cases(facts: Facts, name: str) -> Iterator[tuple[Access, Any]]:
    """Each private instance that goes to somebody outside who runs the model, and the use that brings it there."""
    for one in facts.remote(name):
        if not facts.member(facts.runner(one.way)):
            for item in one.sent:
                if facts.owner(item) != facts.runner(one.way) and facts.private(item.dataset) is not False:
                    yield one, item


def _term(facts: Facts, one: Access, key: str, *, catalogued: bool = True) -> Any:
    """A term of a call: its own, the model's, the catalogue's; `...` where the file says that nobody knows."""
    model = facts.file.models[one.model]
    for said in (one.call, model.terms):
        if said is not None and getattr(said, key) is not None:
            return getattr(said, key)
        if said is not None and said.zero_retention:
            return 0 if key == "retention_days" else False
        if said is not None and said.says_unknown(key):
            return ...
    if model.says_unknown("terms"):
        return ...
    if catalogued:
        for party in (facts.runner(one.way), facts.models.provider(one.model) or ""):
            row = facts.catalog.provider(facts.world.identity(party))
            if row is not None and getattr(row.terms, key) is not None:
                return getattr(row.terms, key)
    return None


def _settled(facts: Facts, one: Access, item: Any) -> Truth:
    """Whether it is agreed that nothing is kept: with the owner that sends it, all who do, or whose account it is."""
    account = facts.file.models[one.model].account
    outside = [other for other in facts.remote(one.model) if not facts.member(facts.runner(other.way))]
    same = [other for other in outside if other.use == one.use]
    callers, owner, runner = facts.users(same), facts.owner(item), facts.runner(one.way)
    theirs = {facts.owner(sent) for other in same for sent in other.sent}
    asking = {owner} if owner in callers else callers & theirs or callers
    asking = asking - {runner} or asking
    agreed = both(*(facts.kept_from(party, runner, item.dataset) for party in asking))
    held = [account] if account and account != "participants" else []
    return either(agreed, *(facts.kept_from(party, runner, item.dataset) for party in held))


def _permitted(facts: Facts, name: str) -> Truth:
    """Whether all that anybody learns by all uses is released."""
    uses = {one.use for one, _ in _cases(facts, name)}
    return bool(uses) and both(*(released(facts, use) for use in uses))


def _reviewed(facts: Facts, name: str) -> Truth:
    found: list[Truth] = []
    for one, item in _cases(facts, name):
        said = _term(facts, one, "human_review", catalogued=False)
        read = None if said is ... else bool(said)
        if not released(facts, one.use, [facts.owner(item)]):
            found.append(both(facts.private(item.dataset), read, no(_settled(facts, one, item))))
    return both(no(_permitted(facts, name)), either(*found))


def _retained(facts: Facts, name: str) -> Truth:
    kept = either(*(_kept(facts, one, item) for one, item in _cases(facts, name)))
    return both(no(_permitted(facts, name)), kept)


def _kept(facts: Facts, one: Access, item: Any) -> Truth:
    if released(facts, one.use, [facts.owner(item)]):
        return False
    days = _term(facts, one, "retention_days")
    kept = None if days in (None, ...) else days > 0
    return both(facts.private(item.dataset), kept, no(_settled(facts, one, item)))


def _trained(facts: Facts, name: str) -> dict[str, Truth]:
    """By owner of private data that somebody outside is sent, whether it may train on any of them."""
    found: dict[str, Truth] = {}
    perhaps: set[str] = set()
    surely: set[str] = set()  # those without any agreement
    willing = {item.owner for _, item in _cases(facts, name)}
    for one, item in _cases(facts, name):
        said, settled = _term(facts, one, "trains_on_inputs"), _settled(facts, one, item)
        trains = None if said in (None, ...) else bool(said)
        if not released(facts, one.use, [facts.owner(item)]):
            willing.discard(item.owner)
        if trains is not False:
            (perhaps if settled is None else surely if settled is False else set()).add(item.owner)
        found[item.owner] = either(found.get(item.owner, False), both(facts.private(item.dataset), trains, no(settled)))
    left = {owner: trains for owner, trains in found.items() if trains is not False}
    # Who releases all that is learned by it is told of where nobody else is left.
    kept = {owner: trains for owner, trains in left.items() if owner not in willing}
    left, perhaps = kept or left, perhaps - surely if kept else set()
    # Those whose agreement is in doubt are asked about where nobody is left who surely has none.
    return {owner: trains for owner, trains in left.items() if owner not in perhaps} or left


def _reach_others(facts: Facts, name: str) -> Truth:
    found = _trained(facts, name)
    if len(found) < 2:
        return False
    return either(*found.values())


def _trains_on_one(facts: Facts, name: str) -> Truth:
    found = _trained(facts, name)
    return either(*found.values()) if len(found) == 1 else False


ASKED: dict[str, Callable[[Facts, str], Truth]] = {
    "prompts-read-by-people": _reviewed,
    "prompts-retained": _retained,
    "retained-prompts-reach-others": _reach_others,
    "training-on-inputs": _trains_on_one,
}
RULES = tuple(ASKED)
