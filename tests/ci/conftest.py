"""What takes long is made once a session."""

from __future__ import annotations

import sys

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
def ourselves(tmp_path_factory):
    """A git repository with what this one has at its tag."""
    return repository(copy_of_ourselves(tmp_path_factory.mktemp("tagged") / "fedpolicy"), {})


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """Where pre-commit keeps the environment, which is made once."""
    return tmp_path_factory.mktemp("pre-commit-home")
