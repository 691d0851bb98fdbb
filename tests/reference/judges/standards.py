"""What the packs satre, openness-strict and dora say, judged from their texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.reference.analysed import surely_in
from tests.reference.judges.dependencies import _losses
from tests.reference.judges.tasks import _exchanges, _items
from tests.reference.laws import Law, Rows, held_by, missing, said
from tests.reference.learned import NONE
from tests.reference.uses import Facts, Truth, both, either, facts_of, foreign, no

LEAST = 2  # open weights
CLASSES = ("black_box", "gray_box", "open_weight", "open_source")
FINANCE = ("finance", "insurance", "banking")
PROVIDES = ("provider", "host", "processor", "coordinator")


def judge(_: Any, study: Any) -> Rows:
    """Each rule, asked about all that it is about."""
    facts = facts_of(study)
    return said([*_satre(facts), *_open(facts), *_dora(facts)])


# SATRE.


def _satre(facts: Facts) -> Iterator[tuple[str, str, Truth]]:
    worked = either(*(facts.private(item.dataset) for name in facts.jobs for item in _items(facts, name)))
    review = facts.file.governance.output_review
    yield "satre-outputs-not-checked", "deployment", both(worked, review != "people")
    for name in facts.jobs:
        yield "satre-federation-not-agreed", f"tasks.{name}", _not_agreed(facts, name)
    for name in facts.file.models:
        yield "satre-model-leaves-unexamined", f"models.{name}", _unexamined(facts, name)
    for name, entry in facts.file.datasets.items():
        private = facts.private(name)
        unsaid = None if entry.says_unknown("releases") else entry.releases is None
        yield "satre-artefacts-without-plan", f"datasets.{name}", both(private, _taught(facts, name), unsaid)
        leaves = both(private, _leaves(facts, name))
        least = entry.risk_appetite.min_count if entry.risk_appetite else None
        yield "satre-risk-appetite-not-stated", f"datasets.{name}", both(leaves, least is None)
        yield "satre-risk-appetite-exceeded", f"datasets.{name}", both(leaves, _exceeded(facts, name))


def _not_agreed(facts: Facts, name: str) -> Truth:
    law = Law(facts)
    items = [item for item in _items(facts, name) if not law.people(item)]
    sure = {facts.owner(item) for item in items if facts.private(item.dataset)}
    perhaps = {facts.owner(item) for item in items if facts.private(item.dataset) is not False}
    about = sorted({item.dataset for item in items if facts.private(item.dataset) is not False})
    kinds = ("consortium", "joint_controllers")
    certain = sorted({item.dataset for item in items if facts.private(item.dataset)})
    apart = both(len(sure) > 1, no(law.together(kinds, sure, certain)))
    asked = both(len(perhaps) > 1, no(law.together(kinds, perhaps, about)), None)
    return both(_exchanges(facts, name), either(apart, asked))


def _trains(job: Any) -> Truth:
    return None if job.task.method == "unknown" else job.method.trains


def _taught(facts: Facts, name: str) -> Truth:
    jobs = facts.jobs.items()
    return either(*(_trains(job) for at, job in jobs if name in {item.dataset for item in _items(facts, at)}))


def _unexamined(facts: Facts, name: str) -> Truth:
    (known,) = [one for one in facts.study.models if one.id == name]
    taught = surely_in(facts.study, name)
    learned = [both(facts.private(one.partition("@")[0]), True if one in taught else None) for one in known.contains]
    outside = any(not facts.member(party) for party in held_by(facts, name))
    goes = either(facts.published(name), outside)
    return both(goes, bool(facts.makers(name)), either(*learned), missing(facts.file.governance, "leakage_audit"))


def _leaves(facts: Facts, name: str) -> Truth:
    found = [one for one in facts.study.pairs() if one.datasets[0].partition("@")[0] == name]
    return True if any(one.low > NONE for one in found) else None if any(one.high > NONE for one in found) else False


def _exceeded(facts: Facts, name: str) -> Truth:
    entry = facts.file.datasets[name]
    asked = entry.risk_appetite
    if asked is None:
        return False
    items = [item for item in facts.world.instances if item.dataset == name]
    places = sum(facts.world.places[item.place].count for item in items if not item.place.endswith(".peer"))
    return either(_too_few(entry, places), _too_heavy(asked, places))


def _too_few(entry: Any, places: int) -> Truth:
    asked, count = entry.risk_appetite, entry.subjects
    if asked.min_count is None:
        return None if asked.says_unknown("min_count") else False
    if count is None:
        return None
    here, all_over = count < asked.min_count, count * places < asked.min_count
    if asked.min_count_scope is None:
        return here if here == all_over else None
    return here if asked.min_count_scope == "local" else all_over


def _too_heavy(asked: Any, places: int) -> Truth:
    if asked.dominance is None:
        return None if asked.says_unknown("dominance") else False
    return 1 / places > asked.dominance


# Openness.


def _open(facts: Facts) -> Iterator[tuple[str, str, Truth]]:
    for name in facts.file.models:
        at, used = f"models.{name}", bool(facts.uses(name)) and not facts.produced(name)
        (known,) = [one for one in facts.study.models if one.id == name]
        had = known.aspects.get("weights") in ("open", "gated")
        yield "closed-model", at, both(used, _closed(facts, name))
        yield "licence-not-open", at, both(foreign(facts, name), _not_open(facts, name))
        yield "weights-not-with-users", at, had and bool(facts.users(facts.uses(name)) - facts.holders(name))
        for rule, key, bad in ASPECTS:
            unsaid = None if facts.file.models[name].says_unknown(key) else False
            told = facts.aspect(name, key)
            yield rule, at, both(used, had, unsaid if told is None else told == bad)


def _closed(facts: Facts, name: str) -> Truth:
    (found,) = [one for one in facts.study.models if one.id == name]
    low, high = CLASSES.index(found.lowest), CLASSES.index(found.highest)
    return False if low >= LEAST else True if high < LEAST else None


def _not_open(facts: Facts, name: str) -> Truth:
    licence, row = facts.aspect(name, "licence"), facts.licence(name)
    return licence == "NONE" or (None if row is None else row.category != "open")


# DORA.


def _financial(facts: Facts) -> dict[str, Truth]:
    """The participants that may be financial entities in the EEA."""
    law = Law(facts, "EEA")
    crowds = {place.home for place in facts.world.places.values() if place.count > 1}
    people = crowds if facts.file.setting == "cross-device" else set[str]()
    parties = {
        name: one for name, one in facts.file.parties.items() if "participant" in one.role and name not in people
    }
    takes = {name: one.sector for name, one in parties.items() if "user" not in one.role}
    return {name: both(None if said is None else said in FINANCE, law.protects(name)) for name, said in takes.items()}


def _dora(facts: Facts) -> Iterator[tuple[str, str, Truth]]:
    banks, law = _financial(facts), Law(facts, "EEA")
    some = both(either(*banks.values()), either(*map(law.of_some, facts.file.datasets)))
    for name in _working(facts):
        implied = name not in facts.file.parties and not name.startswith(("public", "unknown"))
        if (implied or facts.roles(name) & {*PROVIDES}) and "participant" not in facts.roles(name):
            yield "dora-provider-without-contract", f"parties.{name}", both(some, no(_on_file(facts, name, banks)))
    for one in _losses(facts):
        if one.given and one.how in ("operates", "hosts", "account") and one.members is not None:
            about = either(*map(law.of_some, _used(facts, one.entry.use)))
            exits = both(either(*banks.values()), about, not one.members, True if one.sure else None)
            yield "dora-no-exit", one.cause, exits


def _used(facts: Facts, use: str) -> set[str]:
    section, _, name = use.partition(".")
    if section == "tasks":
        return {item.dataset for item in _items(facts, name)}
    return {one.partition("@")[0] for one in facts.file.api_calls[name].sends}


def _working(facts: Facts) -> list[str]:
    """Who runs a node, hosts one, or runs a model."""
    nodes = [place for place in facts.world.places.values() if place.family]
    found = {party for place in nodes for party in facts.operators(place.id)}
    found |= {place.host.split(".")[0] for place in nodes if place.host}
    found |= {facts.runner(one.way) for one in facts.accesses if one.way}
    graph = facts.study.graph
    ends = {graph.vertices[end].party for flow in graph.flows for end in (flow.source, flow.target)}
    found |= {one.split(".")[0] for one in ends if one}
    return sorted(found)


def _on_file(facts: Facts, name: str, banks: dict[str, Truth]) -> Truth:
    """Whether a contract that can be found binds somebody to a bank, or to a coordinator, whoever is a bank."""
    hubs = {hub for hub, one in facts.file.parties.items() if "coordinator" in one.role} - {name}
    perhaps = {bank for bank, truth in banks.items() if truth is not False}
    deals = [deal for deal in facts.file.agreements.values() if name in deal.between and deal.reference]
    kept = [deal for deal in deals if not deal.ended(facts.study.settings.today)]

    def bound(some: list[Any]) -> Truth:
        signed = {party for deal in some for party in deal.between}
        sure = bool(hubs & signed) or any(banks[bank] for bank in perhaps & signed) or perhaps <= signed
        return True if sure else None if perhaps & signed else False

    return either(bound([deal for deal in kept if not deal.says_unknown("expires")]), both(None, bound(kept)))


ASPECTS = (
    ("training-code-closed", "training_code", "closed"),
    ("training-data-not-described", "training_data", "undisclosed"),
)
RULES = (
    "closed-model",
    "dora-no-exit",
    "dora-provider-without-contract",
    "licence-not-open",
    "satre-artefacts-without-plan",
    "satre-federation-not-agreed",
    "satre-model-leaves-unexamined",
    "satre-outputs-not-checked",
    "satre-risk-appetite-exceeded",
    "satre-risk-appetite-not-stated",
    "training-code-closed",
    "training-data-not-described",
    "weights-not-with-users",
)
