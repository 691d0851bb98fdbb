"""The smallest inputs that break the same law in the same place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic

Files = Mapping[str, bytes]


def smallest(files: Files, breaks: Callable[[Files], bool], seconds: float) -> Files:
    """Leave out files, then lines, then characters, as long as it still breaks and time is left."""
    until = monotonic() + seconds

    def still(one: Files) -> bool:
        return monotonic() < until and breaks(one)

    for name in list(files):
        fewer = {key: text for key, text in files.items() if key != name}
        if fewer and still(fewer):
            files = fewer
    for name in files:
        for separator in (b"\n", b""):
            files = _shorter(files, name, separator, still)
    return files


def _shorter(files: Files, name: str, separator: bytes, still: Callable[[Files], bool]) -> Files:
    """Leave out ever shorter runs of pieces of one file."""
    pieces = files[name].split(separator) if separator else [files[name][i : i + 1] for i in range(len(files[name]))]
    size = max(len(pieces) // 2, 1)
    while size:
        start = 0
        while start < len(pieces):
            fewer = pieces[:start] + pieces[start + size :]
            if still({**files, name: separator.join(fewer)}):
                pieces = fewer
            else:
                start += size
        size //= 2
    return {**files, name: separator.join(pieces)}
