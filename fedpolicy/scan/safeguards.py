"""Which safeguards evidence proves; what was not read may add others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from fedpolicy.findings import Span
from fedpolicy.records import dataclass
from fedpolicy.scan.evidence import NONE, Evidence, Strength

__all__ = ["Safeguards", "app_safeguards", "job_safeguards"]

_NOISE = ("noise_multiplier", "clipping_norm")
_FLOWERS_NOISE = re.compile(r"DifferentialPrivacy\w+Clipping|LocalDpMod")
# What nvflare filters do that is neither noise nor encryption.
_PLAIN_FILTERS = ("PercentilePrivacy", "ExcludeVars", "StatisticsPrivacyFilter")


@dataclass(frozen=True, slots=True, kw_only=True)
class Safeguards:
    """
    Entries of YAML with their places.

    Code can always add noise of its own, so these are never all that there may be: `why` and `doubt` say what to look
    at.
    """

    entries: tuple[tuple[str, Span], ...]
    why: str
    doubt: Span | None = None


def job_safeguards(job: Sequence[Evidence], everything: Sequence[Evidence], clients: Sequence[str]) -> Safeguards:
    """Those of a job of NVFLARE: its own filters, and those of sites, which run first and which no job can refuse."""
    entries: list[tuple[str, Span]] = []
    filters = [one for one in (*job, *_site_filters(job, everything)) if one.attribute == "result_filter"]
    for one in filters:
        if one.value in _PLAIN_FILTERS:
            entries.append((f"kind: filter, name: {one.value}", one.span))
        elif one.value == "SVTPrivacy":
            entries.append(("kind: differential_privacy, where: client, mechanism: sparse_vector", one.span))
    encrypted = _stated(job, "he_filter")
    context = _stated(everything, "he_context", "federation")
    if encrypted and encrypted.value not in (None, NONE) and context and context.value != NONE:
        entries.append((f"kind: homomorphic_encryption, sealed_for: [{', '.join(clients)}]", encrypted.span))
    noise = next((one for one in job if one.subject == "safeguard:differential_privacy"), None)
    if noise:
        return Safeguards(entries=_once(entries), why="how much noise the code adds", doubt=noise.span)
    doubt = next((one for one in filters if _is_open(one)), None)
    why = "what this filter does" if doubt else "what the training code itself adds"
    return Safeguards(entries=_once(entries), why=why, doubt=doubt.span if doubt else None)


def app_safeguards(app: Sequence[Evidence], clients: Sequence[str]) -> Safeguards:
    """Those of an app: what its code constructs, and switches that its framework obeys. Parameters prove none."""
    entries = list(_switched(app, clients))
    used = [one for one in app if one.attribute == "used" and one.strength is not Strength.DECLARED and one.value]
    for one in used:
        if _FLOWERS_NOISE.fullmatch(one.value or ""):
            numbers = [said for name in _NOISE if (said := _number(app, name))]
            where = "client" if one.value == "LocalDpMod" else "aggregator"
            entries.append((", ".join(["kind: differential_privacy", f"where: {where}", *numbers]), one.span))
    secure = next((one for one in used if one.subject == "safeguard:secure_aggregation" and one.value != NONE), None)
    why = "with how many clients a secure sum goes on: {kind: secure_aggregation, min_clients: ...}"
    if secure:
        return Safeguards(entries=_once(entries), why=why, doubt=secure.span)
    return Safeguards(entries=_once(entries), why="what the app's code itself adds")


def _switched(app: Sequence[Evidence], clients: Sequence[str]) -> Iterator[tuple[str, Span]]:
    on = [one for one in app if (one.attribute, one.value, one.strength) == ("used", "true", Strength.CONFIGURED)]
    for one in on:
        if one.subject == "safeguard:differential_privacy":
            where = next(
                (said.value for said in app if (said.subject, said.attribute) == (one.subject, "where")), "client"
            )
            yield f"kind: differential_privacy, where: {where}", one.span
        elif one.subject == "safeguard:homomorphic_encryption":
            yield f"kind: homomorphic_encryption, sealed_for: [{', '.join(clients)}]", one.span


def _site_filters(job: Sequence[Evidence], everything: Sequence[Evidence]) -> list[Evidence]:
    """Filters of the scope that the job is in; where it names none, of the scope that the site takes then."""
    scopes = [one for one in everything if one.kind == "scope"]
    wanted = {one.value for one in job if one.attribute == "scope"} - {"site_default"}
    if wanted:
        return [one for one in scopes if one.name in wanted]
    found: list[Evidence] = []
    for default in everything:
        if default.attribute == "default_scope":
            found += [one for one in scopes if one.span.file == default.span.file and one.name == default.value]
    return found


def _is_open(one: Evidence) -> bool:
    shipped = one.value is not None and "." not in one.value
    return not shipped and one.value != NONE


def _stated(said: Iterable[Evidence], attribute: str, subject: str = "") -> Evidence | None:
    return next((one for one in said if one.attribute == attribute and subject in ("", one.subject)), None)


def _number(app: Sequence[Evidence], attribute: str) -> str:
    """A number that code states. What stands in a configuration may be another one when it runs."""
    found = [one for one in app if one.attribute == attribute and one.value and one.strength is Strength.WIRED]
    return f"{attribute}: {found[0].value}" if found else ""


def _once(entries: list[tuple[str, Span]]) -> tuple[tuple[str, Span], ...]:
    return tuple({text: (text, span) for text, span in reversed(entries)}.values())[::-1]
