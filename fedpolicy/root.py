"""What a file is called wherever one stands: by its path from the root of the repository."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path

from fedpolicy.records import dataclass

__all__ = ["Root", "root_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """
    The folder from which files are named: that of the nearest `.git`, else of the configuration, else the current one.

    `path` is where it lies on this machine, which no report shows; `below` is the current folder as seen from there.
    """

    path: str = ""
    below: str = ""

    def file(self, name: str) -> str:
        """The name of a file, as a report has it, from the root; what lies elsewhere keeps its name."""
        if os.path.isabs(name):  # noqa: PTH117  once a file
            inside = os.path.relpath(name, self.path) if self.path else os.pardir
            return name if inside.startswith(os.pardir) else inside.replace(os.sep, "/")
        found = posixpath.normpath(posixpath.join(self.below, name))
        return name if found.startswith("..") else found


def root_of(folder: str | Path) -> Path | None:
    """The folder with the nearest `.git`, whatever else looks like a repository. Git is not asked."""
    here = Path(os.path.realpath(folder))
    return next((one for one in (here, *here.parents) if os.path.exists(one / ".git")), None)  # noqa: PTH110  no error
