"""Pictures of a graph, as Graphviz reads them; names cannot break out of their labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from fedpolicy import api
from fedpolicy.cli.commands import app, graph
from fedpolicy.report.drawing import as_dot, as_mermaid
from fedpolicy.report.sketch import sketch_of
from tests.cli.conftest import APART

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "clinical-notes" / "deployment.yaml")
EVIL = 'a"] ; b \\" -> c\n<b>`#'


def drawn(*arguments):
    return CliRunner(**APART).invoke(app, ["graph", EXAMPLE, *arguments])


@pytest.fixture(scope="module")
def sketch():
    (document,) = api.load(EXAMPLE)
    return sketch_of(api.facts(document))


@pytest.mark.parametrize("form", [as_mermaid, as_dot])
def test_what_a_picture_says(form, sketch):
    text = form(sketch)

    assert "aphp, charite and lumc" in text
    assert "api_calls.translate, verbatim" in text
    assert text.count("dashed" if form is as_dot else "-.->") == len(sketch.arrows)


@pytest.mark.parametrize("name", ["plain", EVIL, "é" * 10_000])
def test_graphviz_reads_what_is_written(name, sketch):
    pygraphviz = pytest.importorskip("pygraphviz", reason="pip install 'fedpolicy[svg]'")
    boxes = tuple(replace(box, parties=(name,), role=name, holds=(name,)) for box in sketch.boxes)
    arrows = tuple(replace(arrow, payloads=(name,), origin=name) for arrow in sketch.arrows)
    read = pygraphviz.AGraph(string=as_dot(replace(sketch, name=name, boxes=boxes, arrows=arrows)))

    assert (len(read.nodes()), len(read.edges())) == (len(boxes), len(arrows))


@pytest.mark.parametrize(("form", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_a_picture_is_laid_out(form, start, tmp_path):
    pytest.importorskip("pygraphviz", reason="pip install 'fedpolicy[svg]'")
    done = drawn("--format", form, "--output", str(tmp_path / "map"))

    assert (done.exit_code, done.stdout) == (0, "")
    assert (tmp_path / "map").read_bytes().startswith(start)


def test_a_layout_that_takes_too_long_is_one_message(monkeypatch, tmp_path):
    slow = tmp_path / "dot"
    slow.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    slow.chmod(0o755)
    monkeypatch.setitem(__import__("sys").modules, "pygraphviz", None)
    monkeypatch.setattr(graph.shutil, "which", lambda _: str(slow))
    monkeypatch.setattr(graph, "_LONGEST", 0.2)

    done = drawn("--format", "svg", "--output", str(tmp_path / "g.svg"))
    assert done.exit_code == 2
    said = " ".join(done.stderr.split())
    assert said.startswith(
        "error: Graphviz took longer than 0.2 seconds to draw this = help: draw less, with --dataset,"
    )
    assert not (tmp_path / "g.svg").exists()


def test_without_graphviz_one_message_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "pygraphviz", None)
    monkeypatch.setattr(graph.shutil, "which", lambda _: None)
    done = drawn("--format", "svg", "--output", str(tmp_path / "map.svg"))

    assert done.exit_code == 2
    assert done.stderr.startswith(
        "error: nothing here can draw svg\n  = help: pip install 'fedpolicy[svg]', or install Graph"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--party", "opena", "--format", "dot"), "error: no party is called `opena`"),
        (("--dataset", "lettres", "--format", "dot"), "error: no dataset is called `lettres`"),
        (("--finding", "ffff", "--format", "dot"), "error: no finding has the fingerprint `ffff`"),
        (("--owner", "aphp"), "error: `--owner` limits a picture, and JSON has all"),
    ],
)
def test_a_limit_that_fits_nothing_is_a_mistake(options, says):
    done = drawn(*options)

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == says


@pytest.mark.parametrize("form", ["mermaid", "dot", "svg"])
def test_where_nothing_is_declared_there_is_nothing_to_draw(form, tmp_path):
    empty = tmp_path / "empty.yaml"
    empty.write_text("fedpolicy: 1\nname: e\n", encoding="utf-8")
    done = CliRunner(**APART).invoke(app, ["graph", str(empty), "--format", form])

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "error: nothing of `e` is left to draw\n  = help: declare parties, nodes and what they do\n\n"
    )


def test_the_ways_of_one_finding():
    finding = next(one for one in api.check([EXAMPLE]).findings if one.rule == "private-data-to-closed-model")
    text = drawn("--format", "dot", "--finding", finding.fingerprint[:8]).stdout

    assert text.count(" -> ") == 2
    assert "hetzner" not in text
