"""The report in full: what is said once, what is grouped, what is counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fedpolicy.findings import SourceFile, Verdict
from fedpolicy.report.formats.full import render
from fedpolicy.report.summarise import summarise


def written(made, findings, *files):
    counts = {verdict: sum(one.verdict is verdict for one in findings) for verdict in Verdict}
    shown = [SourceFile(name=made.FILE, lines=made.LINES, deployments=("clinic",)), *files]
    return render(summarise(findings, [counts], shown, packs=["federation"], rules=made.RULES))


def test_why_and_what_to_do_are_said_once_for_each_rule(made):
    again = replace(made.CLOSED, message="somebody else learns it too", paths=())
    text = written(made, [made.CLOSED, again])

    assert text.count("= why: Whoever runs a model sees what is sent to it.") == 1
    assert text.count("= help: ") == 1
    assert text.count("= see: private-data-to-closed-model above, for why and what to do") == 1


def test_missing_facts_of_one_element_that_the_same_rules_wait_for_are_one_entry(made):
    missing = ("models.judge.licence", "models.judge.weights")
    text = written(made, [replace(made.UNKNOWN_A, missing=missing, elements=("models.judge",))])

    assert "unknown: 1 question cannot be decided, because 2 facts are not stated\n" in text
    assert "  - state `licence` and `weights` of models.judge: help to decide 1 rule: inputs-kept\n" in text


@pytest.mark.parametrize(
    ("more", "verb"),
    [((), "decides"), (("models.judge.via",), "helps to decide")],
)
def test_a_model_of_which_hardly_anything_is_known_is_one_question(made, more, verb):
    wide = tuple(f"models.judge.{key}" for key in ("architecture", "interface", "licence", "weights"))
    findings = [
        replace(made.UNKNOWN_A, missing=(*wide, *more), elements=("models.judge",), fingerprint="1"),
        replace(
            made.UNKNOWN_A,
            rule="another",
            missing=("models.judge.weights",),
            elements=("models.judge",),
            fingerprint="2",
        ),
    ]
    text = " ".join(written(made, findings).split())

    assert (
        "- state what models.judge is: a catalogue `ref`, or `weights`, `architecture`, `interface` and `licence`:"
        f" {verb} 2 rules: another, inputs-kept -->"
    ) in text
    assert ("state `via` of models.judge" in text) == bool(more)


def test_models_of_which_the_same_is_missing_are_one_question(made):
    findings = [
        replace(
            made.UNKNOWN_A,
            missing=tuple(f"models.{name}.{key}" for key in ("licence", "training_data", "weights")),
            elements=(f"models.{name}",),
            fingerprint=name,
        )
        for name in "ab"
    ]

    assert "- state what models.a and models.b are: a catalogue `ref`, or `weights`," in " ".join(
        written(made, findings).split()
    )


def test_the_same_missing_fact_of_many_elements_is_one_entry(made):
    findings = [
        replace(
            made.UNKNOWN_A,
            missing=(f"flows.f{number}.transport",),
            elements=(f"flows.f{number}",),
            fingerprint=str(number),
            span=made.place(number % 10 + 1, 1, 2),
        )
        for number in range(9000)
    ]
    text = written(made, findings)

    assert "unknown: 9,000 questions cannot be decided, because 9,000 facts are not stated\n" in text
    assert "  - state `transport` of flows.f0, flows.f1 and 8,998 more: decide 1 rule: inputs-kept\n" in text
    assert "    --> clinic/deployment.yaml:1:1 and 9 more places\n" in text


def test_a_fact_of_the_deployment_itself_has_no_element(made):
    assert "  - state `setting`: decides 1 rule: inputs-kept\n" in written(
        made, [replace(made.UNKNOWN_A, missing=("setting",))]
    )


def test_a_missing_fact_is_shown_where_it_should_be_stated(made):
    places = {(made.FILE, "clinic", "api_calls.translate.trains_on_inputs"): made.place(17, 3, 12)}
    finding = replace(made.UNKNOWN_A, span=made.place(7, 3, 8))
    counts = {Verdict.UNKNOWN: 1}

    with_place, without = (render(summarise([finding], [counts], [], places=known)) for known in (places, {}))

    assert "    --> clinic/deployment.yaml:17:3\n" in with_place
    assert "    --> clinic/deployment.yaml:7:3\n" in without


def test_an_unknown_finding_that_names_no_fact_is_shown_in_full(made):
    text = written(made, [replace(made.UNKNOWN_A, missing=())])

    assert "\n\nunknown[inputs-kept]: inputs-kept speaks of adapt\n  --> clinic/deployment.yaml:17:3\n" in text


def test_severities_are_counted_in_the_closing_line(made):
    text = written(made, [made.CLOSED, made.BLOCK, made.CROWD, made.CROWD])

    assert "4 fail, 0 unknown, 0 pass, 0 not applicable, 0 waived (1 critical, 2 high, 1 medium; 1 deployment, " in text


def test_deployments_have_headings_where_there_are_several(made):
    other = SourceFile(name="other.yaml", deployments=("second",))
    findings = [made.BLOCK, replace(made.BLOCK, deployment="second", span=replace(made.BLOCK.span, file="other.yaml"))]
    text = written(made, findings, other)

    assert text.index("## clinic (clinic/deployment.yaml)") < text.index("## second (other.yaml)")
    assert "## " not in written(made, [made.BLOCK])


def test_many_ways_in_and_long_paths_are_shortened(made):
    text = written(made, [replace(made.CLOSED, paths=((made.SCORE,) * 40, *((made.TO_GATEWAY,),) * 6))])

    assert "= way 1 of 7:" in text
    assert "... 28 more hops ..." in text
    assert "= and 3 more ways in\n" in text
    assert "way 5 of 7" not in text


def test_text_from_a_file_cannot_steer_the_terminal(made):
    evil = "\x1b[2Jgone"
    hop = replace(made.SCORE, source=evil, payload=evil, implied_by=evil, flow=evil)
    file = SourceFile(name=made.FILE, lines=(evil,) * 20, deployments=(evil,))
    finding = replace(
        made.CLOSED, message=evil, elements=(evil, evil), paths=((hop,),), notes=(evil,), deployment=evil, help=evil
    )
    unknown = replace(made.UNKNOWN_A, missing=(evil,), deployment=evil)
    waived = replace(made.WAIVED, message=evil, notes=(evil,))

    assert "\x1b" not in render(summarise([finding, unknown, waived], [{Verdict.FAIL: 1}], [file, file]))
