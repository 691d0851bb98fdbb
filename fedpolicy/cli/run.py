"""Many files -> one report: here, in processes or on a scheduler, with progress, until somebody interrupts."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from fedpolicy import sources
from fedpolicy.batch.run import Batch
from fedpolicy.cli import COLLECTIONS, COLLECTIONS_OF_ONE
from fedpolicy.cli.choices import Choices
from fedpolicy.cli.errors import exit_code, say_errors
from fedpolicy.cli.inputs import PROOFS, heard_within, input_bytes, lost_of, named, watch_of
from fedpolicy.cli.terminal import Progress, chatter
from fedpolicy.cli.watchdog import Watch
from fedpolicy.errors import InputError, SettingsError
from fedpolicy.findings import Override, Report
from fedpolicy.records import replace
from fedpolicy.report import clean
from fedpolicy.settings import Settings

if TYPE_CHECKING:
    from fedpolicy.sources import Skipped, Source

_WARM = 4  # files after which a guess about the others is worth something; the first one loads what all need
_PAYS_TO_FORK = 0.3  # seconds of work that are left
_PAYS_TO_SPAWN = 2.0


def check_paths(paths: Sequence[str], settings: Settings, choices: Choices, options: Mapping[str, Any]) -> Report:
    """
    Check what the paths name. The report is the same whoever does the work.

    Where somebody interrupts, it is about the files that were checked, and says so.
    """
    _must_go_together(options)
    skipped: list[Skipped] = []
    search = replace(choices.search, skip=skipped.append)
    places = list(sources.candidates([named(path) for path in paths or ["."]], input_bytes, search))
    settings = replace(settings, whole=is_whole(paths or ["."], choices))
    report = _run(places, settings, choices, options)
    if not report.interruption:
        tell_skipped(skipped, named=bool(options.get("verbose")))
    overrides = (*report.overrides, *outer_overrides(choices, skipped))
    return replace(report, overrides=overrides, fail_on=choices.fail_on, strict=choices.strict)


def _must_go_together(options: Mapping[str, Any]) -> None:
    if options["scheduler"] and options["jobs"] is not None:
        advice = "the scheduler knows its workers: leave `--jobs` out"
        raise SettingsError("`--jobs` and `--scheduler` do not go together", help=advice)


def _run(places: Sequence[str | Source], settings: Settings, choices: Choices, options: Mapping[str, Any]) -> Report:
    watch = watch_of()
    if len(places) == 1 and gc.get_threshold() == COLLECTIONS:
        gc.set_threshold(*COLLECTIONS_OF_ONE)
    progress = _progress(len(places), options)
    run = Batch(places, settings, progress.tell if progress else _quiet, choices.timeout)
    stopped = False
    try:
        _work(run, choices, options["scheduler"], watch)
    except KeyboardInterrupt:
        stopped = True
    finally:
        if progress:
            progress.erase()
    return run.report(stopped=stopped)


def _quiet(_: int) -> None:
    """Show nothing."""


def _progress(total: int, options: Mapping[str, Any]) -> Progress | None:
    if total <= 1:
        return None
    return Progress(sys.stderr, total, no_color=bool(options.get("no_color")))


def usable_report(
    paths: Sequence[str], settings: Settings, choices: Choices, options: Mapping[str, Any]
) -> Report | int:
    """The report; or the exit code, where something could not be used, which has then been said."""
    report = check_paths(paths, settings, choices, options)
    if report.interruption:
        raise KeyboardInterrupt
    if errors := say_errors(report.mistakes, report.files):
        return exit_code(errors)
    if not report.evaluated:
        raise InputError("nothing was evaluated", help="name a deployment, and rules that apply to it")
    return report


def is_whole(paths: Sequence[str], choices: Choices) -> bool:
    """Whether the paths hold every deployment of the repository, as far as a search finds them."""
    if choices.search.exclude:
        return False
    return any(os.path.realpath(path) == choices.settings.root.path for path in paths if os.path.isdir(path))  # noqa: PTH112  a path may be anything


def outer_overrides(choices: Choices, skipped: Sequence[Skipped]) -> tuple[Override, ...]:
    """What settings did before any rule was asked, and will do after."""
    found = []
    by = choices.settings.origins
    if excluded := sum(one.excluded for one in skipped):
        found.append(Override(what="deployments_excluded", by=by["exclude"], amount=excluded))
    if choices.fail_on in {"critical", "never"}:
        found.append(Override(what="failing_from", by=by["fail_on"], amount=1, names=(choices.fail_on,)))
    return tuple(found)


def tell_skipped(skipped: Sequence[Skipped], *, named: bool) -> None:
    """What a search left out, and why: on standard error."""
    if not skipped:
        return
    from fedpolicy.sources import skipped_words  # noqa: PLC0415  most runs search no folder

    advice = "" if named else "; `-v` names them"
    chatter(f"note: the search left out {skipped_words(skipped)}{advice}\n")
    for one in skipped if named else ():
        chatter(f"    {clean(sources.shown_path(one.path))}: {one.why}\n")


def _work(run: Batch, choices: Choices, scheduler: str | None, watch: Watch | None) -> None:
    run.leave_out(lost_of(watch, run.timeout))
    if scheduler:
        _elsewhere(run, scheduler)
        return
    jobs = choices.jobs or _jobs(run.total)
    if not _needs_processes(choices, watch):
        begin = heard_within(run.timeout)
        if jobs == 1:
            run.here(begin=begin)
        elif choices.jobs == 0:
            run.here(_pays(run), begin)
    if watch:
        watch.rest()
    if run.done < run.total:
        _in_processes(run, jobs, watch)


def _needs_processes(choices: Choices, watch: Watch | None) -> bool:
    """Whether files need a process that can be killed: one was lost, or nobody watches and the user sets a limit."""
    if watch:
        return bool(watch.lost.keys() - {PROOFS})
    return bool(choices.timeout) and choices.origins["timeout"][1] != "default"


def _in_processes(run: Batch, jobs: int, watch: Watch | None) -> None:
    from fedpolicy.batch.processes import Processes  # noqa: PLC0415  few files need no processes

    tell = run.progress

    def progress(done: int) -> None:
        if watch:
            watch.must_live()
        tell(done)

    run.progress = progress
    with Processes(jobs, run.judge, run.timeout) as crew:
        run.over(crew)


def _elsewhere(run: Batch, scheduler: str) -> None:
    from fedpolicy.batch.executors import scheduled  # noqa: PLC0415  few have one

    with scheduled(scheduler, run.judge, timeout=run.timeout) as crew:
        run.over(crew)
        gone = crew.broken
    if gone:
        chatter(f"note: the workers of `{scheduler}` are gone; what was left was checked here\n")


def _jobs(total: int) -> int:
    if total <= _WARM:
        return 1
    from fedpolicy.batch import usable_cpus  # noqa: PLC0415  only where it may pay

    return usable_cpus()


def _pays(run: Batch) -> Callable[[], bool]:
    """Whether what is left takes long enough to share it, by what the files so far took."""
    marks: list[float] = []

    def leave() -> bool:
        marks.append(monotonic())
        if run.done < _WARM:
            return False
        each = (marks[-1] - marks[1]) / (run.done - 1)
        from fedpolicy.batch.processes import forks  # noqa: PLC0415  see above

        return each * (run.total - run.done) > (_PAYS_TO_FORK if forks() else _PAYS_TO_SPAWN)

    return leave


def for_owner(report: Report, owner: str) -> Report:
    """What of the report concerns one party. Raises SettingsError where no deployment has it."""
    from fedpolicy.report.owner import of_owner  # noqa: PLC0415  few reports have one
    from fedpolicy.suggest import advise  # noqa: PLC0415

    parties = sorted({party for one in report.overviews for party in one.parties})
    if parties and owner not in parties:
        raise SettingsError(f"no party is called `{owner}`", help=advise(owner, parties))
    return of_owner(report, owner)


def with_proofs(report: Report, settings: Settings, choices: Choices) -> Report:
    """The report with a proved change for each cause, or without any where that takes too long."""
    watch = watch_of()
    if watch and PROOFS in watch.lost:
        chatter(f"note: no changes are shown: to try them took longer than {choices.timeout:g} seconds\n")
        return report
    if watch:
        watch.begin(PROOFS, choices.timeout)
    proved = with_changes(report, _sources(report), settings, choices.costs)
    if watch:
        watch.rest()
    return proved


def with_changes(
    report: Report, sources: Mapping[str, Source], settings: Settings, costs: Mapping[str, float] = MappingProxyType({})
) -> Report:
    """The report with a proved change for each cause; `costs` are those of kinds of change that somebody has set."""
    from fedpolicy.repair import answer, costs_of  # noqa: PLC0415  a check needs no repair
    from fedpolicy.repair.changes import kinds  # noqa: PLC0415

    return answer.with_fixes(report, sources, settings, costs_of(kinds()) | dict(costs))


def _sources(report: Report) -> Mapping[str, Source]:
    """The files of a report, as it has read them."""
    from fedpolicy.sources import Source  # noqa: PLC0415

    texts = {file.name: "\n".join(file.lines) + "\n" for file in report.files if file.lines}
    return {name: Source(name=name, text=text.encode("utf-8", "surrogatepass")) for name, text in texts.items()}
