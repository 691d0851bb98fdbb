"""`fedpolicy verify`: whether a statement is about what lies here."""

from __future__ import annotations

import click

from fedpolicy.cli.options import FILE, debug_option, output_option


@click.command("verify")
@click.argument("statement", type=FILE)
@click.option(
    "--again", is_flag=True, help="Judge once more with the same settings, and compare all that the statement says."
)
@output_option
@debug_option
def command(statement: str, *, again: bool, output: str | None) -> int:
    """
    Compare the digests of a statement with what lies here.

    That is the files, packs, catalogue and tool. STATEMENT is what `fedpolicy check --format in-toto` has written, or
    the envelope that a signing tool made of it. Names of files count from the current folder. Nothing is fetched, and
    no signature is checked: an unsigned statement proves no author. Exit code 1: something differs.

    \b
    Examples:
      fedpolicy check deployment.yaml --format in-toto --output verdict.intoto.json
      fedpolicy verify verdict.intoto.json
      fedpolicy verify verdict.intoto.json --again
    """  # noqa: D301  click reads the \b itself
    from fedpolicy.cli.statement import verify

    return verify(statement, output, again=again)
