"""Who learns how much: propagation beside a model of its own, and what must hold whatever the deployment."""

from __future__ import annotations

from typing import Any

from fedpolicy import api
from fedpolicy.errors import FedPolicyError
from fuzz.command import Broken, Vacuous, bounded
from fuzz.drawn import drawn
from fuzz.reading import sound
from fuzz.target import Box, Target


def propagation(box: Box) -> None:
    """The reference, written from the texts alone, finds the same three levels for everybody."""
    from tests.reference.comparison import disagreements, shown  # noqa: PLC0415  it loads the catalogue
    from tests.reference.deployments import deployment  # noqa: PLC0415

    _, data = box.only
    tree: Any = deployment(data.hex())
    with bounded(("reference",), box.seconds):
        found = disagreements(tree)
    if found is None:
        raise Vacuous
    if found:
        raise Broken("levels differ", ("reference",), shown(tree, found))


def questions(box: Box) -> None:
    """A question about somebody and something that is there has an answer, or it is said why not."""
    document = box.rng.choice(sound(box))
    with bounded(("why", document.file), box.seconds):
        study = api.facts(document)
        rows = [row for row in api.exposures(study) if row["declared"]]
        if not rows:
            raise Vacuous
        row = box.rng.choice(rows)
        try:
            told = api.explain(study, str(row["party"]), str(row["dataset"]))
        except FedPolicyError as error:
            raise Broken("no answer", ("why", document.file), f"{row}: {error}") from error
    if not told:
        raise Broken("no answer", ("why", document.file), f"{row}: nothing is told")


TARGETS = (
    Target(
        name="propagation",
        kind="differential",
        holds="the levels of everybody are those of a second model, written from the texts alone",
        input="bytes",
        judge=propagation,
    ),
    Target(
        name="seals",
        kind="law",
        holds="a safeguard more, or an enclave, raises no level",
        input="bytes",
        judge=drawn(
            "analysis.test_laws:test_adding_a_safeguard_to_a_task_never_raises",
            "analysis.test_laws:test_adding_a_safeguard_to_a_flow_never_raises",
            "analysis.test_laws:test_adding_an_enclave_never_raises",
        ),
    ),
    Target(
        name="more-flows",
        kind="law",
        holds="a flow or a call more lowers no level, and what a party does with what it has tells it nothing new",
        input="bytes",
        judge=drawn(
            "analysis.test_laws:test_adding_a_flow_never_lowers_unless_it_replaces_an_assumption",
            "analysis.test_laws:test_adding_a_call_never_lowers",
            "analysis.test_laws:test_what_a_party_does_with_what_it_has_tells_it_nothing_new",
        ),
    ),
    Target(
        name="levels",
        kind="law",
        holds="levels are ordered, have ways from where the data are, and are the same in groups and one by one",
        input="bytes",
        judge=drawn(
            "analysis.test_laws:test_the_levels_of_a_disclosure_are_ordered_and_something",
            "analysis.test_laws:test_every_disclosure_has_a_way_from_where_the_data_are_to_whoever_learns",
            "analysis.test_laws:test_groups_and_pairs_agree",
        ),
    ),
    Target(
        name="trust",
        kind="law",
        holds="who trusts more is guaranteed no less, and nothing declared changes",
        input="bytes",
        judge=drawn(
            "analysis.test_laws:test_trusting_more_never_raises_the_guarantee_and_changes_nothing_declared",
            "analysis.test_laws:test_a_larger_limit_on_epsilon_never_raises",
        ),
    ),
    Target(
        name="unknowns",
        kind="law",
        holds="a fact that was missing, once stated, keeps every level in its interval",
        input="bytes",
        judge=drawn("analysis.test_laws:test_stating_a_missing_fact_stays_within_the_interval"),
    ),
    Target(
        name="order",
        kind="differential",
        holds="the order of entries changes no fact",
        input="bytes",
        judge=drawn("analysis.test_laws:test_the_order_of_the_file_never_matters"),
    ),
    Target(
        name="assumptions",
        kind="law",
        holds="whoever is taken over or comes together, nobody learns less; coalitions are the smallest",
        input="bytes",
        judge=drawn(
            "analysis.test_change_laws:test_whoever_is_taken_over_nobody_learns_less",
            "analysis.test_change_laws:test_a_coalition_reaches_the_level_and_nobody_in_it_is_superfluous",
            "analysis.test_whatif:test_whoever_colludes_in_whatever_deployment_is_never_told_to_learn_less",
        ),
    ),
    Target(
        name="explanations",
        kind="law",
        holds="`why` has an answer for everybody who learns something",
        input="deployment",
        judge=questions,
    ),
)
