"""Any executor: the same report, whatever happens to its workers; and what travels to them."""

from __future__ import annotations

import shutil
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from fedpolicy import api
from fedpolicy.batch import executors
from fedpolicy.batch.executors import ROOM, Borrowed, check_sources, mark, packed, unpacked
from fedpolicy.batch.run import Batch
from fedpolicy.check import check_file
from fedpolicy.errors import SettingsError
from fedpolicy.settings import Settings
from fedpolicy.sources import candidates
from tests.batch.conftest import errors_of, run_of, small, sources_of

HERE = Path(__file__).parents[1]
ROWS = sorted((HERE / "catalog" / "accept").glob("*.yaml"))
PACK = HERE / "cli" / "pack"


class Executor(ThreadPoolExecutor):
    """Works at once in this thread; a test says how the work ends."""

    def __init__(self, ends=None):
        super().__init__(1)
        self.ends = ends or (lambda future, work: future.set_result(work()))

    def submit(self, fn, /, *arguments):
        future = Future()
        self.ends(future, lambda: fn(*arguments))
        return future


def through(executor, done, **more):
    done.over(Borrowed(executor, done.judge, **more))
    return done.report()


def spawning():
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


@pytest.mark.parametrize(
    "executor", [lambda: ThreadPoolExecutor(2), spawning, Executor], ids=["threads", "new", "here"]
)
def test_the_report_is_the_same(executor, estate):
    del estate
    here = run_of()
    here.here()
    with executor() as workers:
        assert repr(through(workers, run_of())) == repr(here.report())


def test_workers_need_no_file_of_the_user(estate):
    shutil.copytree(PACK, estate / "rules")
    shutil.copy(ROWS[0], estate / "rows.yaml")
    done = Batch(
        list(candidates(["a", "b", "e"], lambda: b"")),
        Settings(packs=("federation", "rules"), catalogs=(Path("rows.yaml"),), params={"inputs-kept.days": "7"}),
    )
    done.here()
    sources = sources_of("a", "b", "e")
    travelled = packed(done.judge)
    shutil.rmtree("rules")
    Path("rows.yaml").unlink()
    with spawning() as workers:
        found = workers.submit(check_sources, sources, travelled, mark()).result()

    assert [repr(one) for one in found] == [repr(check_file(source, done.judge)) for source in sources]
    assert "inputs-kept" in {finding.rule for one in found for finding in one.findings}


@pytest.mark.no_cover  # the same lines for each case
@pytest.mark.parametrize("path", ROWS, ids=lambda path: path.stem)
def test_every_kind_of_row_travels(path):
    judge = Batch([], Settings(catalogs=(path,))).judge
    there = unpacked(packed(judge)).catalog

    for section in ("levels", "payloads", "methods", "safeguards", "models", "providers", "licences", "countries"):
        ours, theirs = (getattr(catalog, section) for catalog in (judge.catalog, there))
        assert list(ours) == list(theirs)
        # Two thousand models ship, of which each is read when it is asked for: all of them once.
        names = [name for name in ours if section != "models" or path == ROWS[0] or name in path.read_text("utf-8")]
        assert [repr(ours[name]) for name in names] == [repr(theirs[name]) for name in names]


def test_other_versions_are_refused(estate, monkeypatch):
    del estate
    monkeypatch.setattr(executors, "__version__", "9.9")
    judge = run_of().judge
    text = packed(judge)

    with pytest.raises(SettingsError, match=r"a worker has fedpolicy 9\.9 with .*, and this is fedpolicy 0\.0 with"):
        check_sources((), text, ("0.0", "1"))


def test_what_a_worker_refuses_ends_the_run(estate):
    del estate

    def refuse(future, _):
        future.set_exception(SettingsError("a worker has another version"))

    with pytest.raises(SettingsError, match="another version"):
        through(Executor(refuse), run_of())


def test_what_works_here_and_not_there_is_the_workers_fault(estate):
    del estate

    def lacks(future, _):
        future.set_exception(ModuleNotFoundError("No module named 'fedpolicy'"))

    report = through(Executor(lacks), run_of())
    here = run_of()
    here.here()

    (error,) = report.errors
    assert str(error) == (
        "the workers cannot check files: ModuleNotFoundError(\"No module named 'fedpolicy'\")"
        " (install the same fedpolicy where the workers run; what they failed on was checked here)"
    )
    assert repr(report.files) == repr(here.report().files)


class Dying(Exception):  # noqa: N818  as dask has one
    """A worker died, and others live."""


def test_a_file_whose_workers_die_is_an_error_and_the_others_are_checked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = small(70)  # two files a chunk
    executor = Executor()
    submit = executor.submit

    def dies(fn, sources, *more):
        if any(source.name == "n05.yaml" for source in sources):
            future = Future()
            future.set_exception(Dying())
            return future
        return submit(fn, sources, *more)

    executor.submit = dies
    report = through(executor, run_of(), lost=(Dying,))

    assert [file.name for file in report.files] == names
    assert list(errors_of(report)) == ["n05.yaml"]


@pytest.mark.parametrize("how", ["breaks", "is cancelled"])
def test_where_an_executor_breaks_what_is_left_is_checked_here(how, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = small(40)
    count = 0

    def end(future, do):
        nonlocal count
        count += 1
        if count < 10:
            future.set_result(do())
        elif how == "breaks":
            future.set_exception(BrokenExecutor())
        else:
            future.cancel()

    report = through(Executor(end), run_of())

    assert [file.name for file in report.files] == names
    assert len(errors_of(report)) in (range(1, ROOM + 1) if how == "breaks" else [0])


def test_an_executor_that_takes_nothing_is_broken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = small(3)

    def refuse(_future, _do):
        raise BrokenExecutor

    report = through(Executor(refuse), run_of())

    assert ([file.name for file in report.files], errors_of(report)) == (names, {})


def test_stopping_cancels_what_has_not_begun(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small(3)
    futures = []
    crew = Borrowed(Executor(lambda future, _: futures.append(future)), run_of().judge)
    done = run_of()
    for _ in range(3):
        assert crew.give(done._next())  # noqa: SLF001
    futures[0].set_running_or_notify_cancel()
    crew.stop()

    assert [future.cancelled() for future in futures] == [False, True, True]
    assert crew.free == ROOM


def test_the_api_takes_an_executor(estate):
    del estate
    with ThreadPoolExecutor(2) as executor:
        assert repr(api.check(["."], executor=executor)) == repr(api.check(["."]))
