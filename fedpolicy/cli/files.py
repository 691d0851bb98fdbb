"""Files, written whole or not at all, however many there are."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from fedpolicy.errors import OutputError

__all__ = ["write_files"]


def write_files(files: Mapping[Path, str]) -> None:
    """
    Write every file or none: temporary files beside them take their places when all of them are there.

    What is no plain file (a pipe, /dev/stdout) is written to as it is, at the end. Raises OutputError.
    """
    drafts: dict[Path, Path] = {}
    texts = {path: text.encode("utf-8", "replace") for path, text in files.items()}
    try:
        for path, data in texts.items():
            target = Path(os.path.realpath(path))
            with _explained(path, target):
                if target.is_file() or not target.exists():
                    drafts[path] = target.with_name(f".{target.name}.{os.getpid()}.tmp")
                    _draft(target, drafts[path], data)
        for path, data in texts.items():
            target = Path(os.path.realpath(path))
            with _explained(path, target):
                _settle(target, drafts.get(path), data)
    finally:
        for draft in drafts.values():
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def _draft(target: Path, draft: Path, data: bytes) -> None:
    draft.write_bytes(data)
    if target.exists():
        shutil.copymode(target, draft)


def _settle(target: Path, draft: Path | None, data: bytes) -> None:
    if draft is None:
        target.write_bytes(data)
    else:
        draft.replace(target)


@contextmanager
def _explained(path: Path, target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        advice = f"there is no folder `{path.parent}`" if not target.parent.is_dir() else "nothing was written"
        raise OutputError(f"`{path}` cannot be written: {error.strerror}", help=advice) from error
