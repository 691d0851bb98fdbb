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
from concurrent.futures import Executor
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fedpolicy.analysis import AnalysisSettings, Study
from fedpolicy.analysis.facts import LEVELS, Disclosure, ModelFacts
from fedpolicy.batch.run import Batch
from fedpolicy.catalog import Catalog, load_catalog
from fedpolicy.errors import FedPolicyError, Problems
from fedpolicy.findings import Finding, Report, Severity, Verdict
from fedpolicy.graph import FlowGraph
from fedpolicy.graph.build import build_graph
from fedpolicy.language.reading import Document, load_text
from fedpolicy.settings import Settings, day_in_utc
from fedpolicy.sources import Search, Source, candidates, read

if TYPE_CHECKING:
    from fedpolicy.analysis.explain import Explanation, explain
    from fedpolicy.analysis.whatif import (
        Scenario,
        what_if_colluding,
        what_if_compromised,
        what_if_removed,
        what_if_without,
    )
    from fedpolicy.analysis.whatif.coalitions import CoalitionSearch, smallest_coalitions
    from fedpolicy.graph.export import GRAPH_VERSION, to_json, to_networkx
    from fedpolicy.policy.baseline import Baseline, write_baseline
    from fedpolicy.policy.waivers import WaiverFile

__all__ = [
    "GRAPH_VERSION",
    "LEVELS",
    "AnalysisSettings",
    "Baseline",
    "Catalog",
    "CoalitionSearch",
    "Disclosure",
    "Document",
    "Explanation",
    "FedPolicyError",
    "Finding",
    "FlowGraph",
    "ModelFacts",
    "Problems",
    "Report",
    "Scenario",
    "Search",
    "Settings",
    "Severity",
    "Source",
    "Study",
    "Verdict",
    "WaiverFile",
    "check",
    "explain",
    "exposures",
    "facts",
    "graph",
    "load",
    "load_baseline",
    "load_catalog",
    "load_waivers",
    "loads",
    "smallest_coalitions",
    "to_json",
    "to_networkx",
    "what_if_colluding",
    "what_if_compromised",
    "what_if_removed",
    "what_if_without",
    "write_baseline",
]

# What a check does not need is imported when somebody asks for it.
_LATER = {
    "fedpolicy.analysis.explain": ("Explanation", "explain"),
    "fedpolicy.analysis.whatif.coalitions": ("CoalitionSearch", "smallest_coalitions"),
    "fedpolicy.analysis.whatif": (
        "Scenario",
        "what_if_colluding",
        "what_if_compromised",
        "what_if_removed",
        "what_if_without",
    ),
    "fedpolicy.graph.export": ("GRAPH_VERSION", "to_json", "to_networkx"),
    "fedpolicy.policy.baseline": ("Baseline", "write_baseline"),
    "fedpolicy.policy.waivers": ("WaiverFile",),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  what a module has under this name
    for module, names in _LATER.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__


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


def facts(document: Document, catalog: Catalog | None = None, settings: AnalysisSettings | None = None) -> Study:
    """
    Everything that is computed about a deployment: who can learn what, how open each model is, budgets, control.

    Each part is computed when it is first asked for.
    """
    return Study(document.deployment, catalog or load_catalog(), settings)


def exposures(study: Study) -> list[dict[str, str | int | None]]:
    """
    Who can learn how much of whose data, as plain rows for a table: one for each party, capacity and dataset.

    `declared_low` and `declared` are ranks in `LEVELS`, in the most and the least favourable reading of what nobody
    states; `guaranteed` counts only what the owner has reason to rely on; `allowed` is what the owner's `releases`
    permit, None where it states none. A party's own data are left out, and so is what nobody can learn.

        >>> document, = load("examples/clinical-notes/deployment.yaml")
        >>> row = exposures(facts(document))[0]
        >>> row["party"], row["role"], LEVELS[row["declared"]]
        ('openai', 'provider', 'verbatim')
    """
    return [
        {
            "party": party,
            "role": one.role,
            "dataset": dataset,
            "declared_low": one.low,
            "declared": one.high,
            "guaranteed": one.guaranteed,
            "allowed": one.allowed,
        }
        for one in study.disclosures
        for party in one.parties
        for dataset in one.datasets
        if study.exposure.items[dataset].owner != party
    ]


def check(
    paths: Iterable[str | Path],
    settings: Settings | None = None,
    texts: Sequence[Source] = (),
    *,
    executor: Executor | None = None,
    search: Search | None = None,
    timeout: float = 300,
) -> Report:
    """
    Judge files and folders, as `fedpolicy check` does; `texts` are sources that are no files.

    With an executor (processes, threads, dask, ...) its workers check the files, a few at a time, and the report is the
    same. Start and stop it yourself. Workers need fedpolicy in the same version and no file of yours. A file whose
    check takes a worker with it is an error of the report; where the executor breaks, what is left is checked here.

    Where no worker has answered for as long as the files of one chunk may take, `timeout` seconds each (0: as long as
    it takes), what is left is checked in a process of our own, which is killed where one file takes longer;
    that is an error of the report. Without an executor nobody can stop this process, and there is no such limit.

    `search` says how folders are searched. The day is that in UTC, unless `settings` name one.
    Raises Problems where the catalogue cannot be used, SettingsError where
    the workers cannot check files, and whatever `executor.submit` raises.

        >>> from concurrent.futures import ThreadPoolExecutor
        >>> with ThreadPoolExecutor() as executor:
        ...     report = check(["examples"], executor=executor)
    """
    found = candidates((str(path) for path in paths), lambda: b"", search or Search())
    chosen = settings or Settings()
    run = Batch([*found, *texts], replace(chosen, today=chosen.today or day_in_utc()), timeout=timeout)
    if executor is not None:
        from fedpolicy.batch.executors import Borrowed  # noqa: PLC0415  most checks have none

        run.over(Borrowed(executor, run.judge, timeout=timeout))
    run.here()
    return run.report()


def load_waivers(path: str | Path) -> WaiverFile:
    """
    Read a file of waivers, for `Settings(waivers=..., today="2027-01-31")`.

    Raises Problems with every mistake in it: nothing is waived by a file that has some.
    """
    from fedpolicy.policy.waivers import read_waivers  # noqa: PLC0415  most checks waive nothing

    return read_waivers(*_file(path))


def load_baseline(path: str | Path) -> Baseline:
    """Read a baseline, for `Settings(baseline=...)`. Raises InputError, or Problems where there is no such file."""
    from fedpolicy.policy.baseline import read_baseline  # noqa: PLC0415  most checks have none

    return read_baseline(*_file(path))


def _file(path: str | Path) -> tuple[bytes, str]:
    source = read(str(path))
    if source.error:
        raise Problems([source.error])
    return source.text, source.name
