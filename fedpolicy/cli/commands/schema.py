"""`fedpolicy schema`: print a shipped JSON schema."""

from __future__ import annotations

import click

from fedpolicy.cli.options import debug_option, output_option
from fedpolicy.cli.terminal import emit
from fedpolicy.files import schemas_dir

_SUFFIX = ".schema.json"


_NAMES = sorted(path.name.removesuffix(_SUFFIX) for path in schemas_dir().glob(f"*{_SUFFIX}"))


@click.command("schema")
@click.argument("name", type=click.Choice(_NAMES))
@output_option
@debug_option
def command(name: str, output: str | None) -> None:
    """
    Print the JSON schema of a file that is read or written.

    Point your editor at it: the first line of a deployment may be
    # yaml-language-server: $schema=deployment.schema.json
    """
    emit((schemas_dir() / f"{name}{_SUFFIX}").read_text(encoding="utf-8"), output)
