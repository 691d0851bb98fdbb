"""
Processing in the terms of the W3C Data Privacy Vocabulary (DPV), as JSON-LD.

Every term stands in DPV 2.3 (https://github.com/w3c/dpv @f01a55c, folders 2.3/dpv, 2.3/pd, 2.3/loc and
2.3/legal/eu/gdpr, looked up on 2026-11-29); what has no term there is given as a description.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from fedpolicy.findings import Report
from fedpolicy.overview import Overview
from fedpolicy.page import Activity, DataCategory, Measure, Recipient, Ropa, Who
from fedpolicy.report.ropa import faults
from fedpolicy.report.rows import json_text

SUMMARY = "for catalogues of processing: the W3C Data Privacy Vocabulary 2.3, as JSON-LD"
SUFFIX = ".dpv.jsonld"
OVERVIEW = RECORD = True
VERSION = "2.3"
CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "loc": "https://w3id.org/dpv/loc#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
}
_MEASURES = {
    "secure_aggregation": "SecureMultiPartyComputation",
    "differential_privacy": "DifferentialPrivacy",
    "homomorphic_encryption": "HomomorphicEncryption",
    "end_to_end_encryption": "EndToEndEncryption",
    "secret_sharing": "SecretSharingSchemes",
    "secure_computation": "SecureMultiPartyComputation",
    "deidentification": "Deidentification",
    "transport tls": "EncryptionInTransfer",
    "transport mtls": "EncryptionInTransfer",
}
_BASES = {
    "consent": "A6-1-a",
    "contract": "A6-1-b",
    "legal_obligation": "A6-1-c",
    "vital_interests": "A6-1-d",
    "public_task": "A6-1-e",
    "legitimate_interests": "A6-1-f",
}
_TOOLS = {"adequacy": "A45-3", "bcr": "A46-2-b", "scc": "A46-2-c"}
_OPERATIONS = {"tasks": "Use", "api_calls": "Share", "flows": "Transfer", "datasets": "Store"}
_NOTE = "What a deployment file declares and what follows from it; no statement on whether any law is kept."


def render(report: Report) -> str:
    """Write a process for each activity, and the parties that it names."""
    graph = [node for one in report.overviews for node in _nodes(one)]
    about: dict[str, Any] = {
        "@id": "urn:fedpolicy:document",
        "dct:conformsTo": {"@id": f"https://w3id.org/dpv/{VERSION}"},
        "dct:description": _NOTE,
        "dct:creator": f"fedpolicy {report.version}",
    }
    lost = [f"{one.span}: {one.message}" for one in faults(report)]
    about |= {"dct:abstract": [f"Cannot be used, and is not in here: {text}" for text in lost]} if lost else {}
    return json_text({"@context": CONTEXT, "@graph": [about, *graph]})


def _nodes(one: Overview) -> Iterator[dict[str, Any]]:
    record = one.record
    if record is None:
        return
    yield from (_process(one, activity) for activity in record.activities)
    controllers = {who for activity in record.activities for who in activity.controllers}
    for who in sorted(_everybody(record), key=lambda who: who.id):
        yield _party(one, who, controls=who in controllers)


def _everybody(record: Ropa) -> set[Who]:
    return {who for one in record.activities for who in (*one.controllers, *(each.who for each in one.recipients))}


def _process(of: Overview, one: Activity) -> dict[str, Any]:
    basis = [_term("eu-gdpr", _BASES[word]) for word in one.bases]
    basis += [_described("LegalBasis", text) for text in one.exceptions]
    third = sorted({code for each in one.recipients for code, _ in each.outside})
    parts = {
        "dct:title": one.title,
        "dct:source": f"{of.file}:{one.line}",
        "dpv:hasDataController": [_named(of, who) for who in one.controllers],
        "dpv:hasPurpose": [_described("Purpose", text) for text in one.purposes],
        "dpv:hasLegalBasis": [*basis, *_tools(one.recipients)],
        "dpv:hasDataSubject": [_described("DataSubject", text) for text in one.subjects],
        "dpv:hasPersonalData": [_data(kind) for kind in one.kinds],
        "dpv:hasProcessing": [_term("dpv", _OPERATIONS[one.id.partition(".")[0]])],
        "dpv:hasRecipient": [_named(of, who) for who in dict.fromkeys(each.who for each in one.recipients)],
        "dpv:hasThirdCountry": [_term("loc", code) for code in third],
        "dpv:hasStorageCondition": [_described("StorageDuration", text) for text in one.erasure],
        "dpv:hasTechnicalMeasure": [_measure(each) for each in one.measures],
    }
    made = {"@id": _id(of, one.id), "@type": "dpv:PersonalDataProcess"}
    return made | {name: value for name, value in parts.items() if value}


def _data(kind: DataCategory) -> dict[str, Any]:
    """A category by its own term, else by the general one and a description."""
    if kind.dpv:
        return _term("pd", kind.dpv)
    general = "SpecialCategoryPersonalData" if kind.special else "PersonalData" if kind.personal else "NonPersonalData"
    return _described(general, kind.title)


def _tools(recipients: Iterable[Recipient]) -> Iterator[dict[str, Any]]:
    found = dict.fromkeys(tool for one in recipients for tool, _ in one.tools)
    for tool in found:
        known = _TOOLS.get(tool)
        yield _term("eu-gdpr", known) if known else _described("DataTransferLegalBasis", tool)


def _measure(one: Measure) -> dict[str, Any]:
    known = _MEASURES.get(one.kind)
    return _term("dpv", known) if known else _described("TechnicalMeasure", one.kind.replace("_", " "))


def _party(of: Overview, who: Who, *, controls: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "@id": _id(of, f"parties.{who.id}"),
        "@type": "dpv:DataController" if controls else "dpv:Recipient",
        "dpv:hasName": who.name,
    }
    return row | ({"dpv:hasCountry": [_term("loc", code) for code in who.countries]} if who.countries else {})


def _named(of: Overview, who: Who) -> dict[str, str]:
    return {"@id": _id(of, f"parties.{who.id}")}


def _term(vocabulary: str, name: str) -> dict[str, Any]:
    return {"@id": f"{vocabulary}:{name}"}


def _described(kind: str, text: str) -> dict[str, Any]:
    """What has no term of its own."""
    return {"@type": f"dpv:{kind}", "dct:description": text}


def _id(of: Overview, element: str) -> str:
    return f"urn:fedpolicy:{quote(of.deployment, safe='')}:{quote(element, safe='.@')}"
