"""What the rules on licences and on where models come from say, judged from their texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.reference.uses import Access, Facts, Truth, asked, both, either, foreign, no

NON_COMMERCIAL = ("research", "education", "academia", "government", "public", "non-profit")
SAYS_NOTHING = ("health", "healthcare", "hospital")
REUSING = ("labelling", "synthetic_data_generation", "knowledge_distillation", "proxy_tuning")


def judge(_: Any, study: Any) -> dict[tuple[str, str], str]:
    """Each rule, asked about all models."""
    return asked(ASKED, study)


def _known(facts: Facts, name: str) -> bool:
    """Whether the file names a licence, of which the catalogue may know nothing."""
    return facts.aspect(name, "licence") not in (None, "NONE")


def _field_of_use(facts: Facts, name: str) -> Truth:
    row = facts.licence(name)
    if not foreign(facts, name) or not _known(facts, name) or (row and row.category == "non-commercial"):
        return False
    restricted = None if row is None or row.field_of_use is None else row.field_of_use == "restricted"
    return both(restricted, either(*(no(facts.agreed("licence", party)) for party in facts.users(facts.uses(name)))))


def _inherited(facts: Facts, name: str, seen: frozenset[str] = frozenset()) -> str | None:
    """The licence of a model, else of what it is made from."""
    said = facts.aspect(name, "licence")
    if said is not None or facts.file.models[name].says_unknown("licence"):
        return said
    bases = [job.task.model for job in facts.makers(name) if job.task.model not in (None, name, *seen)]
    return _inherited(facts, bases[0], seen | {name}) if bases else None


def _output_use(facts: Facts, name: str) -> Truth:
    licence = _inherited(facts, name)
    reused = _reused(facts, name)
    if not reused or licence in (None, "NONE"):
        return False
    row = facts.catalog.licence(licence)
    if row is None:
        return None
    if row.output_use is None:
        return False if row.category == "open" else None
    return row.output_use == "forbidden"


def _redistribution(facts: Facts, name: str) -> Truth:
    licence = facts.aspect(name, "licence")
    if facts.produced(name) or licence in (None, "NONE"):
        return False
    row = facts.licence(name)
    said = (row.redistribution, row.derivatives) if row is not None else (None,)
    forbidden = True if "forbidden" in said else None if None in said else False
    return both(forbidden, either(*(_shared(facts, made) for made in facts.made_from(name))))


def _shared(facts: Facts, made: str) -> Truth:
    return either(facts.published(made), facts.file.models[made].copies != "personal" and len(facts.holders(made)) > 1)


def _missing(facts: Facts, name: str) -> Truth:
    model = facts.file.models[name]
    if not foreign(facts, name):
        return False
    licence = facts.aspect(name, "licence")
    if licence is not None:
        return licence == "NONE"
    named = model.ref is not None or model.weights is not None or model.says_unknown("licence")
    return None if named else False


def _non_commercial(facts: Facts, name: str) -> Truth:
    row = facts.licence(name)
    if not foreign(facts, name) or not _known(facts, name):
        return False
    forbidden = None if row is None or row.commercial_use is None else row.commercial_use == "forbidden"
    return both(forbidden, either(*(_commercial(facts, party) for party in facts.users(facts.uses(name)))))


def _commercial(facts: Facts, party: str) -> Truth:
    if party not in facts.file.parties:
        return False  # of whom nothing can be said
    sector = facts.file.parties[party].sector
    if sector is None or sector in SAYS_NOTHING:
        return None
    return sector not in NON_COMMERCIAL


def _user_limit(facts: Facts, name: str) -> Truth:
    row = facts.licence(name)
    if not foreign(facts, name) or row is None or row.user_limit is None:
        return False
    nodes = (node for node in facts.file.nodes.values() if node.kind == "client")
    clients = sum(node.count * (1 if isinstance(node.party, str) else len(node.party)) for node in nodes)
    return clients > row.user_limit


def _attribution(facts: Facts, name: str) -> Truth:
    row = facts.licence(name)
    shown = either(*(facts.published(made) for made in (name, *facts.made_from(name))))
    if row is None or row.naming != "required" or facts.produced(name):  # whose licence is one's own
        return False
    return both(shown, facts.file.models[name].attribution is None)


def _undisclosed(facts: Facts, name: str) -> Truth:
    reused = _reused(facts, name)
    out = either(*(facts.published(made) for made in facts.made_from(name)))
    if facts.produced(name):
        return False
    said = facts.aspect(name, "training_data")
    return both(either(reused, out), None if said is None else said == "undisclosed")


def _reused(facts: Facts, name: str) -> bool:
    """Whether what a model writes is used to train or to label for others."""
    return any(
        one.use.startswith("tasks.") and facts.jobs[one.use[6:]].task.method in REUSING and not _judged(facts, one)
        for one in facts.uses(name)
    )


def _judged(facts: Facts, one: Access) -> bool:
    """Whether a task only judges what a model writes."""
    task = facts.jobs[one.use[6:]].task
    names = (task.model, *facts.models.stand_ins(task.model)) if task.model else ()
    return one.model not in names


ASKED: dict[str, Callable[[Facts, str], Truth]] = {
    "licence-field-of-use": _field_of_use,
    "licence-forbids-output-use": _output_use,
    "licence-forbids-redistribution": _redistribution,
    "licence-missing": _missing,
    "licence-non-commercial": _non_commercial,
    "licence-user-limit": _user_limit,
    "attribution-required": _attribution,
    "training-data-undisclosed": _undisclosed,
}
RULES = tuple(ASKED)
