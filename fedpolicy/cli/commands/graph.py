"""`fedpolicy graph`: the data-flow graph, as data for those who write rules over it, and as a picture for others."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import click

from fedpolicy.cli.options import (
    FILE,
    catalog_option,
    debug_option,
    deployment_option,
    form_option,
    output_option,
)
from fedpolicy.cli.question import Question, with_question
from fedpolicy.errors import OutputError, SettingsError

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.language.reading import Document
    from fedpolicy.report.sketch import Sketch, Wanted

_DRAWN = ("svg", "png")
_LIMITS = ("dataset", "party", "owner", "finding")
_MEANS = "pip install 'fedpolicy[svg]', or install Graphviz; `--format mermaid` and `--format dot` need neither"
_LESS = "draw less, with --dataset, --party, --owner or --finding; or write `--format dot` and lay it out yourself"
_LONGEST = 60  # seconds for a layout


@click.command("graph")
@click.argument("file", type=FILE)
@form_option(
    ["json", "mermaid", "dot", *_DRAWN], "How to write the graph; svg and png take the extra `svg`, or Graphviz."
)
@click.option("--dataset", default="", metavar="DATASET", help="Draw only the ways by which a dataset is learned.")
@click.option("--party", default="", metavar="PARTY", help="Draw only what a party sends and gets.")
@click.option("--owner", default="", metavar="PARTY", help="Draw only the ways by which data of a party are learned.")
@click.option("--finding", default="", metavar="FINGERPRINT", help="Draw only the ways of one finding.")
@deployment_option
@catalog_option
@output_option
@debug_option
@with_question
def command(question: Question, form: str, **limits: str) -> None:
    """
    Print all places, models and flows as JSON, or draw them.

    FILE is a deployment, or - for standard input. Implied flows say what implies them; pictures draw them dashed.
    """
    if form != "json":
        _draw(question, form, limits)
        return
    if given := next((name for name in _LIMITS if limits[name]), None):
        message = f"`--{given}` limits a picture, and JSON has all"
        raise SettingsError(message, help="add `--format mermaid`, dot, svg or png")
    from fedpolicy.graph.export import to_json
    from fedpolicy.report.rows import json_text

    question.answer(json_text(to_json(question.study()[1].graph)))


def _draw(question: Question, form: str, limits: dict[str, str]) -> None:
    """Draw the graph. Raises SettingsError for a name that is not there, OutputError where nothing can draw it."""
    from fedpolicy.report.drawing import as_dot, as_mermaid

    if form == "png" and question.output is None and sys.stdout.isatty():
        raise OutputError("a PNG is not text for a terminal", help="name a file with `--output FILE`")
    sketch = _sketch(question, limits)
    if form == "mermaid":
        question.answer(as_mermaid(sketch))
    else:
        dot = as_dot(sketch)
        question.answer(_laid_out(dot, form) if form in _DRAWN else dot)


def _sketch(question: Question, limits: dict[str, str]) -> Sketch:
    from fedpolicy.report.sketch import sketch_of

    document, study = question.study()
    sketch = sketch_of(study, _wanted(document, study, limits))
    if sketch.boxes:
        return sketch
    limited = any(limits.values())
    advice = "draw more of it: leave a filter out" if limited else "declare parties, nodes and what they do"
    raise SettingsError(f"nothing of `{document.deployment.name}` is left to draw", help=advice)


def _wanted(document: Document, study: Study, limits: dict[str, str]) -> Wanted:
    from fedpolicy.report.sketch import Wanted

    datasets = {name for item in study.graph.data for name in (item.id, item.family)}
    _must_be(limits["dataset"], datasets, "dataset")
    parties = set(document.deployment.parties) | {one.party for one in study.graph.principals.values()}
    for name in ("party", "owner"):
        _must_be(limits[name], parties, "party")
    flows = _flows(document, study, limits["finding"]) if limits["finding"] else frozenset[str]()
    return Wanted(dataset=limits["dataset"], party=limits["party"], owner=limits["owner"], flows=flows)


def _must_be(name: str, known: set[str], what: str) -> None:
    from fedpolicy.suggest import advise

    if name and name not in known:
        raise SettingsError(f"no {what} is called `{name}`", help=advise(name, sorted(known)))


def _flows(document: Document, study: Study, mark: str) -> frozenset[str]:
    """The flows on the ways of a finding."""
    from fedpolicy import check
    from fedpolicy.settings import Settings

    judge, _ = check.judge_of(Settings())
    found = [one for one in check.assess(document, judge, study).findings if one.fingerprint.startswith(mark.lower())]
    if not found:
        advice = "`fedpolicy check --format concise` shows the fingerprint of each finding"
        raise SettingsError(f"no finding has the fingerprint `{mark}`", help=advice)
    flows = frozenset(hop.flow for one in found for path in one.paths for hop in path)
    if not flows:
        raise SettingsError(f"the finding `{mark}` is about no flow, so there is no way to draw")
    return flows


def _laid_out(dot: str, form: str) -> bytes:
    """Let Graphviz lay out a graph, by the extra or as it is installed."""
    try:
        import pygraphviz  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        return _by_program(dot, form)
    graph = pygraphviz.AGraph(string=dot)
    graph.layout("dot")
    return bytes(graph.draw(format=form))


def _by_program(dot: str, form: str) -> bytes:
    import subprocess

    program = shutil.which("dot")
    if program is None:
        raise OutputError(f"nothing here can draw {form}", help=_MEANS)
    call = [program, f"-T{form}"]
    try:
        done = subprocess.run(call, input=dot.encode(), capture_output=True, timeout=_LONGEST, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise OutputError(f"Graphviz took longer than {_LONGEST} seconds to draw this", help=_LESS) from error
    if done.returncode:
        why = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise OutputError(f"Graphviz cannot draw this: {why[0] if why else 'it ended early'}", help=_MEANS)
    return done.stdout
