"""Two deployments of one name in one run: findings, waivers and baselines could not tell them apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fedpolicy.errors import InputError
from fedpolicy.findings import Span

__all__ = ["namesakes"]


def namesakes(files: Iterable[Iterable[tuple[str, Span]]]) -> Iterator[InputError]:
    """
    An error at each name that an earlier deployment has, which says where that stands.

    Earlier is by file and line, not by the order in which files were named: the same run says the same.
    """
    first: dict[str, Span] = {}
    found = [one for names in files for one in names]
    for name, span in sorted(found, key=lambda one: (one[1].file, one[1].line, one[1].column)):
        before = first.setdefault(name, span)
        if before is not span:
            message = f"two deployments have the name `{name}`; the other one is at {before}"
            yield InputError(message, span=span, help="give one of them another name, or check them in separate runs")
