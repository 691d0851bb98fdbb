"""Whose a name is: routes of litellm to providers, and families of models that were never published."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tools.generated import Row, listed_in

# Routes of litellm to providers of the catalogue, and what their names begin with there.
ROUTES: Mapping[str, tuple[str, str]] = {
    "openai": ("openai", ""),
    "anthropic": ("anthropic", ""),
    "gemini": ("google", "gemini/"),
    "mistral": ("mistral", "mistral/"),
    "cohere": ("cohere", ""),
    "cohere_chat": ("cohere", ""),
    "xai": ("xai", "xai/"),
    "deepseek": ("deepseek", "deepseek/"),
    "azure": ("microsoft-azure", "azure/"),
    "bedrock": ("amazon-bedrock", ""),
    "bedrock_converse": ("amazon-bedrock", ""),
    "bedrock_mantle": ("amazon-bedrock", "bedrock_mantle/"),
}
CLOUDS = {"microsoft-azure": "azure/", "google-vertex": "vertex_ai/", "amazon-bedrock": ""}
OPEN = ("open", "gated")
SHARED = ("developer", "weights", "architecture", "training_code", "training_data", "licence")
NEVER_PUBLISHED = {"chatgpt", "claude", "gemini", "gpt", "o"}  # first words of names; others were, at times


def family(name: str, provider: str, hand: Mapping[str, Row]) -> Row:
    """What all rows by hand of a family say, with where the youngest of them has it from."""
    bare = name.partition(".")[2] if provider == "amazon-bedrock" and re.match(r"[a-z]+\d*\.[a-z]", name) else name
    published = {_stem(identity.partition("/")[2]) for identity, row in hand.items() if row.get("weights") in OPEN}
    stem = _stem(bare)
    if stem.partition("-")[0] not in NEVER_PUBLISHED or any(
        f"-{one}-" in f"-{bare}-" for one in published - NEVER_PUBLISHED if one
    ):
        return {}
    hosted = {
        identity: row for identity, row in hand.items() if row.get("provider") and row.get("provider") not in CLOUDS
    }
    while stem:
        rows = [row for identity, row in hosted.items() if _stem(identity.partition("/")[2]) == stem]
        if rows:
            agreed = {
                key: rows[0][key]
                for key in SHARED
                if key in rows[0] and all(row.get(key) == rows[0][key] for row in rows)
            }
            if provider in CLOUDS:
                agreed.pop("licence", None)
            youngest = max(rows, key=lambda row: str(row["as_of"]))
            origin = {"source": listed_in(youngest["source"])[:1], "as_of": str(youngest["as_of"])}
            return {**agreed, "origin": origin} if agreed else {}
        stem = stem.rpartition("-")[0]
    return {}


def _stem(name: str) -> str:
    """`claude-opus` of `claude-opus-4-5`, `gpt` of `gpt-4o-mini`."""
    words = re.split(r"[-@.:]", name)
    plain_words: list[str] = []
    for word in words:
        if re.search(r"\d", word):
            letters = re.match(r"[a-z]+(?=\d)", word)
            plain_words += [letters[0]] if letters and not plain_words else []
            break
        plain_words.append(word)
    return "-".join(plain_words)
