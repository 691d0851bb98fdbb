"""What the policies of sites say of deployments: judged apart, so that nothing of the federation reaches it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from fedpolicy import sources
from fedpolicy.analysis import AnalysisSettings, Study
from fedpolicy.catalog import Catalog, load_catalog
from fedpolicy.cli.inputs import input_bytes, limit, named
from fedpolicy.cli.revisions import absent, file_at, revision_in
from fedpolicy.errors import FedPolicyError, InputError, contained
from fedpolicy.findings import Finding, Report, Verdict
from fedpolicy.language.reading import Document, Loaded, load_text
from fedpolicy.policy.site import SitePolicy, read_site
from fedpolicy.policy.site.judge import INFOS, PACK, site_findings
from fedpolicy.report.summarise import in_file_order
from fedpolicy.sources import Search, Source

if TYPE_CHECKING:
    from fedpolicy.cli.choices import Choices


def read_policies(sites: Sequence[str], paths: Sequence[str]) -> list[SitePolicy]:
    """
    The policies of sites, each a file or one at a git revision, as `main:trust.yaml`.

    Raises Problems with every mistake in them, InputError where one is not there, or where what they judge can be read
    only once.
    """
    if any(map(_is_pipe, paths)):
        advice = "write it to a file, and name that"
        raise InputError("`--site` reads deployments a second time, and a pipe can be read once", help=advice)
    found = []
    for path in sites:
        source = sources.read(path) if os.path.lexists(path) or not revision_in(path) else _at(path)
        found.append(read_site(source.usable().text, source.name))
    return found


def _is_pipe(path: str) -> bool:
    """Whether a path is neither a file nor a folder, nor nothing."""
    return path == "-" or (os.path.lexists(path) and not (os.path.isfile(path) or os.path.isdir(path)))  # noqa: PTH112, PTH113  it may be anything


def _at(path: str) -> Source:
    revision, _, name = path.partition(":")
    source = file_at(revision, name)
    if source is None:
        raise absent(name, revision)
    return source


def with_sites(report: Report, policies: Sequence[SitePolicy], paths: Sequence[str], choices: Choices) -> Report:
    """
    The report with what the policies of sites say of the same files.

    Facts are those that ship, and of catalogues that the command line names; what the configuration excludes counts.
    Raises InputError where no deployment has such a site.
    """
    loaded, catalog = _loaded(paths, choices)
    known = {str(error) for file in report.files for error in file.errors}
    errors = [error for one in loaded.values() for error in one.errors if str(error) not in known]
    documents = [one for file in loaded.values() for one in file.documents]
    analysis = AnalysisSettings(today=report.today)
    findings: list[Finding] = []
    for policy, document in [(site, one) for site in policies for one in _theirs(site, documents)]:
        limit(document.file, choices.timeout)
        found = contained(partial(_one, policy, document, catalog, analysis), document.file)
        if isinstance(found, FedPolicyError):
            errors.append(found)
        else:
            findings += found
    return _joined(report, findings, errors, {name: one.lines for name, one in loaded.items()})


def _loaded(paths: Sequence[str], choices: Choices) -> tuple[dict[str, Loaded], Catalog]:
    """The files by their names, and the facts that they are read with."""
    own = choices.settings.catalogs if choices.origins["catalogs"][1] == "command line" else ()
    exclude = choices.search.exclude if choices.origins["exclude"][1] == "command line" else ()
    catalog = load_catalog(own)
    read = sources.find([named(path) for path in paths or ["."]], input_bytes, Search(exclude=exclude))
    return {one.name: load_text(one.text, one.name, catalog) for one in read if not one.error}, catalog


def _theirs(policy: SitePolicy, documents: Sequence[Document]) -> list[Document]:
    """The deployments in which a site takes part. Raises InputError where there is none."""
    found = [one for one in documents if policy.party in one.deployment.parties]
    if documents and not found:
        other = documents[0]
        known = ", ".join(f"`{name}`" for name in other.deployment.parties)
        message = f"the site `{policy.party}` is not a party of `{other.deployment.name}` ({other.file})"
        raise InputError(message, span=policy.spans["party"], help=f"its parties are {known}")
    return found


def _one(policy: SitePolicy, document: Document, catalog: Catalog, analysis: AnalysisSettings) -> list[Finding]:
    return site_findings(Study(document.deployment, catalog, analysis), document, policy)


def _joined(
    report: Report, found: Sequence[Finding], errors: Sequence[FedPolicyError], lines: dict[str, tuple[str, ...]]
) -> Report:
    touched = {one.span.file for one in found}
    shown = {name: text for name, text in lines.items() if name in touched}
    files = tuple(replace(file, lines=file.lines or shown.get(file.name, ())) for file in report.files)
    counts = Counter(report.counts) + Counter(one.verdict for one in found)
    counts[Verdict.PASS] += len(INFOS) - len({one.rule for one in found})
    rules = tuple(sorted((*report.rules, *INFOS), key=lambda rule: (rule.id, rule.pack)))
    joined = replace(
        report,
        findings=(*report.findings, *found),
        counts={verdict: counts[verdict] for verdict in report.counts},
        files=files,
        rules=rules,
        packs=tuple(sorted({*report.packs, PACK})),
        errors=(*report.errors, *errors),
    )
    return in_file_order(joined)
