"""What the policies of sites say of deployments: judged apart, so that nothing of the federation reaches it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from fedpolicy import sources
from fedpolicy.analysis.study import AnalysisSettings, Study
from fedpolicy.catalog.load import load_catalog
from fedpolicy.cli.question import input_bytes, limit, named
from fedpolicy.cli.revisions import file_at, revision_in
from fedpolicy.errors import FedPolicyError, InputError, contained
from fedpolicy.findings import Finding, Report, Verdict
from fedpolicy.language.reading.load import Document, load_text
from fedpolicy.policy.site.file import SitePolicy, read_site
from fedpolicy.policy.site.judge import INFOS, PACK, site_findings
from fedpolicy.report.summarise import in_file_order
from fedpolicy.sources import Search

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog
    from fedpolicy.cli.choices import Choices
    from fedpolicy.sources import Source

__all__ = ["read_policies", "with_sites"]


def read_policies(sites: Sequence[str], paths: Sequence[str]) -> list[SitePolicy]:
    """
    The policies of sites, each a file or one at a git revision, as `main:trust.yaml`.

    Raises Problems with every mistake in them, InputError where one is not there, or where what they judge can be read
    only once.
    """
    for path in paths:
        if path == "-" or (os.path.lexists(path) and not (os.path.isfile(path) or os.path.isdir(path))):  # noqa: PTH112, PTH113  a path may be anything
            advice = "write it to a file, and name that"
            raise InputError("`--site` reads deployments a second time, and a pipe can be read once", help=advice)
    found = []
    for path in sites:
        source = sources.read(path) if os.path.lexists(path) or not revision_in(path) else _at(path)
        if source.error:
            raise source.error
        found.append(read_site(source.text, source.name))
    return found


def _at(path: str) -> Source:
    revision, _, name = path.partition(":")
    source = file_at(revision, name)
    if source is None:
        raise InputError(f"`{name}` is not in the revision `{revision}`", help="check the path, as it was then")
    return source


def with_sites(report: Report, policies: Sequence[SitePolicy], paths: Sequence[str], choices: Choices) -> Report:
    """
    The report with what the policies of sites say of the same files.

    Facts are those that ship, and of catalogues that the command line names; what the configuration excludes counts.
    Raises InputError where no deployment has such a site.
    """
    own = choices.settings.catalogs if choices.origins["catalogs"][1] == "command line" else ()
    exclude = choices.search.exclude if choices.origins["exclude"][1] == "command line" else ()
    catalog = load_catalog(own)
    read = list(sources.find([named(path) for path in paths or ["."]], input_bytes, Search(exclude=exclude)))
    loaded = [(one, load_text(one.text, one.name, catalog)) for one in read if not one.error]
    known = {str(error) for file in report.files for error in file.errors}
    errors = [error for _, one in loaded for error in one.errors if str(error) not in known]
    documents = [one for _, file in loaded for one in file.documents]
    findings: list[Finding] = []
    for policy in policies:
        told, failed = _of_policy(policy, documents, catalog, choices.timeout, report.today)
        findings += told
        errors += failed
    lines = {source.name: one.lines for source, one in loaded}
    return _joined(report, findings, errors, lines)


def _of_policy(
    policy: SitePolicy, documents: Sequence[Document], catalog: Catalog, timeout: float, today: str
) -> tuple[list[Finding], list[FedPolicyError]]:
    analysis = AnalysisSettings(today=today)
    theirs = [one for one in documents if policy.party in one.deployment.parties]
    if documents and not theirs:
        raise _absent(policy, documents[0])
    findings: list[Finding] = []
    errors: list[FedPolicyError] = []
    for document in theirs:
        limit(document.file, timeout)
        found = contained(partial(_one, policy, document, catalog, analysis), document.file)
        if isinstance(found, FedPolicyError):
            errors.append(found)
        else:
            findings += found
    return findings, errors


def _one(policy: SitePolicy, document: Document, catalog: Catalog, analysis: AnalysisSettings) -> list[Finding]:
    return site_findings(Study(document.deployment, catalog, analysis), document, policy)


def _absent(policy: SitePolicy, document: Document) -> InputError:
    known = ", ".join(f"`{name}`" for name in document.deployment.parties)
    message = f"the site `{policy.party}` is not a party of `{document.deployment.name}` ({document.file})"
    return InputError(message, span=policy.spans["party"], help=f"its parties are {known}")


def _joined(
    report: Report, found: Sequence[Finding], errors: Sequence[FedPolicyError], lines: dict[str, tuple[str, ...]]
) -> Report:
    touched = {one.span.file for one in found}
    files = tuple(
        replace(file, lines=file.lines or lines.get(file.name, ())) if file.name in touched else file
        for file in report.files
    )
    counts = Counter(report.counts)
    counts.update(Counter(one.verdict for one in found))
    silent = len(INFOS) - len({one.rule for one in found})
    counts[Verdict.PASS] += silent
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
