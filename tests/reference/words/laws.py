"""What packs on laws and standards read: countries, bases, permits, contracts, documents, roles, least counts."""

from __future__ import annotations

from typing import Any

from tests.reference.deployments import PARTIES, Author, Tree

HOLDS = ("2026-01-01", "2026-06-15", "2026-07-15", "2028-01-01", "unknown")
COUNTRIES = ("DE", "NL", "NL", "GB", "CH", "US", "US", "US", "JP", "CN", ["DE", "FR"], ["NL", "US"], "unknown")
PEOPLE = ("a", "b", "c", "agg", "x", "y", "acme", "participants")
CATEGORIES = (
    ["substance-use"],
    ["health", "substance-use"],
    ["genetic"],
    ["financial"],
    ["health", "free-text"],
    "unknown",
)
DATASET: dict[str, tuple[Any, ...]] = {
    "lawful_basis": ("consent", "public_task", "legitimate_interests", "legitimate_interests", "unknown"),
    "special_basis": ("Art. 9(2)(j)", "unknown"),
    "purpose": ("care", "research", "unknown"),
    "retention_days": (30, 213, 214, 3650, "unknown"),
    "phi_basis": ("limited_data_set", "limited_data_set", "waiver", "authorization", "deidentified", "unknown"),
}
PERMIT: dict[str, tuple[Any, ...]] = {
    "expires": HOLDS,
    "purposes": (["research"], ["research", "statistics"], ["public_health"], "unknown"),
    "people": (["participants"], ["a", "b"], ["agg", "participants"], "x", "unknown"),
}
APPETITE: dict[str, tuple[Any, ...]] = {
    "min_count": (3, 10, 2000, "unknown"),
    "min_count_scope": ("local", "federation", "unknown"),
    "dominance": (0.1, 0.5, 0.9, "unknown"),
}
GOVERNANCE: dict[str, tuple[Any, ...]] = {
    "incident_contact": ("security@example.org", "unknown"),
    "dpia": ("dpia.pdf", "unknown"),
    "output_review": ("people", "automated", "none", "unknown"),
    "leakage_audit": ("leakage.pdf", "unknown"),
    "records_of_processing": ("art-30.pdf", "unknown"),
    "unlearning": ("retrain", "none", "none", "unknown"),
}
AI_ACT: dict[str, tuple[Any, ...]] = {
    "technical_documentation": ("annex-iv.pdf", "unknown"),
    "data_governance": ("data/", "unknown"),
    "oversight": ("oversight.md", "unknown"),
    "rights_assessment": ("fria.pdf", "unknown"),
    "registration": ("EU-1", "unknown"),
    "transparency": ("notice.md", "unknown"),
    "compute_share": (0.001, 0.3, 0.4, "unknown"),
}
RISKS = ("high", "high", "High", "limited", "minimal", "unacceptable", "unknown")
DUTIES = ("provider", "deployer", "deployer", "Provider", "no provider", "provider and deployer", "importer")
MODEL: dict[str, tuple[Any, ...]] = {
    "documentation": ("CARD.md",),
    "systemic_risk": (True, False, False, "unknown"),
    "monetised": (True, False, False, "unknown"),
}
KINDS = (
    *("data_processing", "data_processing", "joint_controllers", "business_associate", "transfer", "transfer"),
    *("consortium", "data_use", "research_waiver", "authorization"),
)
MECHANISMS = ("scc", "adequacy", "bcr", "derogation", "unknown")


def add(author: Author, tree: Tree) -> None:
    """Some of each."""
    for party in tree["parties"].values():
        _party(author, party)
    if author.odds(0.12):  # all who run anything for others are in one country
        for name, party in tree["parties"].items():
            party["jurisdiction"] = "DE" if name in (*PARTIES, "d") else "US"
    for entry in tree["datasets"].values():
        _dataset(author, entry)
    for name in ("dpa", "scc", "deed", "form"):
        if author.odds(0.4):
            tree.setdefault("agreements", {})[name] = _agreement(author)
    for section in ("flows", "api_calls"):
        for entry in tree.get(section, {}).values():
            _sent(author, entry)
    for model in tree.get("models", {}).values():
        _model(author, model)
    _governance(author, tree)


def _said(author: Author, words: dict[str, tuple[Any, ...]], share: float) -> Tree:
    return {key: author.one(*values) for key, values in words.items() if author.odds(share)}


def _party(author: Author, party: Tree) -> None:
    if author.odds(0.6):
        party["jurisdiction"] = author.one(*COUNTRIES)
    if author.odds(0.1):
        party["sector"] = author.one("finance", "insurance", "banking", "healthcare")
    if author.odds(0.08):
        named = party["role"] if isinstance(party["role"], list) else [party["role"]]
        party["role"] = [*named, author.one("public-body", "public-body", "user")]


def _dataset(author: Author, entry: Tree) -> None:
    entry |= _said(author, DATASET, 0.35)
    if author.odds(0.2):
        entry["categories"] = author.one(*CATEGORIES)
    if author.odds(0.4):
        entry["permit"] = {"id": "HDAB-1", **_said(author, PERMIT, 0.7)}
    if author.odds(0.3):
        entry["risk_appetite"] = _said(author, APPETITE, 0.7) or {"min_count": 10}


def _agreement(author: Author) -> Tree:
    kind = author.one(*KINDS)
    found: Tree = {"kind": kind, "between": author.some(PEOPLE, 2, 4)}
    if kind == "transfer" and author.odds(0.8):
        found["mechanism"] = author.one(*MECHANISMS)
    if author.odds(0.6):
        found["reference"] = author.one("contract.pdf", "contract.pdf", "unknown")
    if author.odds(0.2):
        found["expires"] = author.one("2026-06-14", "2027-01-31", "unknown")
    if author.odds(0.2):
        found["covers"] = author.one(["notes"], ["health"], "unknown")
    return found


def _sent(author: Author, entry: Tree) -> None:
    if author.odds(0.3):
        entry["purpose"] = author.one("care", "product improvement", "unknown")
    if author.odds(0.15):
        cleaned = {"kind": "deidentification", "method": author.one("safe_harbor", "safe_harbor", "expert")}
        guards = entry.get("safeguards", [])
        if isinstance(guards, list):
            entry["safeguards"] = [*guards, cleaned]


def _model(author: Author, model: Tree) -> None:
    model |= _said(author, MODEL, 0.3)
    if author.odds(0.25):
        model["open_source_exemption"] = author.one(True, True, False)


def _governance(author: Author, tree: Tree) -> None:
    found = _said(author, GOVERNANCE, 0.5)
    act = _said(author, AI_ACT, 0.4)
    if author.odds(0.7):
        act["risk"] = author.one(*RISKS)
    if author.odds(0.6):
        act["roles"] = {name: author.one(*DUTIES) for name in tree["parties"] if author.odds(0.8)}
    if act:
        found["eu_ai_act"] = act
    if found:
        tree["governance"] = {**tree.get("governance", {}), **found}
