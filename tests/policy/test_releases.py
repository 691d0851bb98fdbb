"""What an owner releases is permitted, rule by rule; whom it trusts is permitted nothing."""

import copy
import json
from functools import cache

import pytest
import yaml

from fedpolicy.analysis import AnalysisSettings
from fedpolicy.files import policies_dir
from fedpolicy.policy.load import load_rules, pack_files
from fedpolicy.trial import EXAMPLE_DAY
from tests.policy.worlds import judged

DAY = AnalysisSettings(today=EXAMPLE_DAY)
EVERYTHING = [{"to": ["public"], "up_to": "verbatim"}]
# What these are about is no disclosure: licences, control, integrity, names, what is claimed of a safeguard, and what
# is sent to those who may not read it. Releases do not bear on that.
NOT_ABOUT_WHO_LEARNS = {
    *("anonymous-by-label", "architecture-or-code-closed", "black-box-model", "budgets-add-up", "checks-behind-masks"),
    *("claimed-epsilon-refuted", "dp-delta-too-large", "dp-parameters-incomplete", "dp-rate-contradicts"),
    *("dp-steps-contradict", "dp-unit-too-small", "dp-weak", "dp-without-noise", "filter-is-not-a-safeguard"),
    *("fixed-samples-as-poisson", "gray-box-model", "hardware-excludes-participant", "licence-excludes-participant"),
    *("licence-field-of-use", "licence-forbids-output-use", "licence-forbids-redistribution", "licence-missing"),
    *("licence-non-commercial", "licence-revocable", "licence-user-limit", "method-not-feasible", "model-unpinned"),
    *("no-audit-log", "no-withdrawal", "open-washing", "prompts-not-checked", "published-model-undocumented"),
    *("result-at-host-only", "result-not-evaluated", "result-not-kept", "rounds-depend-on-outsider"),
    *("safeguard-changeable-by-recipient", "safeguards-set-by-coordinator", "secure-aggregation-threshold-low"),
    *("safeguard-without-effect", "result-opened-together"),
    *("single-point-of-trust", "single-provider", "tasks-not-approved-by-participants", "training-data-undisclosed"),
    *("unattested-tee", "unencrypted-transport", "unknown-runner", "unsafe-weights-format", "updates-unbounded"),
    *("use-depends-on-member", "use-depends-on-one-jurisdiction", "weights-not-held", "weights-not-verified"),
    *("attribution-required", "provider-does-not-serve", "model-retired", "agreement-expired"),
    # Who may have an answer may not have all answers of a model that was trained on it, whoever asks.
    *("retained-prompts-reach-others", "training-on-inputs"),
}
# What rests on somebody's word: trust is what they ask for.
ABOUT_TRUST = {
    *("guarantee-rests-on-recipient", "guarantee-rests-on-untrusted", "code-from-untrusted"),
    "safeguard-changeable-by-recipient",
}


def failing_examples():
    for path in pack_files(policies_dir() / "federation"):
        tree = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        for place, example in enumerate(tree.get("examples", {}).get("fail", ())):
            yield pytest.param(path, example["deployment"], id=f"{path.stem}-{place}")


EXAMPLES = list(failing_examples())


@cache
def rule_of(path):
    (rule,) = load_rules([str(path)])
    return rule


def verdicts(path, deployment):
    text = json.dumps({"fedpolicy": 1, "name": "test", **deployment}, default=str)
    return {one.verdict.value for one in judged(text, rule_of(path), settings=DAY).findings}


@pytest.mark.no_cover  # the same lines for each case
@pytest.mark.parametrize(("path", "deployment"), EXAMPLES)
def test_what_the_owners_release_is_permitted(path, deployment):
    released = copy.deepcopy(deployment)
    for dataset in released.get("datasets", {}).values():
        dataset["releases"] = EVERYTHING

    assert ("fail" in verdicts(path, released)) == (path.stem in NOT_ABOUT_WHO_LEARNS)


@pytest.mark.no_cover  # the same lines for each case
@pytest.mark.parametrize(("path", "deployment"), EXAMPLES)
def test_whom_an_owner_trusts_is_permitted_nothing(path, deployment):
    trusting = copy.deepcopy(deployment)
    names = sorted(trusting.get("parties", {}))
    for name, party in trusting.get("parties", {}).items():
        party["trusts"] = [other for other in names if other != name]

    if path.stem not in ABOUT_TRUST:
        assert "fail" in verdicts(path, trusting)
