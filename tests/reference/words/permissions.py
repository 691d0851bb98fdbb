"""Who may learn what, who relies on whom, which contracts there are, and whose secrets data are."""

from __future__ import annotations

from tests.reference.deployments import Author, Tree

KINDS = ("data_processing", "joint_controllers", "zero_retention", "transfer", "consortium", "data_use")
DAYS = ("2026-06-14", "2026-06-15", "2027-01-31", "unknown")
LEVELS = ("none", "bounded", "inferable", "inferable", "reconstructable", "verbatim")
CAPACITIES = ("operator", "host", "provider")
OPEN = ("public", "synthetic", "anonymous")


def add(author: Author, tree: Tree) -> None:
    """Some of each."""
    for name in ("deal", "pact"):
        if author.odds(0.4):
            tree.setdefault("agreements", {})[name] = _agreement(author, tree)
    if author.odds(0.6):
        tree["setting"] = author.one("cross-silo", "cross-device", "not-federated", "unknown")
    for one in tree["datasets"].values():
        _dataset(author, tree, one)
    for party in tree["parties"].values():
        if author.odds(0.04):
            party["role"] = author.one("user", "auditor", ["participant", "host"], ["provider", "coordinator"])


def _dataset(author: Author, tree: Tree, one: Tree) -> None:
    if author.odds(0.2) and one["categories"] != "unknown":
        words = [one["categories"]] if isinstance(one["categories"], str) else one["categories"]
        one["categories"] = author.one([*words, author.one(*OPEN)], author.one(*OPEN), ["anonymous", "energy"])
    if author.odds(0.35):
        one["releases"] = [_release(author, tree) for _ in range(author.one(1, 1, 2, 3))]
        if author.odds(0.1):
            one["releases"] = "unknown"


def _release(author: Author, tree: Tree) -> Tree:
    names = (*tree["parties"], "participants", "public")
    found: Tree = {"to": author.one(author.some(names, 1, 3), author.one(*names)), "up_to": author.one(*LEVELS)}
    if author.odds(0.3):
        found["as"] = author.one(*CAPACITIES)
    return found


def _agreement(author: Author, tree: Tree) -> Tree:
    found: Tree = {"kind": author.one(*KINDS), "between": author.some((*tree["parties"], "participants"), 2, 3)}
    if author.odds(0.6):
        found["expires"] = author.one(*DAYS)
    if author.odds(0.3):
        found["covers"] = author.one(["notes"], ["health"], "unknown")
    return found
