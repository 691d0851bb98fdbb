"""The reference and the product say the same, and the reference knows nothing of how the product finds it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.reference import comparison, findings
from tests.reference.comparison import (
    CATALOG,
    CONTROL,
    EXPOSURE,
    FINDINGS,
    compare,
    disagreements,
    read,
    shown,
    shrunk,
)
from tests.reference.deployments import deployment
from tests.reference.reference import levels

pytestmark = pytest.mark.no_cover  # hundreds of deployments

HERE = Path(__file__).parent
COUNT = 200  # CI compares 5,000
PARTS = 4
FEWER = 200  # of control, and of findings
ASKS = ("findings.py", "analysed.py")
LOOKED_AT = 700  # by the judges of findings alone
LEAK = {
    "parties": {"a": {"role": "participant"}, "x": {"role": "processor"}, "y": {"role": "host"}},
    "nodes": {"client": {"kind": "client", "party": ["a"]}, "store": {"kind": "store", "party": "x", "host": "y"}},
    "datasets": {"notes": {"at": "client", "categories": ["health", "image"], "subjects": 50}},
    "flows": {
        "copy": {"from": "client", "to": "store", "payload": "records"},
        "more": {"from": "client", "to": "store", "payload": "metrics"},
    },
}

# Random noise is seldom enough in each use, and too little in all together.
_NOISE = {"kind": "differential_privacy", "where": "client", "noise_multiplier": 0.7, "clipping_norm": 1.0}
_NOISY = {
    "payload": "metrics",
    "safeguards": [{**_NOISE, "sampling": "none", "steps": 1, "delta": 1e-6, "unit": "record"}],
}
ADDED_UP = {
    **LEAK,
    "datasets": {"notes": {"at": "client", "categories": ["health"], "subjects": 40000}},
    "flows": {name: {"from": "client", "to": "store", **_NOISY} for name in ("one", "two")},
}

# A relay that the owner does not trust adds up in name only; what it passes on may be one record, behind a seal or not.
RELAYED = {
    "parties": {"a": {"role": "participant"}, "b": {"role": "participant"}, "x": {"role": "processor"}},
    "nodes": {
        "client": {"kind": "client", "party": ["b"]},
        "aggregator": {"kind": "aggregator", "party": "a"},
        "relay": {"party": "x"},
        "store": {"party": "x"},
    },
    "datasets": {"notes": {"at": ["client"], "categories": ["health"]}},
    "tasks": {
        "tune": {
            "method": "black_box_prompt_tuning",
            "data": ["notes@b"],
            "runs_on": ["client"],
            "code_from": "x",
            "hops": [{"at": "relay"}],
            "safeguards": [
                {"kind": "homomorphic_encryption", "sealed_for": ["aggregator"]},
                {"kind": "secret_sharing", "threshold": 2, "of": ["relay", "store"]},
            ],
        }
    },
}


@pytest.mark.parametrize(
    ("about", "first", "size", "refused"),
    [
        *((EXPOSURE, part * COUNT // PARTS, COUNT // PARTS, 0.25) for part in range(PARTS)),
        (CONTROL, 0, FEWER, 0.4),
        (FINDINGS, 0, FEWER, 0.5),
    ],
)
def test_the_reference_and_the_product_agree(about, first, size, refused):
    found = dict(compare("0", first, size, about))
    for number, wrong in found.items():
        assert not wrong, f"deployment {number}\n{shown(about.made('0', number, 'both'), wrong)}"

    assert list(found.values()).count(None) <= size * refused


def test_what_control_hangs_on_is_added_to_deployments_that_stay_what_they_are():
    numbers = range(50)
    trees = [CONTROL.made("0", number, "both") for number in numbers]

    assert [tree["datasets"] for tree in trees] == [deployment(f"0:{number}")["datasets"] for number in numbers]
    added = ("ref", "licence", "account", "hardware", "fallback", "emulates", "weights")
    assert all(f"'{key}'" in str(trees) for key in added)


@pytest.mark.slow  # hundreds of deployments, each judged by all
def test_what_rules_read_is_said_so_often_that_each_rule_fails_and_passes():
    trees = [ADDED_UP, *(FINDINGS.made("0", number, "both") for number in range(LOOKED_AT))]
    said = [findings.judged_alone(tree) for tree in trees if read(tree) is not None]

    for rule in findings.RULES:
        failed = sum(any(row[0] == rule and verdict == "fail" for row, verdict in one.items()) for one in said)
        assert 0 < failed < len(said), f"{rule} fails in {failed} of {len(said)}"


def test_budgets_that_add_up_are_judged_alike():
    assert findings.judged_alone(ADDED_UP)["budgets-add-up", "x notes"] == "fail"
    assert disagreements(ADDED_UP, FINDINGS) == []


def test_a_rule_that_says_too_little_is_found(monkeypatch):
    tree = {**LEAK, "agreements": {"deal": {"kind": "consortium", "between": ["a", "x"], "expires": "2020-01-31"}}}
    assert disagreements(tree, FINDINGS) == []

    monkeypatch.setattr(findings, "found", lambda _: {})

    assert "agreement-expired agreements.deal: product pass, reference fail" in map(str, disagreements(tree, FINDINGS))


def test_a_hold_that_the_product_does_not_see_is_found(monkeypatch):
    right = comparison.control
    said = {"weights": "closed", "via": ["x"], "account": "participants"}
    asked = {"method": "llm_judge", "model": "judge", "data": ["notes"], "runs_on": "client"}
    tree = {**LEAK, "models": {"judge": said}, "tasks": {"score": asked}, "flows": {}}
    assert disagreements(tree, CONTROL) == []

    monkeypatch.setattr(comparison, "control", lambda *given: dict(list(right(*given).items())[:1]))

    assert [str(one) for one in disagreements(tree, CONTROL)] == [
        "tasks.score a run: product given, ended by x, reference nothing"
    ]


def test_a_sum_of_somebody_whom_the_owner_does_not_trust_limits_nothing():
    assert disagreements(RELAYED) == []
    assert levels(read(RELAYED), CATALOG)["x", "operator", "notes@b"][-1] == "verbatim"


def test_the_same_seed_gives_the_same_deployment():
    assert deployment("0:7") == deployment("0:7")
    assert deployment("0:7") != deployment("0:8")


def test_a_disagreement_is_found_and_made_small(monkeypatch):
    right = comparison.levels

    def wrong(found, catalog):
        return {row: levels for row, levels in right(found, catalog).items() if row[1] != "host"}

    monkeypatch.setattr(comparison, "levels", wrong)

    found = disagreements(LEAK)
    assert [str(one) for one in found] == [
        "y host notes@a: product verbatim verbatim verbatim verbatim, reference none none none none"
    ]
    small = shrunk(LEAK, comparison.wrong)
    assert list(small["flows"]) == ["more"]
    assert small["datasets"]["notes"] == {"at": "client", "categories": ["image"]}
    assert shown(small, found).startswith("# y host notes@a: product verbatim")


def test_a_refused_deployment_is_no_disagreement():
    assert disagreements({**LEAK, "flows": {"copy": {"from": "nobody", "to": "store", "payload": "records"}}}) is None


@pytest.mark.parametrize("module", sorted(HERE.rglob("*.py")), ids=lambda path: path.stem)
def test_the_reference_uses_the_reader_and_the_catalogue_only(module):
    allowed = ("fedpolicy.language", "fedpolicy.catalog", "tests.reference")
    tree = ast.parse(module.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            ours = name.split(".")[0] in {"fedpolicy", "tests"}
            # These alone ask the product.
            asks = module.name in ASKS or (module.name == "comparison.py" and name == "tests.helpers")
            assert not ours or asks or name.startswith(allowed), f"{module.name} imports {name}"
