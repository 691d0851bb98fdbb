"""`fedpolicy explain`: all about one rule."""

from __future__ import annotations

import click

from fedpolicy.cli.options import colour_option, debug_option, output_option

__all__ = ["command"]


@click.command("explain")
@click.argument("rule")
@click.option("--pack", "packs", multiple=True, metavar="NAME|PATH", help="Where it is; default: all shipped packs.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", help="How to write it."
)
@output_option
@colour_option
@debug_option
def command(rule: str, packs: tuple[str, ...], form: str, output: str | None, *, no_color: bool) -> None:
    """
    Tell what a rule asks, why, how to satisfy it, when it may be wrong, and what it rests on.

    RULE is the id that findings show in brackets.
    """
    from fedpolicy.cli.listing import explain_rule  # noqa: PLC0415  the rooms are heavy; help and completion need none

    explain_rule(rule, packs, form, output, no_color=no_color)
