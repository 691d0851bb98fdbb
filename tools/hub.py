"""What the Hub says of models whose weights can be had: whether there is a gate, the licence, the size."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

from fedpolicy.records import dataclass
from tools.wheels import Facts, Said, clear_licence

HUB = "https://huggingface.co"
_KEYS = ("cardData", "disabled", "gated", "pipeline_tag", "safetensors")
_MODES = {
    "text-generation": "chat",
    "image-text-to-text": "chat",
    "sentence-similarity": "embedding",
    "feature-extraction": "embedding",
}
_NEXT = re.compile(r'<([^>]+)>; rel="next"')
_AGAIN = timedelta(days=90)  # after which a fact that stayed the same gets the day of its last look


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The pages of the Hub, as they were on a day."""

    day: str

    def source(self, member: str) -> str:
        """What a row says of a fact from a model's page."""
        return f"{HUB}/{member}"


def hub_models(names: Iterable[str], before: Iterable[Said], hub: str = HUB) -> list[Said] | None:
    """What the Hub says of these models, an organisation a question; None where it cannot be reached."""
    wanted = {name for name in names if name.count("/") == 1}
    try:
        rows = [row for author in sorted({name.partition("/")[0] for name in wanted}) for row in _models(hub, author)]
    except HTTPError as refusal:
        refusal.close()
        return None
    except (OSError, HTTPException, ValueError):  # no network, half an answer, or a page of a proxy
        return None
    known = {one.name: one for one in before}
    return sorted((_said(row, known) for row in rows if row["id"] in wanted), key=lambda one: one.name)


def _models(hub: str, author: str) -> Iterator[dict[str, Any]]:
    words = urlencode([("author", author), ("limit", "1000"), *(("expand", key) for key in _KEYS)])
    page: str | None = f"{hub}/api/models?{words}"
    while page:
        with urlopen(page, timeout=30) as answer:  # noqa: S310  the address is our own, and it names the next page
            yield from json.load(answer)
            more = _NEXT.search(answer.headers.get("Link") or "")
            page = more[1] if more and more[1].startswith(f"{hub}/") else None


def _said(row: Mapping[str, Any], known: Mapping[str, Said]) -> Said:
    facts = _facts(row)
    today = datetime.now(UTC).date()
    before = known.get(row["id"])
    if before and before.facts == facts and today - date.fromisoformat(before.origin.day) < _AGAIN:
        return before
    return Said(origin=Page(day=today.isoformat()), member=row["id"], name=row["id"], facts=facts)


def _facts(row: Mapping[str, Any]) -> Facts:
    card, size = row.get("cardData") or {}, row.get("safetensors") or {}
    licence = card.get("license_name") or card.get("license")
    facts: Facts = {"license": licence if clear_licence(licence) else None, "n_parameters": size.get("total")}
    facts |= {"mode": _MODES.get(row.get("pipeline_tag") or "")}
    # An answer without the key says nothing: only `false` means that there is no gate.
    if not row.get("disabled") and row.get("gated") is not None:
        facts |= {"weights": "gated" if row.get("gated") else "open"}
    return {key: value for key, value in facts.items() if value}
