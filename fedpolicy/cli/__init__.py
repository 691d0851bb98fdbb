"""The command line: the only room that prints, exits and reads the environment."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run fedpolicy with these arguments (default: those of the process) and give the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"]:
        # Scripts ask for the version all the time; it must not cost them the import of click.
        from fedpolicy import __version__  # noqa: PLC0415

        sys.stdout.write(f"fedpolicy {__version__}\n")
        return 0
    from fedpolicy.cli.app import run  # noqa: PLC0415

    return run(given)
