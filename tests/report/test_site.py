"""One page for one participant: what leaves, who learns it, on whose word, who can stop it, what to ask for."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from fedpolicy import api
from fedpolicy.cli.commands import app
from fedpolicy.findings import Verdict
from fedpolicy.page import Code, Items, Page, PageSection, Paragraph, Picture, Table, Tile
from fedpolicy.report.map import map_of
from fedpolicy.report.owner import concerns, of_owner
from fedpolicy.report.pages import page_html, page_markdown
from fedpolicy.report.sketch import Wanted, sketch_of
from fedpolicy.report.verdict import holding
from fedpolicy.settings import Settings
from tests.cli.conftest import APART

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "clinical-notes" / "deployment.yaml")
GOLDEN = Path(__file__).parent / "golden" / "participant"


@pytest.fixture(scope="module")
def study():
    (document,) = api.load(EXAMPLE)
    return api.facts(document)


def site(*arguments):
    return CliRunner(**APART).invoke(app, ["site", EXAMPLE, *arguments])


def test_the_page_of_a_hospital_is_as_its_golden_file_shows(golden):
    text = site("charite", "--today", "2026-11-28").stdout.replace(EXAMPLE, "deployment.yaml")

    text = re.sub(r"fedpolicy \d[\w.]*\w", "fedpolicy N", text)
    golden(re.sub(r"\b[0-9a-f]{12}\b", "000000000000", text), GOLDEN / "charite.md")


def test_a_party_that_is_not_there_is_suggested():
    for done in (site("chariti"), CliRunner(**APART).invoke(app, ["check", EXAMPLE, "--owner", "chariti"])):
        assert done.exit_code == 2
        assert done.stderr.splitlines()[:2] == [
            "error: no party is called `chariti`",
            "  = help: did you mean `charite`? known: aphp, charite, hetzner, lumc, openai, tum",
        ]
        assert done.stdout == ""


def test_a_report_for_one_owner_tells_of_its_data_only(made):
    mine = replace(made.CLOSED, elements=("parties.openai", "datasets.letters@aphp"))
    other = replace(made.CLOSED, elements=("parties.openai", "datasets.letters@lumc"))
    named = replace(made.BLOCK, elements=("tasks.adapt", "parties.aphp"))
    whole = replace(made.BLOCK, elements=("deployment",))
    model = replace(made.BLOCK, elements=("models.judge",))
    owners, apart = {"letters@aphp": "aphp", "letters@lumc": "lumc"}, frozenset({"models.judge"})

    def told(owner, apart=frozenset()):
        return [concerns(one, owner, owners, apart) for one in (mine, other, named, whole, model)]

    assert told("aphp") == [True, False, True, True, True]
    assert told("tum", apart) == [False, False, False, True, False]


def test_an_owner_is_not_told_of_models_and_tasks_of_others(tmp_path):
    file = tmp_path / "d.yaml"
    file.write_text(
        """
fedpolicy: 1
name: d
parties: {a: {role: participant}, b: {role: participant}, h: {role: coordinator}, maker: {role: provider}}
nodes: {n: {kind: client, party: [a, b]}, g: {kind: aggregator, party: h}}
datasets: {x: {at: n, categories: [health]}}
models:
  ours: {weights: open, weights_at: n}
  theirs: {weights: open, weights_at: n@b, provider: maker}
tasks:
  train: {method: lora, model: ours, data: [x], runs_on: n}
  pilot: {method: full_finetuning, model: theirs, data: [x@b], runs_on: n@b}
