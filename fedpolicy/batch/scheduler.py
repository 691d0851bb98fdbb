"""A crew of dask workers, wherever they are; the extra `dask` installs what it takes."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any

from fedpolicy.batch import Crew
from fedpolicy.batch.executors import Borrowed
from fedpolicy.check import Judge
from fedpolicy.errors import SettingsError

__all__ = ["scheduled"]

_ADDRESS = re.compile(r"(?:tcp|tls)://(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:/\[\]]+)):(?P<port>\d{1,5})")
_PATIENCE = 10.0  # seconds for the scheduler, and again for its first worker


@contextmanager
def scheduled(address: str, judge: Judge, patience: float = _PATIENCE, timeout: float = 0) -> Iterator[Crew]:
    """
    Workers of the dask scheduler at an address such as tcp://10.0.0.5:8786.

    Where all workers go, or none has answered for as long as files may take (`timeout` seconds each), everything is
    given back. Raises SettingsError where dask is not installed, nothing answers within `patience` seconds, or no
    worker is there.
    """
    try:
        distributed: Any = import_module("distributed")  # a second, and optional
    except ImportError as error:
        advice = "install it: pip install 'fedpolicy[dask]'"
        raise SettingsError("`--scheduler` needs dask", help=advice) from error
    _knock(address, patience)
    # What dask logs, down to tracebacks when its scheduler goes away, is not for users of fedpolicy.
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield from _crew(distributed, address, judge, patience, timeout)
    finally:
        logging.disable(before)


def _crew(distributed: Any, address: str, judge: Judge, patience: float, timeout: float) -> Iterator[Crew]:  # noqa: ANN401  dask has no types
    try:
        client = distributed.Client(address, timeout=patience, set_as_default=False)
    except (OSError, ValueError) as error:
        raise _silent(address, str(error)) from error
    with client:
        room = 2 * _workers(client, address, patience)
        lost = (distributed.scheduler.KilledWorker,)
        executor = client.get_executor(pure=False)
        alive = partial(_alive, client)
        crew = Borrowed(executor, judge, room, lost, timeout=timeout, alive=alive, patience=patience)
        try:
            yield crew
        finally:
            crew.stop()


def _knock(address: str, patience: float) -> None:
    """Ask the port first: to learn from dask that nobody is there takes long, and its words help nobody."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        advice = "write it as dask prints it, such as tcp://10.0.0.5:8786"
        raise SettingsError(f"`{address}` is not an address of a scheduler", help=advice)
    try:
        socket.create_connection((match["six"] or match["host"], int(match["port"])), patience).close()
    except (OSError, OverflowError, UnicodeError) as error:
        raise _silent(address, getattr(error, "strerror", None) or str(error)) from error


def _workers(client: Any, address: str, patience: float) -> int:  # noqa: ANN401  dask has no types
    try:
        client.wait_for_workers(1, timeout=patience)
    except TimeoutError as error:
        message = f"the scheduler at `{address}` has no workers"
        raise SettingsError(
            message, help="start some: dask worker ADDRESS, with the same fedpolicy installed"
        ) from error
    return sum(client.nthreads().values())


def _alive(client: Any) -> bool:  # noqa: ANN401  dask has no types
    """Whether the scheduler has a worker; where it is gone itself, dask says so by other means."""
    try:
        return bool(client.nthreads())
    except (OSError, TimeoutError):
        return True


def _silent(address: str, why: str) -> SettingsError:
    advice = "start it with `dask scheduler`, which prints its address"
    return SettingsError(f"no scheduler answers at `{address}`: {why}", help=advice)
