"""What the pack eu-ai-act says, judged from its texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.reference.judges.tasks import BOUNDS, ROBUST, _aggregates_by, _exchanges, _has, _owners
from tests.reference.laws import Rows, held_by, missing, said
from tests.reference.uses import Facts, Truth, both, either, facts_of, no

USABLE = ("high", "limited", "minimal")
THIRD = 0.3333
ALL_WEIGHTS = ("model_update", "activations")


def judge(_: Any, study: Any) -> Rows:
    """Each rule, asked about all that it is about."""
    facts = facts_of(study)
    return said([*((rule, "deployment", truth) for rule, truth in _whole(facts)), *_tasks(facts), *_models(facts)])


class Act:
    """What the parties say of the system."""

    def __init__(self, facts: Facts) -> None:
        self.said = facts.file.governance.eu_ai_act
        self.risk = self.said.risk.lower() if self.said and self.said.risk else None
        self.roles = dict(self.said.roles or {}) if self.said else {}

    def high(self) -> bool:
        """Whether it is said to be high-risk; another rule asks where nothing is said."""
        return self.risk == "high"

    def role(self, word: str, party: str | None = None) -> bool:
        """Whether somebody, or a party, has a role; to say that one has none is to have none."""
        words = [one for name, one in self.roles.items() if party in (None, name)]
        return any(word in one.lower() and not one.lower().startswith("no ") for one in words)

    def lacks(self, key: str) -> bool:
        """Whether a document is not named."""
        return self.said is None or missing(self.said, key)


def _trains(facts: Facts) -> Truth:
    jobs = facts.jobs.values()
    return either(*(None if job.task.method == "unknown" else job.method.trains for job in jobs))


def _whole(facts: Facts) -> Iterator[tuple[str, Truth]]:
    act, trains, governance = Act(facts), _trains(facts), facts.file.governance
    makes = either(bool(facts.file.models), trains)
    yield "ai-act-risk-class", both(makes, None if act.risk is None else act.risk not in USABLE)
    yield "ai-act-roles-unassigned", both(trains, _without_role(facts, act))
    yield "ai-act-transparency", act.risk == "limited" and act.lacks("transparency")
    high = act.high()
    yield "ai-act-data-governance", both(high, trains, act.lacks("data_governance"))
    yield "ai-act-no-provider", both(high, trains, bool(act.roles), not act.role("provider"))
    yield "ai-act-technical-documentation", high and act.lacks("technical_documentation")
    yield "ai-act-oversight", high and act.role("deployer") and act.lacks("oversight")
    yield "ai-act-registration", high and act.role("provider") and act.lacks("registration")
    bodies = [name for name, party in facts.file.parties.items() if "public-body" in party.role]
    uses = any(act.role("deployer", name) for name in bodies)
    yield "ai-act-rights-assessment", high and uses and act.lacks("rights_assessment")
    yield "ai-act-incident-contact", high and missing(governance, "incident_contact")
    log = governance.audit_log
    yield "ai-act-record-keeping", both(high, None if log is None else log == "none")


def _without_role(facts: Facts, act: Act) -> Truth:
    if not act.roles:
        return None
    return any(facts.member(name) and name not in act.roles for name in facts.file.parties)


def _tasks(facts: Facts) -> Iterator[tuple[str, str, Truth]]:
    act = Act(facts)
    for name, job in facts.jobs.items():
        trains = None if job.task.method == "unknown" else job.method.trains
        measured = either(_has(facts, name, BOUNDS), _aggregates_by(facts, name, ROBUST, asked=True))
        several = _owners(facts, name) > 1
        truth = both(act.high(), trains, several, _exchanges(facts, name), no(measured))
        yield "ai-act-poisoning", f"tasks.{name}", truth


def _models(facts: Facts) -> Iterator[tuple[str, str, Truth]]:
    act = Act(facts)
    for name, model in facts.file.models.items():
        yield "ai-act-modifier-is-provider", f"models.{name}", both(_modified(facts, name), _much(act))
        relied = model.open_source_exemption is True
        yield "ai-act-open-source-exemption", f"models.{name}", both(relied, no(_exempt(facts, name)))


def _much(act: Act) -> Truth:
    share = act.said.compute_share if act.said else None
    return False if act.role("provider") else None if share is None else share > THIRD


def _modified(facts: Facts, name: str) -> Truth:
    """Whether all weights of somebody's published model were trained here, and what came of it goes to others."""
    outside = [party for party in held_by(facts, name) if not facts.member(party)]
    retrained = _retrained(facts, name, doubtful=False) or (None if _retrained(facts, name, doubtful=True) else False)
    return both(either(facts.published(name), bool(outside)), retrained)


def _retrained(facts: Facts, name: str, *, doubtful: bool) -> bool:
    bases = {name}
    while True:
        makers = [job for base in bases for job in facts.makers(base) if _whole_weights(job, doubtful=doubtful)]
        more = {job.task.model for job in makers} - {None, *bases}
        if not more:
            break
        bases |= more
    return any(facts.file.models[base].ref for base in bases - {name})


def _whole_weights(job: Any, *, doubtful: bool) -> bool:
    if job.task.method == "unknown":
        return doubtful
    return job.method.needs == "weights" and job.method.up in ALL_WEIGHTS


def _exempt(facts: Facts, name: str) -> Truth:
    """Whether all conditions of the exemption hold."""
    model = facts.file.models[name]
    row = facts.catalog.row_of(model)
    (found,) = [one for one in facts.study.models if one.id == name]
    weights, architecture = found.aspects.get("weights"), found.aspects.get("architecture")
    gate = model.weights is None and row is not None and row.gate == "unknown"
    open_weights = None if weights is None or (weights == "open" and gate) else weights == "open"
    known = None if architecture is None else architecture == "open"
    risk = None if model.systemic_risk is None else not model.systemic_risk
    free = None if model.monetised is None else not model.monetised
    licences = [_open_licence(facts, one) for one in (name, *_bases(facts, name))]
    return both(open_weights, known, risk, free, model.documentation is not None, *licences)


def _bases(facts: Facts, name: str) -> list[str]:
    """What it is made from, or tuned against."""
    tasked = {job.task.model for job in facts.makers(name)} - {None, name}
    return [base for base in facts.file.models if name in facts.made_from(base) or base in tasked]


def _open_licence(facts: Facts, name: str) -> Truth:
    licence = facts.aspect(name, "licence")
    if licence is None:
        return None if not facts.produced(name) else True  # what is made here is under its base's
    row = facts.licence(name)
    return False if licence == "NONE" else None if row is None else row.category == "open"


RULES = (
    "ai-act-data-governance",
    "ai-act-incident-contact",
    "ai-act-modifier-is-provider",
    "ai-act-no-provider",
    "ai-act-open-source-exemption",
    "ai-act-oversight",
    "ai-act-poisoning",
    "ai-act-record-keeping",
    "ai-act-registration",
    "ai-act-rights-assessment",
    "ai-act-risk-class",
    "ai-act-roles-unassigned",
    "ai-act-technical-documentation",
    "ai-act-transparency",
)
