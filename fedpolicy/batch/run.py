"""One check of many files: which are done, which are left, and the report, the same whoever does the work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from fedpolicy.batch import Chunk, Crew, Failed, Lost, Overdue, Returned
from fedpolicy.check import Checked, check_file, judge_of, report_of, unchecked
from fedpolicy.errors import FedPolicyError, OverdueError, SettingsError, WorkerError
from fedpolicy.findings import Report
from fedpolicy.overview import Interruption
from fedpolicy.settings import Settings
from fedpolicy.sources import Source, read, shown_path

_UNCHECKED = "was not checked"
_TICK = 0.2  # seconds between two looks at the clock, for whoever shows progress
_MOST_FILES = 16  # in one chunk: some tenths of a second of work
_MOST_BYTES = 1024 * 1024  # of text in one chunk, unless a single file has more
_SHARE = 64  # small runs make smaller chunks, so that everybody gets some


def _unwatched(_: str) -> None:
    """Nobody listens."""


def _quiet(_: int) -> None:
    """Show nothing."""


class Batch:
    """
    Files in order, checked in any order.

    `total` files are to be checked; `done` counts those that are. `progress` gets that number after every step, and
    now and then while there is none. `judge` is what files are judged by; one file may take `timeout` seconds (0: as
    long as it takes) where somebody watches. `running` names what is being checked.
    """

    def __init__(
        self,
        places: Sequence[str | Source],
        settings: Settings,
        progress: Callable[[int], None] = _quiet,
        timeout: float = 0,
    ) -> None:
        """Load what files are judged by. Raises Problems where the catalogue cannot be used."""
        self.total = len(places)
        self.progress = progress
        self.timeout = timeout
        self.running: Sequence[str] = ()
        self._settings = settings
        self.judge, self._errors = judge_of(settings)
        self._left: deque[tuple[int, str | Source]] = deque(enumerate(places))
        self._suspects: deque[Chunk] = deque()
        self._checked: dict[int, Checked] = {}

    @property
    def done(self) -> int:
        """How many files are checked."""
        return len(self._checked)

    def here(self, leave: Callable[[], bool] = lambda: False, begin: Callable[[str], None] = _unwatched) -> None:
        """
        Check what is left in this process, one file after the other, until `leave` says to stop.

        `begin` hears of each file before anything is done with it.
        """
        while self._left and not leave():
            index, place = self._left[0]
            name = place_name(place)
            self.running = (name,)
            begin(name)
            self._checked[index] = check_file(_source(place), self.judge)
            self._left.popleft()
            self.running = ()
            self.progress(self.done)

    def leave_out(self, lost: Mapping[str, FedPolicyError]) -> None:
        """Do not check these files, by name: their errors say why."""
        for index, place in list(self._left):
            if error := lost.get(place_name(place)):
                self._checked[index] = unchecked(place_name(place), error)
        self._left = deque(one for one in self._left if one[0] not in self._checked)

    def over(self, crew: Crew) -> None:
        """
        Let a crew check what is left.

        A file whose check takes its worker with it is checked once more, alone; if that worker is lost too, it is an
        error of the file. What a crew that breaks has left undone is checked here. Raises what a check must not raise,
        as `here` does, and SettingsError where the check works here and not there.
        """
        room = crew.free
        for source, most in ((self._next, room), (self._suspect, room if crew.apart else 1)):
            while failed := self._shared(crew, source, most):
                for chunk, failure in failed:
                    self._repeat(chunk, failure)
        while suspect := self._suspect():
            self._give_up(suspect)
        self.running = ()
        if self._left and crew.silent:
            self._alone()
        self.here()

    def report(self, *, stopped: bool = False) -> Report:
        """What is known so far."""
        running = tuple(dict.fromkeys(self.running))
        interruption = Interruption(checked=self.done, files=self.total, running=running) if stopped else None
        checked = [self._checked[index] for index in sorted(self._checked)]
        return report_of(checked, self.judge, self._settings, self._errors, interruption)

    def _shared(self, crew: Crew, source: Callable[[], Chunk | None], most: int) -> list[tuple[Chunk, Failed]]:
        """Share out chunks until none is left or something fails; then wait for what is on its way."""
        failed: list[tuple[Chunk, Failed]] = []
        out = 0
        while True:
            while not failed and out < most and crew.free and (chunk := source()):
                if not crew.give(chunk):
                    self._back(chunk)
                    break
                out += 1
            if not out:
                return sorted(failed, key=lambda one: one[0].first)
            self.running = crew.running
            for chunk, answer in crew.take(_TICK):
                out -= 1
                if isinstance(answer, Failed):
                    failed.append((chunk, answer))
                else:
                    self._settle(chunk, answer)
            self.progress(self.done)

    def _alone(self) -> None:
        """Check what is left in a process of our own: some of it may never end, and a process can be killed."""
        from fedpolicy.batch.processes import Processes  # noqa: PLC0415  hardly ever

        with Processes(1, self.judge, self.timeout) as crew:
            self.over(crew)

    def _suspect(self) -> Chunk | None:
        return self._suspects.popleft() if self._suspects else None

    def _next(self) -> Chunk | None:
        """The files that stand next to each other at the front, as many as one chunk may have."""
        most = min(_MOST_FILES, 1 + self.total // _SHARE)
        first = self._left[0][0] if self._left else 0
        sources: list[Source] = []
        size = 0
        while self._left and self._left[0][0] == first + len(sources) < first + most and size < _MOST_BYTES:
            source = _source(self._left.popleft()[1])
            sources.append(source)
            size += len(source.text)
        return Chunk(first, tuple(sources)) if sources else None

    def _back(self, chunk: Chunk) -> None:
        if chunk.again:
            self._suspects.appendleft(chunk)
        else:
            self._left.extendleft(reversed(list(enumerate(chunk.sources, chunk.first))))

    def _settle(self, chunk: Chunk, answer: Sequence[Checked] | Lost | Returned | Overdue) -> None:
        if isinstance(answer, Returned):
            self._back(chunk)
        elif isinstance(answer, Overdue):
            self._overtaken(chunk, answer.done)
        elif not isinstance(answer, Lost):
            self._checked.update(enumerate(answer, chunk.first))
        elif chunk.again:
            self._give_up(chunk)
        else:
            places = enumerate(chunk.sources, chunk.first)
            self._suspects.extend(Chunk(index, (source,), again=True) for index, source in places)

    def _overtaken(self, chunk: Chunk, done: Sequence[Checked]) -> None:
        """The files that are done count; the one behind them is an error, and the rest is still to be checked."""
        self._checked.update(enumerate(done, chunk.first))
        late, *rest = chunk.sources[len(done) :]
        first = chunk.first + len(done)
        self._checked[first] = unchecked(late.name, overdue(late.name, self.timeout))
        if rest:
            self._back(Chunk(first + 1, tuple(rest), again=chunk.again))

    def _repeat(self, chunk: Chunk, failure: Failed) -> None:
        if isinstance(failure.error, FedPolicyError):
            raise failure.error
        for index, source in enumerate(chunk.sources, chunk.first):
            self._checked[index] = check_file(source, self.judge)
        if failure.error is not None:
            advice = "install the same fedpolicy where the workers run; what they failed on was checked here"
            self._errors = [
                *self._errors,
                SettingsError(f"the workers cannot check files: {failure.error!r}", help=advice),
            ]

    def _give_up(self, chunk: Chunk) -> None:
        for index, source in enumerate(chunk.sources, chunk.first):
            self._checked[index] = unchecked(source.name, died(source.name))


def died(name: str, what: str = _UNCHECKED) -> WorkerError:
    """The error of a file that took its process with it."""
    alone = f"; `fedpolicy check {name}` checks it alone" if what == _UNCHECKED else ""
    advice = f"perhaps it ran out of memory{alone}"
    return WorkerError(f"`{name}` {what}: the process that checked it died", help=advice)


def overdue(name: str, timeout: float, what: str = _UNCHECKED) -> OverdueError:
    """The error of a file that took too long."""
    advice = "allow it more with `--timeout`, or 0 for as long as it takes; or make it smaller"
    limit = f"{timeout:g} second{'' if timeout == 1 else 's'}"
    return OverdueError(f"`{name}` {what}: it took longer than {limit}", help=advice)


def place_name(place: str | Source) -> str:
    """What a run calls a file before it is read."""
    return shown_path(place) if isinstance(place, str) else place.name


def _source(place: str | Source) -> Source:
    return read(place) if isinstance(place, str) else place
