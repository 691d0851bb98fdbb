"""`fedpolicy graph`: the data-flow graph, as data for those who write rules over it, and as a picture for others."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fedpolicy.cli.options import catalog_option, debug_option, deployment_option, output_option
from fedpolicy.cli.question import timed
from fedpolicy.cli.terminal import emit
from fedpolicy.errors import OutputError, SettingsError

if TYPE_CHECKING:
    from fedpolicy.analysis.study import Study
    from fedpolicy.cli.question import Question
    from fedpolicy.language.reading.load import Document
    from fedpolicy.report.sketch import Wanted

__all__ = ["command"]

_DRAWN = ("svg", "png")
_MEANS = "pip install 'fedpolicy[svg]', or install Graphviz; `--format mermaid` and `--format dot` need neither"
_LONGEST = 60  # seconds for a layout


@click.command("graph")
@click.argument("file")
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "mermaid", "dot", "svg", "png"]),
    default="json",
    show_default=True,
    help="How to write the graph; svg and png take the extra `svg`, or Graphviz.",
)
@click.option("--dataset", default="", metavar="DATASET", help="Draw only the ways by which a dataset is learned.")
@click.option("--party", default="", metavar="PARTY", help="Draw only what a party sends and gets.")
@click.option("--owner", default="", metavar="PARTY", help="Draw only the ways by which data of a party are learned.")
@click.option("--finding", default="", metavar="FINGERPRINT", help="Draw only the ways of one finding.")
@deployment_option
@catalog_option
@output_option
@debug_option
@timed
def command(  # noqa: PLR0913  one option, one parameter
    *,
    file: str,
    form: str,
    dataset: str,
    party: str,
    owner: str,
    finding: str,
    deployment: str,
    catalogs: tuple[Path, ...],
    output: str | None,
) -> None:
    """
    Print every place, model and flow of a deployment as JSON, as input for other tools, or draw who sends what to whom.

    FILE is a deployment, or - for standard input. Implied flows say what implies them; pictures draw them dashed.
    """
    from fedpolicy.cli.question import Question

    question = Question(file=file, deployment=deployment, catalogs=catalogs)
    named = {"dataset": dataset, "party": party, "owner": owner, "finding": finding}
    if form == "json":
        if any(named.values()):
            message = f"`--{next(name for name, value in named.items() if value)}` limits a picture, and JSON has all"
            raise SettingsError(message, help="add `--format mermaid`, dot, svg or png")
        _answer(question, output)
    else:
        _draw(question, form, named, output)


def _answer(question: Question, output: str | None) -> None:
    """Write the graph as JSON."""
    from fedpolicy.graph.export import to_json
    from fedpolicy.report.rows import json_text

    _, found = question.study()
    emit(json_text(to_json(found.graph)), output)


def _draw(question: Question, form: str, named: dict[str, str], output: str | None) -> None:
    """Draw the graph. Raises SettingsError for a name that is not there, OutputError where nothing can draw it."""
    from fedpolicy.report.drawing import as_dot, as_mermaid
    from fedpolicy.report.sketch import sketch_of

    if form == "png" and output is None and sys.stdout.isatty():
        raise OutputError("a PNG is not text for a terminal", help="name a file with `--output FILE`")
    document, study = question.study()
    sketch = sketch_of(study, _wanted(document, study, named))
    if not sketch.boxes:
        advice = (
            "draw more of it: leave a filter out" if any(named.values()) else "declare parties, nodes and what they do"
        )
        raise SettingsError(f"nothing of `{document.deployment.name}` is left to draw", help=advice)
    if form not in _DRAWN:
        emit(as_mermaid(sketch) if form == "mermaid" else as_dot(sketch), output)
        return
    picture = _laid_out(as_dot(sketch), form)
    emit(picture, output)


def _wanted(document: Document, study: Study, named: dict[str, str]) -> Wanted:
    from fedpolicy.report.sketch import Wanted

    datasets = {name for item in study.graph.data for name in (item.id, item.family)}
    _must_be(named["dataset"], datasets, "dataset")
    parties = set(document.deployment.parties) | {one.party for one in study.graph.principals.values()}
    for name in ("party", "owner"):
        _must_be(named[name], parties, "party")
    flows = _flows(document, study, named["finding"]) if named["finding"] else frozenset[str]()
    return Wanted(dataset=named["dataset"], party=named["party"], owner=named["owner"], flows=flows)


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
        message = f"Graphviz took longer than {_LONGEST} seconds to draw this"
        advice = (
            "draw less, with --dataset, --party, --owner or --finding; or write `--format dot` and lay it out yourself"
        )
        raise OutputError(message, help=advice) from error
    if done.returncode:
        why = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise OutputError(f"Graphviz cannot draw this: {why[0] if why else 'it ended early'}", help=_MEANS)
    return done.stdout
