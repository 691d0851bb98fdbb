"""The fields of a record of processing as words: what the file contributes to each, and what is left to fill in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fedpolicy.records import dataclass, replace
from fedpolicy.report import few, listing
from fedpolicy.report.annotations import UNUSABLE, Annotation, problems
from fedpolicy.report.markup import code, line, prose

if TYPE_CHECKING:
    from fedpolicy.findings import Report
    from fedpolicy.page import Activity, Measure, Processor, Recipient, Responsibility

CAUTION = (
    "This is what a deployment file contributes to a record of processing activities (GDPR Article 30). Each residual"
    " gap has to be closed by a person who knows the facts. It says nothing about whether the law is kept, and it is no"
    " record until the controller has completed and adopted it."
)
HEADS = ("control", "rests on", "may be changed by", "contribution", "residual gap", "where")
PROCESSING = ("who", "on behalf of", "processing", "transfers", "contribution of the file", "residual gap")
_MOST = 30  # names in one field


@dataclass(frozen=True, slots=True, kw_only=True)
class RopaField:
    """One field of a record: the letter of Article 30(1), its name, the contribution of the file, the residual gap."""

    article: str
    name: str
    contribution: str
    gap: str


def ropa_fields(one: Activity) -> Iterator[RopaField]:
    """The fields of Article 30(1), in its order; then the legal basis, which stands beside a record."""
    yield _controller(one)
    yield _field("30(1)(b)", "purposes", one.purposes, "", "the purpose")
    yield _field("30(1)(c)", "categories of data subjects", one.subjects, "who these people are", "who they are")
    kinds = [f"{kind.title}{' (special category)' if kind.special else ''}" for kind in one.kinds]
    yield _field("30(1)(c)", "categories of personal data", kinds, "", "the categories")
    told = [f"{who.who}, as {who.role}: {who.level}" for who in one.recipients]
    nobody = ["nobody else, as the file has it"]
    yield _field("30(1)(d)", "categories of recipients", told or nobody, "recipients that the file does not name", "")
    yield _transfers(one.recipients)
    yield _field("30(1)(f)", "time limits for erasure", one.erasure, "", "the time limits")
    measures = [_measure(measure) for measure in one.measures]
    unseen = "organisational measures, and evidence that the declared ones run"
    yield _field("30(1)(g)", "security measures", measures, unseen, f"technical measures; {unseen}")
    bases = [word.replace("_", " ") for word in (*one.bases, *one.exceptions)]
    special = any(kind.special for kind in one.kinds) and not one.exceptions
    lacking = ["the legal basis"] * (not one.bases) + ["the exception of Article 9(2)"] * special
    yield RopaField(article="6, 9", name="legal basis", contribution="; ".join(bases), gap="; ".join(lacking))


def _field(article: str, name: str, said: Sequence[str], rest: str, missing: str) -> RopaField:
    """A field and its gap: the `rest` where something is said, all that is `missing` where nothing is."""
    told = "; ".join(few(said, _MOST))
    return RopaField(article=article, name=name, contribution=told, gap=rest if said else missing)


def _controller(one: Activity) -> RopaField:
    people = [", ".join([str(who), *(["/".join(who.countries)] if who.countries else [])]) for who in one.controllers]
    joint = f" (joint controllers by {listing(one.joint)})" if one.joint else ""
    rest = "that the owner of the data is the controller; contact details, representative, data protection officer"
    found = _field("30(1)(a)", "controller", people, rest, "the controller and its contact details")
    return replace(found, contribution=f"{found.contribution}{joint}")


def _transfers(recipients: Sequence[Recipient]) -> RopaField:
    said, lacking = [], []
    for party in dict.fromkeys(one.who for one in recipients):
        found = next(one for one in recipients if one.who == party)
        tools = [f"{tool} ({where})" if where else tool for tool, where in found.tools]
        if found.outside:
            places = ", ".join(f"{code} ({words})" for code, words in found.outside)
            said.append(f"{party}: {places}, {'tool: ' + ', '.join(tools) if tools else 'no tool stated'}")
            if not tools and any(words != "adequacy full" for _, words in found.outside):
                lacking.append(f"documents of the safeguards for {party}")
        elif not party.countries:
            lacking.append(f"the country of {party}")
    return RopaField(
        article="30(1)(e)",
        name="transfers to third countries",
        contribution="; ".join(said[:_MOST]) or "none that the file shows",
        gap="; ".join(lacking[:_MOST]) or ("" if said else "transfers that the file does not name"),
    )


def _measure(one: Measure) -> str:
    who = f", resting on {listing(one.rests_on)}" if one.rests_on else ""
    return f"{one.kind.replace('_', ' ')}{who} (line {one.line})"


def duty(one: Responsibility) -> tuple[str, ...]:
    """A row of the responsibility table, under `HEADS`."""
    consent = f", with the consent of {one.consent}" if one.consent else ""
    return (
        one.control,
        listing(one.rests_on) or "-",
        f"{listing(one.changed_by)}{consent}" if one.changed_by else "-",
        one.contribution or "none",
        one.gap or "-",
        f"{one.where}, line {one.line}",
    )


def processing(one: Processor) -> tuple[str, ...]:
    """A row for somebody who may be a processor, by the fields of Article 30(2), under `PROCESSING`."""
    signed = "; ".join(f"{name} with {controllers}" for name, controllers in one.agreements)
    lacking = f"an agreement on processing with {listing(one.without)}; " if one.without else ""
    tools = f", tool: {', '.join(tool for tool, _ in one.tools)}" if one.tools else ""
    return (
        str(one.who),
        listing(one.controllers),
        listing(one.activities),
        f"{', '.join(f'{code} ({words})' for code, words in one.outside)}{tools}" if one.outside else "none shown",
        signed or "none",
        f"{lacking}whether it is a processor or a controller of its own; contact details; its security measures",
    )


def faults(report: Report) -> list[Annotation]:
    """What could not be used, so that it is in no record."""
    return [one for one in problems(report) if one.rule == UNUSABLE]


def unusable(report: Report) -> Iterator[str]:
    """The same as Markdown, which stands first: nobody may take a record for whole that is not."""
    lost = [line(f"{code(str(one.span))}: {prose(one.message)}") for one in faults(report)]
    if lost:
        yield "\n".join(["Cannot be used, and is not in here:", "", *lost])
