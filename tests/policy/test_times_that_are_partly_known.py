"""How long prompts are kept where one time is known and another one is not, with a limit above zero."""

import pytest

from fedpolicy.policy import set_params
from fedpolicy.policy.load import load_rules
from tests.policy.worlds import judged

TEXT = """
    fedpolicy: 1
    name: kept
    parties: {{a: {{role: participant}}, acme: {{role: provider}}}}
    nodes: {{client: {{kind: client, party: a}}}}
    datasets: {{notes: {{at: client, categories: [health]}}}}
    models:
      judge: {{weights: closed, via: [acme], terms: {{retention_days: {known}}}}}
    api_calls:
      ask: {{from: client, model: judge, sends: notes}}
      again: {{from: client, model: judge, sends: notes, retention_days: unknown}}
"""


@pytest.mark.parametrize(("known", "limit", "verdict"), [(30, 30, "unknown"), (30, 7, "fail"), (0, 30, "unknown")])
def test_a_shorter_time_hides_none_that_is_not_known(known, limit, verdict):
    rules = [one for one in load_rules(["federation"]) if one.id == "prompts-retained"]
    rules = set_params(rules, rules, {"prompts-retained.max_days": str(limit)}, [])

    found = judged(TEXT.format(known=known), *rules).findings

    assert [one.verdict.value for one in found] == [verdict]
    if verdict == "unknown":
        assert found[0].missing == ("api_calls.again.retention_days",)
    else:
        assert f"for {known} days" in found[0].message
