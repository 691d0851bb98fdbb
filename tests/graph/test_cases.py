"""
Small deployments and every flow that they imply, in order. A file dropped into `cases/` is a test.

A flow is written `source -payload-> target: what it may carry [what implies it]`; `->?` is a flow that may happen,
`*` all that its source holds. `--update-golden` writes what is found; read it before you keep it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import cases, flow_lines, graph_of, read_case

CASES = cases(Path(__file__).parent / "cases")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_deployment_implies_the_flows_that_its_case_lists(path, request):
    expected, deployment = read_case(path)
    found = list(flow_lines(graph_of(deployment)))
    if request.config.getoption("--update-golden"):
        lines = "".join(f'\n  - "{line}"' for line in found) or " []"
        path.write_text(f"about: {expected['about']}\nflows:{lines}\n---\n{deployment}", encoding="utf-8")
    assert set(expected) == {"about", "flows"}
    assert found == expected["flows"]


def test_there_are_cases():
    assert len(CASES) >= 20
