"""Two deployments of one name in one run: findings, waivers and baselines could not tell them apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fedpolicy.errors import InputError
from fedpolicy.findings import Span

__all__ = ["namesakes"]


def namesakes(files: Iterable[Iterable[tuple[str, Span]]]) -> Iterator[InputError]:
    """An error at each name that an earlier deployment has, which says where that stands."""
    first: dict[str, Span] = {}
    for name, span in (found for names in files for found in names):
        before = first.setdefault(name, span)
        if before is not span:
            message = f"two deployments have the name `{name}`; the other one is at {before}"
            yield InputError(message, span=span, help="give one of them another name, or check them in separate runs")