""",
        encoding="utf-8",
    )

    def about(owner):
        found = of_owner(api.check([str(file)], Settings(overview=owner)), owner).findings
        return {element for one in found for element in one.elements if element.startswith(("models.", "tasks."))}

    assert about("b") >= {"models.ours", "models.theirs", "tasks.train"}
    assert about("a") & {"models.theirs", "tasks.pilot"} == set()
    assert about("a") >= {"models.ours", "tasks.train"}
    assert "models.theirs" in about("maker")


def test_what_an_owner_is_told_is_what_is_counted():
    report = api.check([EXAMPLE], Settings(overview="tum"))
    told = of_owner(report, "tum")

    assert told.counts[Verdict.FAIL] == sum(one.verdict is Verdict.FAIL for one in told.findings)
    assert 0 < told.counts[Verdict.FAIL] < report.counts[Verdict.FAIL]
    assert told.counts[Verdict.PASS] == report.counts[Verdict.PASS]


@pytest.mark.parametrize(
    ("command", "shown", "hidden"),
    [
        ("facts", "inferable: aphp and lumc, as operator, of letters@charite", "of letters@lumc"),
        ("budget", "  aphp and lumc: epsilon is about 50.5 per record of letters@charite", "letters@lumc"),
        ("control", "tasks.adapt: charite\n", "tasks.adapt: aphp"),
    ],
)
def test_every_question_can_be_asked_for_one_owner(command, shown, hidden):
    text = CliRunner(**APART).invoke(app, [command, EXAMPLE, "--owner", "charite"]).stdout
    wrong = CliRunner(**APART).invoke(app, [command, EXAMPLE, "--owner", "chariti"])

    assert shown in text
    assert hidden not in text
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("error: no party is called `chariti`\n  = help: did you mean `charite`?")


def test_the_way_that_one_owner_is_shown_begins_at_its_own_data(tmp_path):
    file = tmp_path / "d.yaml"
    file.write_text(
        "fedpolicy: 1\nname: d\nparties: {a: {role: participant}, b: {role: participant}, c: {role: participant},"
        " h: {role: coordinator}}\nnodes: {n: {kind: client, party: [a, b, c]}, g: {kind: aggregator, party: h}}\n"
        "datasets: {x: {at: n, categories: [health]}}\ntasks: {t: {method: fedavg, data: [x], runs_on: n}}\n",
        encoding="utf-8",
    )
    for owner in "abc":
        text = CliRunner(**APART).invoke(app, ["facts", str(file), "--owner", owner]).stdout
        ways = [line for line in text.splitlines() if "-> g " in line]
        assert len(ways) == 2
        assert all(line.startswith(f"    | n@{owner} -> g ") for line in ways)


def test_parties_that_look_alike_share_a_box(study):
    sketch = sketch_of(study)
    boxes = {box.parties: (box.side, box.holds) for box in sketch.boxes}
    names = {box.id: box.parties for box in sketch.boxes}

    assert boxes == {
        ("aphp", "charite", "lumc"): (0, ("client",)),
        ("tum",): (1, ("aggregator", "tracker")),
        ("hetzner",): (1, ("hosts aggregator",)),
        ("openai",): (2, ("runs judge",)),
    }
    sent = {(names[one.target], one.payloads, one.level, one.implied) for one in sketch.arrows if one.origin != "x"}
    assert (("openai",), ("prompts",), 4, True) in sent
    assert (("tum",), ("adapter_update",), 2, True) in sent


@pytest.mark.parametrize(
    ("wanted", "origins"),
    [
        (Wanted(party="openai"), {"tasks.score", "api_calls.translate"}),
        (Wanted(owner="aphp"), {"tasks.score", "api_calls.translate", "tasks.adapt"}),
        (Wanted(dataset="nothing"), set()),
    ],
)
def test_a_picture_can_be_limited(wanted, origins, study):
    assert {arrow.origin for arrow in sketch_of(study, wanted).arrows} == origins


def test_what_is_computed_on_shares_is_drawn_and_told_with_those_who_compute(tmp_path):
    file = tmp_path / "d.yaml"
    file.write_text(
        "fedpolicy: 1\nname: d\nparties: {a: {role: participant}, s: {role: processor}, t: {role: processor},"
        " lab: {role: coordinator}}\nnodes: {n: {kind: client, party: a}, m: {party: [s, t]}, desk: {party: lab}}\n"
        "datasets: {x: {at: n, categories: [health]}}\ntasks: {t: {method: federated_analytics, data: x, runs_on: m,"
        " safeguards: [{kind: secure_computation, of: m, threshold: 2, reveals_to: desk}]}}\n",
        encoding="utf-8",
    )
    (document,) = api.load(file)
    sketch = sketch_of(api.facts(document))
    names = {box.id: box.parties for box in sketch.boxes}
    pages = {
        who: CliRunner(**APART).invoke(app, ["site", str(file), who]).stdout.partition("## What leaves")[2]
        for who in ("a", "s")
    }

    assert {(names[one.source], names[one.target], one.payloads) for one in sketch.arrows} == {
        (("a",), ("s", "t"), ("records",)),
        (("s", "t"), ("lab",), ("statistics",)),
    }
    assert "exchange" not in pages["a"]
    assert "| records | n | s | tasks.t (federated_analytics) | 6 |" in pages["a"]
    assert "| statistics | tasks.t | lab | tasks.t (federated_analytics) | 6 |" in pages["s"]


def test_a_map_counts_what_it_does_not_draw(study):
    sketch = sketch_of(study)
    many = replace(sketch, arrows=tuple(replace(sketch.arrows[0], origin=f"flows.f{n}") for n in range(10_000)))
    picture = map_of(many)

    assert len(picture.svg) < 300_000
    assert "9,880 arrows of lower levels not drawn." in picture.title


def held(text):
    """The sentences of the section on what holds, by rule."""
    section = re.split(r"\n#+ What holds", text)[1].partition("\n#")[0]
    return {rule: said for said, rule in re.findall(r"^- (.+) \(`([\w-]+)`\)$", section, re.MULTILINE)}


def test_what_passed_is_a_sentence_and_what_other_rules_tell_is_none():
    """`exposed-to-third-party` is behind `private-data-to-closed-model`, which tells what it would; one has no case."""
    found = held(site("charite").stdout)

    assert found["unencrypted-transport"] == "No private data travel between parties in the clear"
    assert "exposed-to-third-party" not in found
    assert "private-data-to-closed-model" not in found
    assert "unsafe-weights-format" not in found, "a question is open"
    assert "licence-forbids-output-use" not in found, "nothing was judged"


def test_what_fails_in_one_of_two_deployments_does_not_hold(tmp_path):
    text = Path(EXAMPLE).read_text("utf-8")
    plain = text.replace("transport: mtls", "transport: none").replace("transport: tls", "transport: none")
    assert plain != text
    for name, one in (("a", text), ("b", plain.replace("clinical-notes", "other-notes", 1))):
        (tmp_path / f"{name}.yaml").write_text(one, encoding="utf-8")
    files = [str(tmp_path / f"{name}.yaml") for name in "ab"]
    pages = [holding(api.check(some, Settings(overview=""))).blocks[-1].items for some in (files[:1], files[1:], files)]

    assert [any("in the clear" in said for said in page) for page in pages] == [True, False, False]


HOSTILE = (
    "<script>alert(1)</script>",
    "`x` | *y* ](javascript:z)",
    "\u202egnp.exe",
    "\U0001f4a9" * 20,
    "a" * 10_000,
)


def hostile(text):
    table = Table(caption=text, heads=(text, text), rows=((text, text),))
    blocks = (Paragraph(text=text), Items(items=(text,)), table, Code(text=f"+{text}", title=text))
    section = PageSection(
        id=text, title=text, blocks=(*blocks, PageSection(id="x", title=text, blocks=(), folded=True))
    )
    tile = Tile(value=text, label=text, bad=True)
    return Page(title=text, verdict=text, lead=(text,), tiles=(tile,), sections=(section,), foot=(text,), signed=True)


@pytest.mark.no_cover  # the same lines for each case
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_words(text, study):
    page = page_html(hostile(text))
    named = replace(sketch_of(study), name=text)
    boxes = tuple(replace(box, parties=(text,), holds=(text,), role=text) for box in named.boxes)
    arrows = tuple(replace(arrow, payloads=(text,), origin=text) for arrow in named.arrows)
    svg = map_of(replace(named, boxes=boxes, arrows=arrows)).svg

    assert page.count("<script") == 1
    assert "<script" not in svg
    assert "\u202e" not in page + svg
    words = [line for line in page_markdown(hostile(text)).splitlines() if not line.startswith("+")]  # no diff
    assert "](javascript:" not in "\n".join(words).replace("\\]", "")
    assert len(page) < 100_000


def test_a_page_of_html_loads_nothing_and_says_so():
    text = page_html(
        replace(hostile("x"), sections=(PageSection(id="m", title="m", blocks=(Picture(svg="", title="m"),)),))
    )

    assert re.search(r"default-src 'none'; style-src 'sha256-[\w+/=]+'; script-src 'sha256-[\w+/=]+'", text)
    assert not re.search(r"(?:src|href)=\"(?!#)", text)
    assert " style=" not in text
    assert not re.search(r" on\w+=", text)


def crowd(number):
    """So many hospitals, each with a node, a dataset and a flow of its own."""
    each = range(number)
    parties = "".join(f"  h{one}: {{role: participant}}\n" for one in each)
    nodes = "".join(f"  c{one}: {{kind: client, party: h{one}}}\n" for one in each)
    datasets = "".join(f"  d{one}: {{at: c{one}, categories: [health]}}\n" for one in each)
    flows = "".join(f"  f{one}: {{from: c{one}, to: hub, payload: records, data: [d{one}]}}\n" for one in each)
    return (
        f"fedpolicy: 1\nname: crowd\nparties:\n{parties}  uni: {{role: coordinator}}\n"
        f"nodes:\n{nodes}  hub: {{kind: aggregator, party: uni}}\ndatasets:\n{datasets}flows:\n{flows}"
    )


@pytest.mark.parametrize(("number", "boxes", "arrows"), [(30, 31, 30), (100, 2, 1)])
def test_what_an_eye_cannot_take_in_is_folded_by_kind(number, boxes, arrows):
    (document,) = api.loads(crowd(number))
    sketch = sketch_of(api.facts(document))

    assert (len(sketch.boxes), len(sketch.arrows)) == (boxes, arrows)
    if number == 100:
        assert [(len(box.parties), box.holds) for box in sketch.boxes] == [(100, ("client",)), (1, ("aggregator",))]
        assert sketch.arrows[0].origin == "flows.f0 and 99 more"
        assert "not drawn" not in map_of(sketch).title
        assert len(map_of(sketch).svg) < 20_000
