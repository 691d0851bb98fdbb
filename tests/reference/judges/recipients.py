"""What the packs gdpr, hipaa and ehds say of those who learn of others' data, judged from their texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fedpolicy.catalog import load_catalog
from tests.reference.laws import Law, Rows, above, beyond, dataset_of, item_of, rows_of, said
from tests.reference.learned import BOUNDED, INFERABLE, Learned
from tests.reference.uses import Facts, Truth, both, either, facts_of, no

DOCUMENTS = {"limited_data_set": "data_use", "waiver": "research_waiver", "authorization": "authorization"}
ENOUGH = ("safe_harbor", "expert")
SERVES = ("coordinator", "host", "processor", "provider")


def judge(tree: Any, study: Any) -> Rows:
    """Each rule, asked of each of what anybody learns."""
    facts = facts_of(study)
    return said(
        (rule, one.row, truth)
        for one in rows_of(tree, study)
        for laws in (_european, _american, _permitted)
        for rule, truth in laws(facts, one)
    )


def _named(one: Learned) -> bool:
    return one.capacity != "public" and not one.home.startswith("unknown")


def _serves(one: Learned) -> bool:
    """Whether somebody is asked what it does for owners: not another participant, a user, or everybody."""
    return _named(one) and one.roles.isdisjoint({"participant", "user"})


# GDPR.


def _european(facts: Facts, one: Learned) -> Iterator[tuple[str, Truth]]:
    law, item = Law(facts, "EEA", "GB", "CH"), item_of(facts, one)
    owner, dataset = facts.owner(item), item.dataset
    asked = both(law.protects(owner), law.category(dataset, "personal"), not law.people(item), above(one))
    contract = law.joined(("data_processing", "joint_controllers"), owner, one.home, dataset)
    yield "processor-without-contract", both(asked, _serves(one), no(contract))
    outside = one.capacity != "public" and "user" not in one.roles and one.home != owner
    yield "transfer-without-tool", both(asked, outside, no(_tool(law, owner, one.home, dataset)))


def _tool(law: Law, owner: str, party: str, dataset: str) -> Truth:
    """Whether a decision finds a party's countries adequate, or an agreement stands in, all along the chain."""
    facts = law.facts
    hubs = [
        name for name, one in facts.file.parties.items() if "coordinator" in one.role and name not in (owner, party)
    ]
    first = either(_adequate(law, owner, party, "full"), _transfer(law, owner, owner, party, dataset))
    chains = (
        both(
            either(_adequate(law, owner, hub, "full"), _transfer(law, owner, owner, hub, dataset)),
            _transfer(law, owner, hub, party, dataset),
        )
        for hub in hubs
    )
    return either(first, *chains)


def _transfer(law: Law, owner: str, one: str, other: str, dataset: str) -> Truth:
    """Whether two have agreed on a transfer; one that rests on a decision only where there is one."""
    found: list[Truth] = []
    for deal in law.facts.file.agreements.values():
        over = deal.ended(law.facts.study.settings.today)
        if deal.kind == "transfer" and {one, other} <= {*deal.between} and one != other and not over:
            holds = _adequate(law, owner, other, "partial") if deal.mechanism == "adequacy" else True
            about = law.facts._covers(deal, dataset)  # noqa: SLF001  an account of its own
            found.append(both(holds, None if deal.doubts else True, about))
    return either(*found)


def _adequate(law: Law, owner: str, party: str, least: str) -> Truth:
    """Whether the law of an owner finds all countries of a party adequate, as far as it says so."""
    goes, comes = law.where(party), law.where(owner)
    if goes is None:
        return None
    laws = ["EEA"] if comes is None else [one for country in comes if (one := _law_of(law, country))]
    return both(*(_decided(law, here, there, least) for here in laws for there in goes))


def _law_of(law: Law, country: str) -> str:
    return "EEA" if law.facts.catalog.countries[country].eea else country if country in ("GB", "CH") else ""


def _decided(law: Law, here: str, there: str, least: str) -> Truth:
    row = law.facts.catalog.countries[there]
    if row.eea or here == there:
        return True
    word = {"EEA": row.adequacy, "GB": row.adequacy_gb or "none", "CH": row.adequacy_ch or "none"}[here]
    if here == "EEA" and row.adequacy_until and row.adequacy_until < law.facts.study.settings.today:
        word = "none"
    return None if word is None else word in {"full", least}


# HIPAA.


def _american(facts: Facts, one: Learned) -> Iterator[tuple[str, Truth]]:
    law, item = Law(facts, "US"), item_of(facts, one)
    owner, dataset = facts.owner(item), item.dataset
    asked = both(law.protects(owner), law.phi(dataset), not law.people(item))
    assured = law.joined(["business_associate"], owner, one.home, dataset)
    research = _research(law, owner, one.home, dataset)
    yield (
        "phi-without-business-associate-agreement",
        both(asked, _serves(one), above(one), no(either(assured, research))),
    )
    if one.capacity == "public":
        yield "phi-published", both(asked, above(one), not _reduced(one, BOUNDED))
    stated = True if facts.file.datasets[dataset].phi_basis else None
    documented = both(research, stated) if facts.file.datasets[dataset].phi_basis else False
    yield "phi-not-deidentified", both(asked, above(one, INFERABLE), not _reduced(one, INFERABLE), no(documented))
    use = both(asked, law.named(dataset, "substance-use"), above(one))
    permits = ("authorization", "research_waiver", "business_associate")
    other = _named(one) and "user" not in one.roles
    yield "substance-use-records-without-consent", both(use, other, no(law.joined(permits, owner, one.home, dataset)))


def _research(law: Law, owner: str, party: str, dataset: str) -> Truth:
    """Whether the document of the basis is there; where no basis is stated, any document is a question."""
    basis = law.facts.file.datasets[dataset].phi_basis
    if basis:
        return law.joined([DOCUMENTS[basis]], owner, party, dataset) if basis in DOCUMENTS else False
    there = either(*(law.joined([kind], owner, party, dataset) for kind in DOCUMENTS.values()))
    return False if there is False else None


def _reduced(one: Learned, least: int) -> bool:
    """Whether one of the two methods of de-identification stands on each way."""
    from tests.reference.analysed import trails

    found = trails(one.study, one.one, surely=one.one.low > least)
    methods = [
        {guard.spec.method for flow in trail for guard in flow.guards if guard.spec.kind == "deidentification"}
        for trail in found
    ]
    return bool(methods) and all(some & {*ENOUGH} for some in methods)


# EHDS.


def _permitted(facts: Facts, one: Learned) -> Iterator[tuple[str, Truth]]:
    law, item = Law(facts, "EEA"), item_of(facts, one)
    permit = facts.file.datasets[item.dataset].permit
    if permit is None or permit.ended(facts.study.settings.today):
        return
    asked = both(law.protects(facts.owner(item)), law.health(item.dataset), beyond(one))
    if one.capacity != "public":
        yield "ehds-learned-outside-permit", both(asked, _not_named(facts, permit, one.home))
    yield "ehds-result-not-anonymous", asked


def _not_named(facts: Facts, permit: Any, party: str) -> Truth:
    if permit.people is None:
        return None
    everybody = {name for name in permit.people if name != "participants"}
    everybody |= facts.world.participants() if "participants" in permit.people else set()
    return party not in everybody


RULES = (
    "ehds-learned-outside-permit",
    "ehds-result-not-anonymous",
    "phi-not-deidentified",
    "phi-published",
    "phi-without-business-associate-agreement",
    "processor-without-contract",
    "substance-use-records-without-consent",
    "transfer-without-tool",
)
_ = (load_catalog, dataset_of)
