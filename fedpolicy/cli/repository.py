"""Files of a repository that know nothing of us: read and judged, each for no longer than it may take."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fedpolicy.cli import COLLECTIONS, COLLECTIONS_OF_CODE
from fedpolicy.cli.inputs import heard_within, input_bytes, lost_of, named, watch_of
from fedpolicy.cli.terminal import chatter
from fedpolicy.scan.gather import Gathered, gather, gather_texts, worth
from fedpolicy.scan.services import Services
from fedpolicy.sources.walk import is_excluded

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog
    from fedpolicy.check import Judge
    from fedpolicy.cli.choices import Choices
    from fedpolicy.cli.revisions import Revision
    from fedpolicy.errors import FedPolicyError
    from fedpolicy.findings import Finding, Report
    from fedpolicy.language.reading import Document
    from fedpolicy.settings import Settings
    from fedpolicy.sources import Source

_SHOWN = 20  # files that were not read, named one by one


def gathered(paths: Sequence[str], catalog: Catalog, choices: Choices) -> Gathered:
    """What the files below the paths say; what an earlier process did not survive counts as not read."""
    if gc.get_threshold() == COLLECTIONS:
        gc.set_threshold(*COLLECTIONS_OF_CODE)
    services = Services(catalog.services.values(), catalog.artefacts.values())
    lost = {name: error.message for name, error in _lost(choices).items()}
    return gather(paths, choices.search, services, begin=heard_within(choices.timeout), lost=lost)


def tell_unread(found: Gathered, *, verbose: bool, how: str = "-v") -> None:
    """What could not be read, and why: on standard error, beside any format. `how` is what shows all of it."""
    from fedpolicy.report import amount  # noqa: PLC0415  most runs read all

    most = len(found.not_read) if verbose else _SHOWN
    for one in found.not_read[:most]:
        chatter(f"note: {one.span}: {one.why}\n")
    if (rest := len(found.not_read) - most) > 0:
        chatter(f"note: {amount(rest, 'more note')} of this kind (`{how}` shows all)\n")


def scan_paths(paths: Sequence[str], choices: Choices, settings: Settings) -> tuple[Report, Gathered]:
    """What a scan finds, and what it read. A deployment that takes too long to judge is an error."""
    from fedpolicy.check import judge_of  # noqa: PLC0415  an import judges nothing
    from fedpolicy.cli.run import is_whole  # noqa: PLC0415
    from fedpolicy.scan.judge import DRAFT, judged  # noqa: PLC0415

    settings = replace(settings, whole=is_whole(paths, choices))
    judge, errors = judge_of(settings)
    found = gathered(paths, judge.catalog, choices)
    lost = {name: error for name, error in _lost(choices).items() if name.startswith(DRAFT)}
    errors = [*errors, *lost.values()]
    return judged(found, judge, settings, errors, begin=heard_within(choices.timeout), lost=lost), found


def drift_of(
    declared: Sequence[str], paths: Sequence[str], choices: Choices, settings: Settings, *, verbose: bool = False
) -> tuple[Report, bool]:
    """What declarations and the files below the paths differ in, and whether any could be compared."""
    from fedpolicy.cli.run import is_whole, tell_skipped  # noqa: PLC0415  a scan reads no declaration
    from fedpolicy.errors import Problems  # noqa: PLC0415
    from fedpolicy.scan.drift.judge import drifted  # noqa: PLC0415
    from fedpolicy.sources import find  # noqa: PLC0415

    judge = _judge(settings)
    documents, errors = _documents(find(map(named, declared), input_bytes, choices.search), judge.catalog)
    if errors:
        raise Problems(errors)
    runs = gathered(paths, judge.catalog, choices)
    tell_skipped(runs.skipped, named=verbose)
    tell_unread(runs, verbose=verbose)
    done = drifted(documents, runs, judge, replace(settings, whole=is_whole(paths, choices)))
    return done.report, done.compared


def drift_at(
    state: str, sources: Sequence[Source], paths: Sequence[str], choices: Choices, settings: Settings
) -> list[Finding]:
    """
    What the declarations of a state and the files of the same state differ in.

    Where the state is at a revision, as `main:fedpolicy.yaml`, so are the files; a folder that was not there is empty.
    """
    from fedpolicy.cli.revisions import revision_in  # noqa: PLC0415  a scan reads no declaration
    from fedpolicy.scan.drift import PACK  # noqa: PLC0415
    from fedpolicy.scan.drift.judge import drifts  # noqa: PLC0415
    from fedpolicy.scan.judge import obeying  # noqa: PLC0415

    judge = _judge(settings)
    documents, _ = _documents(sources, judge.catalog)
    revision = revision_in(state)
    found = _kept(revision, paths, judge.catalog, choices) if revision else gathered(paths, judge.catalog, choices)
    findings, _ = drifts(documents, found, judge)
    return obeying(findings, settings, PACK)


def _judge(settings: Settings) -> Judge:
    """Whoever compares a declaration with files asks no rules of packs."""
    from fedpolicy.check import Judge, catalog_of  # noqa: PLC0415  see above

    return Judge(catalog=catalog_of(settings), rules=(), analysis=settings.analysis)


def _documents(sources: Iterable[Source], catalog: Catalog) -> tuple[list[Document], list[FedPolicyError]]:
    """What is declared, and what could not be read."""
    from fedpolicy.language.reading import load_text  # noqa: PLC0415  see above

    documents: list[Document] = []
    errors: list[FedPolicyError] = []
    for one in sources:
        if one.error:
            errors.append(one.error)
            continue
        loaded = load_text(one.text, one.name, catalog)
        documents += loaded.documents
        errors += loaded.errors
    return documents, errors


def _kept(revision: Revision, paths: Sequence[str], catalog: Catalog, choices: Choices) -> Gathered:
    """What the files below the paths said at a revision."""
    found: dict[str, bytes] = {}
    for path in paths:
        start = revision.inside(path) or "."
        below = {name: name if start in (".", name) else name[len(start) + 1 :] for name in revision.names(path)}
        wanted = [name for name, inside in below.items() if worth(name) and not is_excluded(inside, choices.search)]
        found.update(revision.texts(wanted))
    services = Services(catalog.services.values(), catalog.artefacts.values())
    return gather_texts(found, services, lambda name: f"{revision.name}:{name}")


def _lost(choices: Choices) -> Mapping[str, FedPolicyError]:
    return lost_of(watch_of(), choices.timeout, "was not read")
