"""Evidence and `unknown` leave the tree before it is validated."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedpolicy.language.reading.claims import Claim
from tests.language.reading import ACCEPT, HERE, load, one, plain_documents
from tests.laws import examples

START = "fedpolicy: 1\nname: claims\n"


def test_evidence_goes_to_a_table_by_path():
    document = one((HERE / "accept" / "claims.yaml").read_bytes())

    assert document.claims["parties.a.role"] == Claim(evidence="contractual", reference="contracts/1.pdf")
    assert document.claims["tasks.train.safeguards.0"] == Claim(evidence="measured", reference="audit.pdf")
    assert document.claims["tasks.train.safeguards.1.limit"] == Claim(evidence="measured")
    assert document.claims["nodes.client.count"] == Claim(evidence="declared")
    assert document.deployment.parties["a"].jurisdiction == ("NO",)
    assert document.deployment.nodes["aggregator"].tee.attested is True


def test_unknown_is_absent_and_remembered():
    document = one((HERE / "accept" / "unknowns.yaml").read_bytes())

    assert document.deployment.setting is None
    assert document.deployment.datasets["notes"].releases is None
    assert document.deployment.governance.withdrawal is None
    assert {"setting", "datasets.notes.releases", "governance.eu_ai_act.risk"} <= document.unknowns


def test_an_unknown_with_evidence_is_unknown_and_no_claim():
    document = one(f"{START}setting: {{value: unknown, evidence: attested}}\n")

    assert document.unknowns == {"setting"}
    assert document.claims == {}


@pytest.mark.parametrize("name", ["value", "evidence", "reference"])
def test_entries_may_be_called_like_the_keys_of_a_claim(name):
    document = one(f"{START}parties:\n  {name}: {{role: participant}}\n")

    assert document.deployment.parties[name].role == ("participant",)


def test_a_leakage_audit_has_a_reference_without_being_a_claim():
    body = "flows: {f: {from: a, to: b, payload: logs, safeguards: [{kind: leakage_audit, reference: audit.pdf}]}}"
    document = one(f"{START}parties: {{a: {{role: user}}, b: {{role: user}}}}\n{body}")

    assert document.deployment.flows["f"].safeguards[0].reference == "audit.pdf"
    assert document.claims == {}


CASES = [path for path in ACCEPT if path.stem not in ("claims", "smallest")]


def _places(tree, path=()):
    """The values of entries, which may be claims, and items of their lists."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            here = (*path, key)
            if path or key in ("name", "setting", "governance"):
                yield here
            yield from _places(value, here)
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield (*path, index)
            yield from _places(value, (*path, index))


def _claimable(tree):
    sections = {"parties", "nodes", "datasets", "models", "tasks", "api_calls", "flows", "agreements"}
    return [
        path
        for path in _places(tree)
        if not _is_claimed(tree, path)
        and path[-1] != "roles"
        and not (path[0] in sections and len(path) == 2)  # maps by id and entries are no values
    ]


def _is_claimed(tree, path):
    """Whether something is a claim, or a part of one."""
    for step in path:
        tree = tree[step]
        if isinstance(tree, dict) and "value" in tree:
            return True
    return False


def _wrapped(tree, path):
    found = copy.deepcopy(tree)
    inner = found
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = {"value": inner[path[-1]], "evidence": "measured", "reference": "here"}
    return found


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
@settings(max_examples=examples(40, few=20, fewer="it is tried on each of the files that are accepted"))
@given(data=st.data())
def test_claims_are_transparent(path, data):
    tree = plain_documents(path)[0]
    place = data.draw(st.sampled_from(_claimable(tree) or [("name",)]))
    plain = load(json.dumps(tree))
    claimed = load(json.dumps(_wrapped(tree, place)))

    assert [str(error) for error in claimed.errors] == []
    assert claimed.documents[0].deployment == plain.documents[0].deployment
    assert claimed.documents[0].unknowns == plain.documents[0].unknowns
