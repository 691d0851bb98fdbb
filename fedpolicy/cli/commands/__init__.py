"""
The group of commands: one a file, whose name is that of the command; `command` is the click command in it.

Each is imported only when it is used, so that `--help` and completion stay quick.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from fedpolicy import __version__
from fedpolicy.cli.errors import guard, stoppable
from fedpolicy.cli.options import CommandGroup, debug_option
from fedpolicy.files import modules_in

if TYPE_CHECKING:
    from click import Command, Context


class Commands(CommandGroup):
    """The commands of the folder `commands`, found by their file names."""

    def list_commands(self, ctx: Context) -> list[str]:
        """Name every command without importing any."""
        del ctx
        return modules_in(__path__)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """Import one command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: Command = import_module(f"{__name__}.{cmd_name}").command
        return command

    def main(  # type: ignore[override]  # the last word on errors and exit codes is ours, not click's
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *,
        standalone_mode: bool = True,
        **extra: Any,  # noqa: ANN401  click passes them on to the context
    ) -> int:
        """Run a command and give its exit code; every error becomes a message here."""
        given = list(sys.argv[1:] if args is None else args)
        start = super().main
        with stoppable():
            code = guard(lambda: start(given, prog_name or "fedpolicy", standalone_mode=False, **extra), given)
        if standalone_mode:
            sys.exit(code)
        return code


@click.group("fedpolicy", cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
@debug_option
def app() -> None:
    """
    Check what a federated-learning deployment lets whom learn about whose data.

    Begin with: fedpolicy check deployment.yaml. No such file yet? `fedpolicy init` writes one, and `fedpolicy scan`
    judges what runs.

    Exit codes: 0 clean, 1 findings at or above --fail-on, 2 bad input or usage, 3 a bug in fedpolicy.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command and give its exit code."""
    return app.main(arguments, standalone_mode=False)
