"""How things travel, how long they are kept, and who wrote the code that sends them."""

from __future__ import annotations

from tests.reference.deployments import Author, Tree

TRANSPORTS = ("none", "none", "tls", "mtls", "unknown")
DAYS = (0, 1, 2, 30, "unknown")
AUTHORS = ("own", "public", "agg", "x", "a", "unknown")


def add(author: Author, tree: Tree) -> None:
    """Some of each."""
    if author.odds(0.6):
        tree["transport"] = author.one("none", "tls", "tls", "tls", "unknown")
    for section in ("tasks", "api_calls", "flows", "models"):
        for one in tree.get(section, {}).values():
            if author.odds(0.2):
                one["transport"] = author.one(*TRANSPORTS)
    for one in tree.get("flows", {}).values():
        if author.odds(0.6):
            one["retention_days"] = author.one(*DAYS)
        if author.odds(0.3):
            one["payload"] = author.one("model_update", "adapter_update", "gradients", "head_update", "soft_prompt")
    for one in (*tree["nodes"].values(), *tree.get("tasks", {}).values()):
        if author.odds(0.2):
            one["code_from"] = author.one(*AUTHORS)
