"""Where the data that ship with fedpolicy are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

__all__ = ["bundles_dir", "catalog_dir", "policies_dir", "schemas_dir"]

_PACKAGE = Path(__file__).resolve().parent


def _shipped(name: str) -> Path:
    # A checkout wins: an editable install may leave a stale copy inside the package.
    checkout = _PACKAGE.parent / name
    if (_PACKAGE.parent / "pyproject.toml").is_file() and checkout.is_dir():
        return checkout
    return _PACKAGE / "_data" / name


def policies_dir() -> Path:
    """The folder that holds one folder per shipped pack."""
    return _shipped("policies")


def bundles_dir() -> Path | None:
    """The folder with the compiled packs of a wheel; None in a checkout, where rules are read as they are written."""
    beside = policies_dir().parent
    return beside / "bundles" if beside == _PACKAGE / "_data" else None


def schemas_dir() -> Path:
    """The folder that holds the JSON schemas."""
    return _shipped("schemas")


def catalog_dir() -> Path:
    """The folder that holds the shipped catalogue."""
    return _PACKAGE / "catalog"
