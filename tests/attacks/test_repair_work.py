"""However many copies somebody allows, a repair ends: what all copies may hold together is bounded, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from fedpolicy.cli import main
from fedpolicy.repair import costs_of
from fedpolicy.repair.answer import Choice, Request, repair
from fedpolicy.repair.changes import kinds
from fedpolicy.report.repair import as_text
from fedpolicy.settings import Settings
from fedpolicy.sources import read

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "clinical-notes" / "deployment.yaml")


def asked(rechecks, flows=200_000):
    settings, costs = Settings(), costs_of(kinds())
    choice = Choice(fail_on="low")
    return repair(
        Request(source=read(EXAMPLE), settings=settings, costs=costs, choice=choice, rechecks=rechecks, flows=flows),
    )


@pytest.mark.parametrize("rechecks", [300, 10**9])
def test_the_flows_of_all_copies_are_bounded_and_the_answer_says_so(rechecks):
    found = asked(rechecks, flows=100)

    assert found.exhausted
    assert found.stopped
    assert found.rechecks < 20
    assert "the search stopped there: they have 100 flows (--max-flows allows more)" in " ".join(as_text(found).split())


def test_the_command_takes_the_bound(capsys):
    assert main(["repair", EXAMPLE, "--fail-on", "low", "--max-flows", "100"]) == 1
    assert "(--max-flows allows more)" in " ".join(capsys.readouterr().out.split())


def test_a_few_copies_are_no_reason_to_stop():
    assert not asked(3).exhausted
