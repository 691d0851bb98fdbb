"""`fedpolicy pack`: what is to be said of a pack as a whole."""

from __future__ import annotations

import click

from fedpolicy.cli.options import FILE, CommandGroup, debug_option
from fedpolicy.cli.terminal import emit


@click.group("pack", cls=CommandGroup)
def command() -> None:
    """Work with packs of rules."""


@command.command("digest")
@click.argument("pack", metavar="NAME|PATH", type=FILE)
@debug_option
def digest(pack: str) -> None:
    """
    Print the SHA-256 of a pack, or of a catalogue file.

    Write it into the configuration, and a pack or catalogue that says something else is refused.
    """
    from fedpolicy.digests import digest_of, pack_path

    emit(f"{digest_of(pack_path(pack))}\n", None)
