"""`fedpolicy new`: begin a rule."""

from __future__ import annotations

from pathlib import Path

import click

from fedpolicy.cli.options import CommandGroup, debug_option
from fedpolicy.cli.terminal import chatter, make_folder, write
from fedpolicy.errors import OutputError


@click.group("new", cls=CommandGroup)
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
    Write a small rule that works, to be changed into yours.

    It is FOLDER/ID.yaml. Nothing is overwritten.

    Then: fedpolicy test FOLDER
    """
    _begin(identity, pack)


def _begin(identity: str, folder: Path) -> None:
    """Write a new rule and, for a new pack, its own file. Raises OutputError rather than overwrite anything."""
    from fedpolicy.policy.load import PACK_FILE
    from fedpolicy.policy.rulefile import new_pack, new_rule

    text = new_rule(identity)
    target = folder / f"{identity}.yaml"
    if target.exists():
        raise OutputError(f"`{target.as_posix()}` is already there", help="choose another id; nothing was written")
    make_folder(folder, "name a folder")
    if not (folder / PACK_FILE).exists():
        write(folder / PACK_FILE, new_pack(folder.resolve().name))
        chatter(f"wrote {(folder / PACK_FILE).as_posix()}\n")
    write(target, text)
    chatter(f"wrote {target.as_posix()}\nnow change it, and run: fedpolicy test {folder.as_posix()}\n")
