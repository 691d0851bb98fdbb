"""What a run has looked at, so that nothing else is called unused or fixed, and which file a finding is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

from fedpolicy.findings import Finding
from fedpolicy.records import dataclass

__all__ = ["Coverage", "matches"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """
    What a run has looked at.

    `rules` are names, `deployments` pairs of file and name, as `file` names files from the root of the repository.
    `known` gives all rules that exist, also those that this run leaves out. `whole` says that every file and rule
    could be used, `everything` that no file of the repository was left out besides.
    """

    rules: AbstractSet[str]
    deployments: AbstractSet[tuple[str, str]]
    known: Callable[[], AbstractSet[str]]
    whole: bool
    everything: bool = False
    file: Callable[[str], str] = str

    @property
    def files(self) -> frozenset[str]:
        """The files that hold a deployment which was judged."""
        return frozenset(file for file, _ in self.deployments)

    def about(self, finding: Finding) -> str:
        """The file that a finding is about."""
        return self.file(finding.span.file)

    def has_seen(self, file: str, deployment: str) -> bool:
        """Whether a deployment was judged; one whose file is not said may be anywhere."""
        if file:
            return (file, deployment) in self.deployments
        return self.everything and any(name == deployment for _, name in self.deployments)

    def has_seen_all(self, files: Sequence[str], deployment: str) -> bool:
        """Whether all that a waiver may be about was judged: these files, or patterns of them, or any file."""
        if self.everything:
            return not deployment or any(name == deployment for _, name in self.deployments)
        return bool(files) and all(
            any(one == file and deployment in ("", name) for one, name in self.deployments) for file in files
        )


def matches(text: str, pattern: str) -> bool:
    """Whether a text is meant by a pattern, in which `*` stands for any characters."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text, re.DOTALL) is not None
