"""What takes long is made once a session."""

from __future__ import annotations

from tests.ci.conftest import common, index, ourselves

__all__ = ["common", "index", "ourselves"]
