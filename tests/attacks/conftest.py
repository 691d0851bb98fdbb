"""What takes long is made once a session."""

from __future__ import annotations

from tests.ci.conftest import index, ourselves

__all__ = ["index", "ourselves"]
