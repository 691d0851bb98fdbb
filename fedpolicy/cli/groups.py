"""Groups of commands: without a command they show their help, and for an unknown one they name the nearest."""

from __future__ import annotations

import os.path
from typing import TYPE_CHECKING

import click

from fedpolicy.cli.errors import UNUSABLE
from fedpolicy.errors import SettingsError

if TYPE_CHECKING:
    from click import Command, Context

__all__ = ["Group"]


class Group(click.Group):
    """A group whose answers do not depend on the version of click."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Show the help where no command is given. A pipeline that lost its command has checked nothing: no pass."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), color=ctx.color)
            ctx.exit(UNUSABLE)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """Find a command, or say which one may be meant."""
        name = args[0]
        if ctx.resilient_parsing or name.startswith("-") or self.get_command(ctx, name):
            return super().resolve_command(ctx, args)
        raise self._unknown(ctx, name)

    def _unknown(self, ctx: Context, name: str) -> SettingsError:
        from fedpolicy.suggest import did_you_mean, visible  # noqa: PLC0415  only a mistake needs it

        advice = f"`{ctx.command_path} --help` lists the commands"
        if found := did_you_mean(name, self.list_commands(ctx)):
            advice = f"{found} {advice}"
        elif ctx.parent is None and os.path.exists(name):  # noqa: PTH110  whatever it is called, this does not raise
            advice = f"to check it: `{ctx.command_path} check {visible(name)}`"
        return SettingsError(f"there is no command `{visible(name)}`", help=advice)
