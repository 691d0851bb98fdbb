"""What takes long is made once a session."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ci.repositories import copy_of_ourselves, repository, run


@pytest.fixture(scope="session")
def index(tmp_path_factory):
    """A package index that can be reached; without one, nothing can be installed."""
    folder = tmp_path_factory.mktemp("index")
    done = run(folder, sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--timeout=5", "hatchling")
    if done.returncode:
        pytest.skip("no package index can be reached, and the test installs fedpolicy into an environment of its own")


@pytest.fixture(scope="session")
def common(tmp_path_factory):
    """A folder that all processes of a session have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def ourselves(common):
    """A git repository with what this one has at its tag."""
    folder = common / "tagged" / "fedpolicy"
    with alone(common / "tagged.lock"):
        return folder if folder.exists() else repository(copy_of_ourselves(folder), {})


@pytest.fixture(scope="session")
def home(common):
    """Where pre-commit keeps the environment, which is made once: pre-commit lets one process in at a time."""
    folder = common / "pre-commit-home"
    folder.mkdir(exist_ok=True)
    return folder


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Let nobody else do the same at the same time."""
    with lock.open("w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
