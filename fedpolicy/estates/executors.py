"""A crew on any `concurrent.futures.Executor`."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait

from fedpolicy.estates.crew import Answer, Chunk, Failed, Lost, Returned
from fedpolicy.estates.work import check_sources, mark, packed
from fedpolicy.judge import Checked, Judge

__all__ = ["ROOM", "Borrowed"]

ROOM = 16  # chunks at a time where nobody says how many workers there are


class Borrowed:
    """
    Workers of an executor that somebody else starts and stops.

    `room` chunks are under way at a time. `lost` are errors that mean that a worker died and others still work.
    """

    def __init__(
        self, executor: Executor, judge: Judge, room: int = ROOM, lost: tuple[type[BaseException], ...] = ()
    ) -> None:
        self.broken = False
        self._executor = executor
        self._judge = packed(judge)
        self._mark = mark()
        self._room = room
        self._lost = lost
        self._out: dict[Future[list[Checked]], Chunk] = {}

    apart = False  # nobody says which worker has which chunk, or how many

    @property
    def free(self) -> int:
        """How many chunks may still be under way."""
        return 0 if self.broken else self._room - len(self._out)

    def give(self, chunk: Chunk) -> bool:
        """Submit a chunk; False where the executor is broken."""
        try:
            future = self._executor.submit(check_sources, chunk.sources, self._judge, self._mark)
        except BrokenExecutor:
            self.broken = True
            return False
        self._out[future] = chunk
        return True

    def take(self, seconds: float) -> Sequence[tuple[Chunk, Answer]]:
        """Wait for answers. Where somebody cancels a future, no more are submitted."""
        # Some executors cancel without telling those who wait, so it is looked at here as well.
        done = {future for future in self._out if future.done()} or wait(self._out, seconds, FIRST_COMPLETED).done
        return [(self._out.pop(future), self._answer(future)) for future in done]

    def stop(self) -> None:
        """Cancel what has not begun."""
        for future in self._out:
            future.cancel()
        self._out.clear()

    def _answer(self, future: Future[list[Checked]]) -> Answer:
        if future.cancelled():
            self.broken = True
            return Returned()
        error = future.exception()
        if isinstance(error, BrokenExecutor):
            self.broken = True
            return Lost()
        if error is None:
            return future.result()
        return Lost() if isinstance(error, self._lost) else Failed(error)
