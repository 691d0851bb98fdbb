"""What `fedpolicy new` and `fedpolicy pack` do."""

from __future__ import annotations

from pathlib import Path

from fedpolicy.cli.terminal import chatter, emit, write
from fedpolicy.errors import OutputError
from fedpolicy.policy.bundle import digest_of
from fedpolicy.policy.load import PACK_FILE, shipped_packs
from fedpolicy.policy.scaffold import new_pack, new_rule
from fedpolicy.resources import policies_dir

__all__ = ["begin_rule", "print_digest"]


def begin_rule(identity: str, folder: Path) -> None:
    """Write a new rule and, for a new pack, its own file. Raises OutputError rather than overwrite anything."""
    text = new_rule(identity)
    target = folder / f"{identity}.yaml"
    if target.exists():
        raise OutputError(f"`{target.as_posix()}` is already there", help="choose another id; nothing was written")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"`{folder.as_posix()}` cannot be made: {error.strerror}", help="name a folder") from error
    if not (folder / PACK_FILE).exists():
        write(folder / PACK_FILE, new_pack(folder.resolve().name))
        chatter(f"wrote {(folder / PACK_FILE).as_posix()}\n")
    write(target, text)
    chatter(f"wrote {target.as_posix()}\nnow change it, and run: fedpolicy test {folder.as_posix()}\n")


def print_digest(pack: str) -> None:
    """Print the digest of a shipped pack, a folder or a file."""
    folder = policies_dir() / pack if pack in shipped_packs() else Path(pack)
    emit(f"{digest_of(folder)}\n", None)
