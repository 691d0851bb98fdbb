"""What the packs ehds and hipaa say of data, tasks and the deployment, judged from their texts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from tests.reference.judges.tasks import _exchanges, _items
from tests.reference.laws import Law, Rows, missing, said
from tests.reference.uses import Truth, both, either, facts_of, no

RESERVED = ("public_health", "policymaking", "statistics")
CONTRACTS = ("consortium", "joint_controllers", "data_use", "data_processing")
DAYS = 183


def judge(_: Any, study: Any) -> Rows:
    """Each rule, asked about all that it is about."""
    facts = facts_of(study)
    europe, america = Law(facts, "EEA"), Law(facts, "US")
    return said([*_datasets(europe), *_whole(europe), *_tasks(europe), *_health(america), *_cleaned(america)])


def _concerned(law: Law, name: str) -> Truth:
    return both(law.of_some(name), law.health(name))


def _used(law: Law, name: str) -> Truth:
    """Whether a task works on data of owners whom the law protects, a call sends them, or answers quote them."""
    facts = law.facts
    worked = [item for job in facts.jobs for item in _items(facts, job)]
    for call in facts.file.api_calls.values():
        places = facts.world.nodes(call.from_)
        worked += [item for place in places for item in facts.world.sent(call.sends, place, call.from_)]
    entries = (*facts.file.api_calls.values(), *facts.file.tasks.values())
    quoted = facts.world.every([one for entry in entries for one in entry.retrieves or ()])
    items = [item for item in (*worked, *quoted) if item.dataset == name]
    return either(*(law.protects(facts.owner(item)) for item in items))


def _holds(law: Law, name: str) -> bool:
    """Whether there is a permit that has not ended for certain."""
    permit = law.facts.file.datasets[name].permit
    return permit is not None and not permit.ended(law.facts.study.settings.today)


def _datasets(law: Law) -> Iterator[tuple[str, str, Truth]]:
    for name, entry in law.facts.file.datasets.items():
        at, asked = f"datasets.{name}", _concerned(law, name)
        unsaid = None if entry.says_unknown("permit") else entry.permit is None
        yield "ehds-permit-not-stated", at, both(asked, _used(law, name), unsaid)
        if entry.permit is not None:
            there = law.of_some(name)  # whatever the data are called: a permit is for what it is for
            yield "ehds-permit-ended", at, both(there, _ended(law, entry.permit))
            yield "ehds-kept-after-permit", at, both(there, _holds(law, name), _kept(law, entry))
            yield "ehds-purpose-of-public-bodies", at, both(there, _holds(law, name), _reserved(law, entry.permit))


def _ended(law: Law, permit: Any) -> Truth:
    return None if permit.expires is None else permit.ended(law.facts.study.settings.today)


def _kept(law: Law, entry: Any) -> Truth:
    if entry.retention_days is None or entry.permit.expires is None:
        return None
    left = (entry.permit.expires - date.fromisoformat(law.facts.study.settings.today)).days
    return bool(entry.retention_days > left + DAYS)


def _reserved(law: Law, permit: Any) -> Truth:
    bodies = any("public-body" in party.role for party in law.facts.file.parties.values())
    named = None if permit.purposes is None else bool({*permit.purposes} & {*RESERVED})
    return both(not bodies, named)


def _whole(law: Law) -> Iterator[tuple[str, str, Truth]]:
    governance = law.facts.file.governance
    used = either(
        *(both(_concerned(law, name), _used(law, name), _holds(law, name)) for name in law.facts.file.datasets)
    )
    unreviewed = governance.output_review in (None, "none")
    yield "ehds-output-not-reviewed", "deployment", both(used, unreviewed)
    yield "ehds-access-not-governed", "deployment", both(used, missing(governance, "task_approval"))


def _tasks(law: Law) -> Iterator[tuple[str, str, Truth]]:
    for name in law.facts.jobs:
        items = [item for item in _items(law.facts, name) if _holds(law, item.dataset) and not law.people(item)]
        known = {item: both(law.protects(law.facts.owner(item)), law.health(item.dataset)) for item in items}
        sure = {law.facts.owner(item) for item in items if known[item]}
        perhaps = {law.facts.owner(item) for item in items if known[item] is not False}
        about = sorted({item.dataset for item in items if known[item] is not False})
        certain = sorted({item.dataset for item in items if known[item]})
        apart = both(len(sure) > 1, no(law.together(CONTRACTS, sure, certain)))
        asked = both(len(perhaps) > 1, no(law.together(CONTRACTS, perhaps, about)), None)
        joint = _exchanges(law.facts, name)
        yield "ehds-federation-without-contract", f"tasks.{name}", both(joint, either(apart, asked))


# HIPAA.


def _health(law: Law) -> Iterator[tuple[str, str, Truth]]:
    found = either(*(both(law.of_some(name), law.phi(name)) for name in law.facts.file.datasets))
    nobody = missing(law.facts.file.governance, "incident_contact")
    yield "phi-breach-contact-not-stated", "deployment", both(len(law.facts.file.parties) > 1, found, nobody)


def _cleaned(law: Law) -> Iterator[tuple[str, str, Truth]]:
    """Each safeguard that claims Safe Harbor, and the data of what it stands at."""
    file = law.facts.file
    for section in ("tasks", "api_calls", "flows"):
        for name, entry in getattr(file, section).items():
            for number, one in enumerate(entry.safeguards):
                if one.kind == "deidentification" and one.method == "safe_harbor":
                    texts = either(*(_text(law, dataset) for dataset in _data(law, f"{section}.{name}")))
                    yield "safe-harbor-on-free-text", f"{section}.{name}.safeguards.{number}", texts


def _text(law: Law, name: str) -> Truth:
    return both(law.of_some(name), law.phi(name), law.named(name, "free-text"))


def _data(law: Law, at: str) -> set[str]:
    """What travels by an entry."""
    from tests.reference.analysed import carried

    section, _, name = at.partition(".")
    if section == "api_calls":
        return {one.partition("@")[0] for one in law.facts.file.api_calls[name].sends}
    flows = [flow for flow in law.facts.study.graph.flows if flow.origin == at]
    return {item.id.partition("@")[0] for flow in flows for item in carried(law.facts.study, flow)}


RULES = (
    "ehds-access-not-governed",
    "ehds-federation-without-contract",
    "ehds-kept-after-permit",
    "ehds-output-not-reviewed",
    "ehds-permit-ended",
    "ehds-permit-not-stated",
    "ehds-purpose-of-public-bodies",
    "phi-breach-contact-not-stated",
    "safe-harbor-on-free-text",
)
