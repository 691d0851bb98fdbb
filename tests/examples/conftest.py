"""Running the examples as a user would, from the root of the project."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fedpolicy.cli.commands import app

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(monkeypatch) -> Callable[..., Result]:
    """Run fedpolicy in the project's root."""
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("FORCE_COLOR", raising=False)

    def invoke(*arguments: str, **more: Any) -> Result:
        result = CliRunner().invoke(app, list(arguments), **more)
        assert result.exit_code in {0, 1}, result.output
        return result

    return invoke


@pytest.fixture
def examples() -> Path:
    return ROOT / "examples"


@pytest.fixture
def check(run) -> Callable[[str], Any]:
    """The report on a text, as programs read it."""
    return lambda text: json.loads(run("check", "-", "--format", "json", input=text).stdout)


@pytest.fixture
def compute(run) -> Callable[[str], Any]:
    """The facts of a text, as programs read them."""
    return lambda text: json.loads(run("facts", "-", "--format", "json", input=text).stdout)
