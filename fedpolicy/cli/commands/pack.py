"""`fedpolicy pack`: what is to be said of a pack as a whole."""

from __future__ import annotations

import click

from fedpolicy.cli.groups import Group
from fedpolicy.cli.options import debug_option

__all__ = ["command"]


@click.group("pack", cls=Group)
def command() -> None:
    """Work with packs of rules."""


@command.command("digest")
@click.argument("pack", metavar="NAME|PATH")
@debug_option
def digest(pack: str) -> None:
    """
    Print the SHA-256 of a pack, or of a catalogue file.

    Write it into the configuration, and a pack or catalogue that says something else is refused.
    """
    from fedpolicy.cli.beginning import print_digest  # noqa: PLC0415  the rooms are heavy; help and completion need none

    print_digest(pack)
