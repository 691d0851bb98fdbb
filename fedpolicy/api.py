"""
The public interface for programs.

    >>> from fedpolicy import api
    >>> document, = api.load("examples/clinical-notes/deployment.yaml")
    >>> facts = api.facts(document)
    >>> graph = api.to_networkx(facts.graph)

Functions that read a deployment raise `fedpolicy.errors.Problems` with every mistake in it. Names that are listed here,
and the fields of the dataclasses that they return, change only with a line in the changelog.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from fedpolicy.analysis.analyse import analyse
from fedpolicy.analysis.explain import Explanation, explain
from fedpolicy.analysis.facts import Disclosure, Facts, ModelFacts
from fedpolicy.analysis.settings import AnalysisSettings
from fedpolicy.catalog.load import Catalog, load_catalog
from fedpolicy.errors import FedPolicyError, Problems
from fedpolicy.findings import Finding, Report, Severity, Verdict
from fedpolicy.graph.build import build_graph
from fedpolicy.graph.export import GRAPH_VERSION, to_json, to_networkx
from fedpolicy.graph.model import FlowGraph
from fedpolicy.pipeline import Settings
from fedpolicy.pipeline import check as _check
from fedpolicy.sources import Source, find, read
from fedpolicy.spec.load import Document, load_text

__all__ = [
    "GRAPH_VERSION",
    "AnalysisSettings",
    "Catalog",
    "Disclosure",
    "Document",
    "Explanation",
    "Facts",
    "FedPolicyError",
    "Finding",
    "FlowGraph",
    "ModelFacts",
    "Problems",
    "Report",
    "Settings",
    "Severity",
    "Source",
    "Verdict",
    "check",
    "explain",
    "facts",
    "graph",
    "load",
    "load_catalog",
    "loads",
    "to_json",
    "to_networkx",
]


def load(path: str | Path, catalog: Catalog | None = None) -> tuple[Document, ...]:
    """Read every deployment of a file. Raises Problems, also where the file cannot be read."""
    source = read(str(path))
    if source.error:
        raise Problems([source.error])
    return loads(source.text, source.name, catalog)


def loads(text: str | bytes, name: str = "<text>", catalog: Catalog | None = None) -> tuple[Document, ...]:
    """Read every deployment of a text; errors call it `name`. Raises Problems."""
    loaded = load_text(text, name, catalog or load_catalog())
    if loaded.errors:
        raise Problems(loaded.errors)
    return loaded.documents


def graph(document: Document, catalog: Catalog | None = None) -> FlowGraph:
    """The data-flow graph of a deployment: every flow, said or implied, with where it comes from."""
    return build_graph(document.deployment, catalog or load_catalog())


def facts(document: Document, catalog: Catalog | None = None, settings: AnalysisSettings | None = None) -> Facts:
    """Everything that is computed about a deployment: who can learn what, and how open each model is."""
    catalog = catalog or load_catalog()
    return analyse(graph(document, catalog), catalog, settings)


def check(paths: Iterable[str | Path], settings: Settings | None = None, texts: Sequence[Source] = ()) -> Report:
    """Judge files and folders, as `fedpolicy check` does; `texts` are sources that are no files."""
    found = find((str(path) for path in paths), lambda: b"")
    return _check([*found, *texts], settings)
