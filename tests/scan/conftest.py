"""What tests of the scan and of drift share: an empty folder to be in, and the consortium."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def consortium(here, monkeypatch):
    shutil.copytree(HERE / "consortium", here / "consortium")
    monkeypatch.chdir(here / "consortium")
    return here / "consortium"
