"""What a finding is called across runs."""

from __future__ import annotations

from hashlib import sha256

__all__ = ["fingerprint"]

_SHORT = 32


def fingerprint(*parts: str) -> str:
    """The identity of a finding: its rule and its elements, never a line or a file."""
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:_SHORT]
