"""What inputs are drawn from is read once."""

from __future__ import annotations

import pytest

from fuzz.inputs import Source


@pytest.fixture(scope="session")
def source() -> Source:
    return Source()
