"""A report made by hand, with everything that a format may meet."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType

import pytest

from fedpolicy.errors import InputError, Interrupted, SpecError
from fedpolicy.findings import Finding, Hop, Reference, Report, RuleInfo, Severity, SourceFile, Span, Verdict
from fedpolicy.overview import Interruption
from fedpolicy.report.summarise import summarise

FILE = "clinic/deployment.yaml"
LINES = tuple(
    """\
fedpolicy: 1
name: clinic
parties:
  aphp: {role: participant}
  openai: {role: provider}
tasks:
  adapt:
    method: lora
    model: base
    data: [letters]
    runs_on: client
    rounds: 50
    clients_per_round: 3
    min_clients: 3
  score: {method: llm_judge, model: judge, data: [letters], runs_on: client}
api_calls:
  translate: {from: client, model: judge, sends: [letters], payload: prompts, purpose: "a long reason, so long that the line has to be cut to be read", region: US}
""".splitlines()  # noqa: E501  the point of the line
)
SEED = Reference(basis="seed", title="Agrawal et al. 2025", url="https://arxiv.org/abs/2505.23593", note="section 3")
LAW = Reference(basis="law", title="GDPR, Article 28")


def place(line: int, column: int, end_column: int, end_line: int = 0) -> Span:
    return Span(file=FILE, line=line, column=column, end_line=end_line or line, end_column=end_column)


SCORE = Hop(
    source="client@aphp",
    target="openai",
    payload="prompts",
    flow="tasks.score.prompts",
    implied_by="tasks.score (llm_judge)",
    span=place(15, 3, 8),
)
TO_GATEWAY = Hop(
    source="client@aphp", target="gateway", payload="prompts", flow="api_calls.translate", span=place(17, 3, 12)
)
TO_OPENAI = Hop(
    source="gateway", target="openai", payload="prompts", flow="api_calls.translate.2", span=place(17, 3, 12)
)


def finding(rule: str, severity: Severity, verdict: Verdict = Verdict.FAIL, **more) -> Finding:
    known = {
        "pack": "federation",
        "title": rule.replace("-", " ").capitalize(),
        "principle": "privacy",
        "elements": ("tasks.adapt",),
        "message": f"{rule} speaks of adapt",
        "span": place(7, 3, 8),
        "deployment": "clinic",
        "fingerprint": f"fp-{rule}",
    }
    return Finding(rule=rule, severity=severity, verdict=verdict, **(known | more))


CLOSED = finding(
    "private-data-to-closed-model",
    Severity.CRITICAL,
    elements=("parties.openai", "datasets.letters@aphp"),
    message="openai learns letters@aphp verbatim, because it runs judge, a black-box model that nobody else can run",
    span=place(17, 3, 12),
    paths=((SCORE,), (TO_GATEWAY, TO_OPENAI)),
    notes=("secure aggregation of adapt does not cover this flow",),
    why="Whoever runs a model sees what is sent to it.",
    help="Run an open-weight model on a node of your own.",
    references=(SEED, LAW),
)
BLOCK = finding("threshold-too-low", Severity.MEDIUM, span=place(7, 3, 19, 14))
CROWD = finding(
    "single-update-visible",
    Severity.HIGH,
    elements=tuple(f"datasets.letters@clinic-{number}" for number in range(10_000)),
    message="tum sees single updates",
)
UNKNOWN_A = finding(
    "inputs-kept",
    Severity.HIGH,
    Verdict.UNKNOWN,
    elements=("api_calls.translate",),
    span=place(17, 3, 12),
    missing=("api_calls.translate.trains_on_inputs",),
)
UNKNOWN_B = finding(
    "transfer-without-basis",
    Severity.MEDIUM,
    Verdict.UNKNOWN,
    elements=("api_calls.translate",),
    span=place(17, 3, 12),
    missing=("api_calls.translate.trains_on_inputs", "parties.openai.jurisdiction"),
)
WAIVED = finding("unpinned-model", Severity.LOW, Verdict.WAIVED, notes=("waived until 2027-01-31: pinned next week",))
COUNTS = {Verdict.FAIL: 3, Verdict.UNKNOWN: 2, Verdict.PASS: 1021, Verdict.NOT_APPLICABLE: 7, Verdict.WAIVED: 1}
RULES = (
    RuleInfo(
        id="private-data-to-closed-model",
        pack="federation",
        title="Private data reach a model that only its provider can run",
        severity=Severity.CRITICAL,
        principle="privacy",
        why="Whoever runs a model sees what is sent to it.",
        help="Run an open-weight model on a node of your own.",
        references=(SEED, LAW),
        false_positives=("the data are synthetic",),
    ),
    RuleInfo(id="no-findings-here", pack="federation", title="Nothing", severity=Severity.INFO),
)
BROKEN = SourceFile(
    name="clinic/broken.yaml",
    lines=("fedpolicy: 1", "nam: x"),
    errors=(
        SpecError(
            "unknown key `nam`",
            span=Span(file="clinic/broken.yaml", line=2, column=1, end_line=2, end_column=4),
            help="did you mean `name`?",
            path="nam",
        ),
        InputError("the file is odd"),
    ),
)


def full(*extra: SourceFile) -> Report:
    return summarise(
        [WAIVED, UNKNOWN_B, BLOCK, CROWD, CLOSED, UNKNOWN_A],
        [COUNTS],
        [SourceFile(name=FILE, lines=LINES, deployments=("clinic",)), *extra],
        packs=("federation",),
        rules=RULES,
        version="0.0.0",
    )


def clean() -> Report:
    return summarise(
        [],
        [{Verdict.PASS: 30, Verdict.NOT_APPLICABLE: 2}],
        [SourceFile(name=FILE, lines=LINES, deployments=("clinic",))],
        packs=("federation",),
        rules=RULES,
        version="0.0.0",
    )


def nothing() -> Report:
    return summarise([], [], [BROKEN], packs=("federation",), rules=RULES, version="0.0.0")


def stopped() -> Report:
    """Somebody stopped the run when three of ten files were checked."""
    interruption = Interruption(checked=3, files=10)
    report = replace(clean(), errors=(Interrupted(interruption),), interruption=interruption)
    return replace(report, findings=(BLOCK,), counts={**report.counts, BLOCK.verdict: 1})


@pytest.fixture
def made() -> ModuleType:
    """What is defined above, for tests to name."""
    return sys.modules[__name__]
