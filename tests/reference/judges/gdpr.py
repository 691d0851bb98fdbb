"""What the rules of the pack gdpr on data, tasks and the deployment say, judged from their texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.reference.analysed import carried, surely_in
from tests.reference.judges.tasks import _exchanges, _items
from tests.reference.laws import CONTROLLERS, Law, Rows, missing, said
from tests.reference.uses import Facts, Truth, both, either, facts_of, no


def judge(_: Any, study: Any) -> Rows:
    """Each rule, asked about all that it is about."""
    law = Law(facts_of(study), "EEA", "GB")
    return said([*_datasets(law), *_whole(law), *_tasks(law), *_models(law), *_agreements(law), *_purposes(law)])


def _datasets(law: Law) -> Iterator[tuple[str, str, Truth]]:
    for name, entry in law.facts.file.datasets.items():
        asked = both(law.of_some(name), law.category(name, "personal"))
        for rule, key in STATED.items():
            yield rule, f"datasets.{name}", both(asked, missing(entry, key))
        special = both(law.of_some(name), law.category(name, "special"))
        yield (
            "special-category-condition-not-stated",
            f"datasets.{name}",
            both(special, missing(entry, "special_basis")),
        )
        yield "public-body-on-legitimate-interests", f"datasets.{name}", _public_body(law, name, entry)


def _public_body(law: Law, name: str, entry: Any) -> Truth:
    bodies = [owner for owner in law.owners(name) if "public-body" in law.facts.roles(owner)]
    basis = entry.lawful_basis == "legitimate_interests"
    return both(basis, law.category(name, "personal"), either(*map(law.protects, bodies)))


def _processed(law: Law, flag: str) -> Truth:
    """Whether data of a kind, of an owner whom the law protects, stand in the file."""
    return either(*(both(law.of_some(name), law.category(name, flag)) for name in law.facts.file.datasets))


def _whole(law: Law) -> Iterator[tuple[str, str, Truth]]:
    governance = law.facts.file.governance
    several = len(law.facts.file.parties) > 1
    personal = _processed(law, "personal")
    yield "breach-contact-not-stated", "deployment", both(several, personal, missing(governance, "incident_contact"))
    yield "records-of-processing-not-stated", "deployment", both(personal, missing(governance, "records_of_processing"))
    yield "impact-assessment-not-stated", "deployment", both(_processed(law, "special"), missing(governance, "dpia"))
    trained = either(*(_learned(law, name) for name in law.facts.jobs))
    never = None if governance.unlearning is None else governance.unlearning == "none"
    yield "erasure-impossible", "deployment", both(trained, never)


def _learned(law: Law, name: str) -> Truth:
    """Whether a task trains on personal data of somebody whom the law protects."""
    job = law.facts.jobs[name]
    trains = None if job.task.method == "unknown" else job.method.trains
    return both(trains, either(*(_about(law, item) for item in _items(law.facts, name))))


def _about(law: Law, item: Any) -> Truth:
    return both(law.protects(law.facts.owner(item)), law.category(item.dataset, "personal"))


def _tasks(law: Law) -> Iterator[tuple[str, str, Truth]]:
    for name in law.facts.jobs:
        yield "joint-control-not-arranged", f"tasks.{name}", _not_arranged(law, name)


def _not_arranged(law: Law, name: str) -> Truth:
    """Whether somebody whom the law protects has no agreements with all others, by way of a coordinator or not."""
    items = [item for item in _items(law.facts, name) if not law.people(item)]
    personal = {item: law.category(item.dataset, "personal") for item in items}
    some = sorted({law.facts.owner(item) for item in items if personal[item] is not False})
    datasets = sorted({item.dataset for item in items if personal[item] is not False})
    lone = (both(law.protects(owner), no(_arranged(law, owner, some, datasets))) for owner in some)
    return both(_exchanges(law.facts, name), either(*personal.values()), len(some) > 1, either(*lone))


def _arranged(law: Law, owner: str, owners: list[str], datasets: list[str]) -> Truth:
    """Whether agreements connect one with all others, or both with a coordinator."""
    others = [other for other in owners if other != owner]
    whole = law.together(CONTROLLERS, {*owners}, datasets)
    return either(whole, both(*(law.joined(CONTROLLERS, owner, other, one) for other in others for one in datasets)))


def _models(law: Law) -> Iterator[tuple[str, str, Truth]]:
    audited = not missing(law.facts.file.governance, "leakage_audit")
    for name in law.facts.file.models:
        (known,) = [one for one in law.facts.study.models if one.id == name]
        found = {item.id: item for item in law.facts.world.instances if item.id in known.contains}
        taught = surely_in(law.facts.study, name)
        learned = either(*(both(_about(law, item), True if one in taught else None) for one, item in found.items()))
        learned = both(learned, bool(law.facts.makers(name)))
        yield "published-model-not-tested", f"models.{name}", both(law.facts.published(name), learned, not audited)


def _agreements(law: Law) -> Iterator[tuple[str, str, Truth]]:
    for name, one in law.facts.file.agreements.items():
        asked = one.kind in ("data_processing", "joint_controllers", "transfer")
        unsaid = missing(one, "reference") or (one.kind == "transfer" and missing(one, "mechanism"))
        there = either(*map(law.protects, one.between))
        yield "agreement-without-reference", f"agreements.{name}", both(there, asked, unsaid)


def _purposes(law: Law) -> Iterator[tuple[str, str, Truth]]:
    """A flow, or a call, that states a purpose, and what it carries."""
    facts = law.facts
    entries = {
        f"{section}.{name}": one
        for section in ("flows", "api_calls")
        for name, one in getattr(facts.file, section).items()
    }
    for at, entry in entries.items():
        stated = entry.purpose is not None
        if stated or entry.says_unknown("purpose"):
            carried = sorted(
                {item for flow in facts.study.graph.flows if flow.origin == at for item in _carried(facts, flow)}
            )
            yield "purpose-changes", at, either(*(_changes(law, entry.purpose, item) for item in carried))


def _carried(facts: Facts, flow: Any) -> Iterator[str]:
    """The instances that somebody gets by a flow who does not own them."""
    source = facts.study.graph.vertices[flow.source].kind
    if flow.role == "completion" or (source == "model" and flow.role != "declared"):  # what comes of what was asked
        return
    end = facts.study.graph.vertices[flow.target]
    parties = {facts.study.lookup.party(who) for who in end.operators} if end.kind in ("place", "exchange") else set()
    for one in carried(facts.study, flow):
        if parties - {facts.study.lookup.party(one.owner)}:
            yield one.id


def _changes(law: Law, purpose: str | None, instance: str) -> Truth:
    (item,) = [one for one in law.facts.world.instances if one.id == instance]
    old = law.facts.file.datasets[item.dataset].purpose
    differs = None if purpose is None or old is None else purpose != old
    return both(_about(law, item), differs)


STATED = {
    "lawful-basis-not-stated": "lawful_basis",
    "purpose-not-stated": "purpose",
    "retention-not-stated": "retention_days",
}
Judged = Callable[[Law], Iterator[tuple[str, str, Truth]]]
RULES = (
    *STATED,
    "agreement-without-reference",
    "breach-contact-not-stated",
    "erasure-impossible",
    "impact-assessment-not-stated",
    "joint-control-not-arranged",
    "public-body-on-legitimate-interests",
    "published-model-not-tested",
    "purpose-changes",
    "records-of-processing-not-stated",
    "special-category-condition-not-stated",
)
