"""`fedpolicy new`: begin a rule."""

from __future__ import annotations

from pathlib import Path

import click

from fedpolicy.cli.groups import Group
from fedpolicy.cli.options import debug_option

__all__ = ["command"]


@click.group("new", cls=Group)
def command() -> None:
    """Begin something new: a rule."""


@command.command("rule")
@click.argument("identity", metavar="ID")
@click.option(
    "--pack",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The pack's folder.",
)
@debug_option
def rule(identity: str, pack: Path) -> None:
    """
    Write FOLDER/ID.yaml: a small rule that works, to be changed into yours. Nothing is overwritten.

    Then: fedpolicy test FOLDER
    """
    from fedpolicy.cli.beginning import begin_rule  # noqa: PLC0415  the rooms are heavy; help and completion need none

    begin_rule(identity, pack)
