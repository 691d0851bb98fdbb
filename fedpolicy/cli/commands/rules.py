"""`fedpolicy rules`: what rules there are."""

from __future__ import annotations

import click

from fedpolicy.cli.options import colour_option, debug_option, output_option

__all__ = ["command"]

_SEVERITIES = ("critical", "high", "medium", "low", "info")


@click.command("rules")
@click.option("--pack", "packs", multiple=True, metavar="NAME|PATH", help="Rules of this pack; default: all shipped.")
@click.option("--principle", "principles", multiple=True, metavar="WORD", help="Rules on this principle only.")
@click.option("--severity", "severities", multiple=True, type=click.Choice(_SEVERITIES), help="Of this severity only.")
@click.option(
    "--basis",
    "bases",
    multiple=True,
    type=click.Choice(["seed", "attack", "law", "practice"]),
    help="Rules that rest on such a reference only.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", help="How to write the list."
)
@output_option
@colour_option
@debug_option
def command(
    packs: tuple[str, ...],
    principles: tuple[str, ...],
    severities: tuple[str, ...],
    bases: tuple[str, ...],
    form: str,
    output: str | None,
    *,
    no_color: bool,
) -> None:
    """List the rules of packs. Several filters must all hold; several values of one filter are alternatives."""
    from fedpolicy.cli.listing import Filter, list_rules  # noqa: PLC0415  the rooms are heavy; help needs none

    wanted = Filter(principles=principles, severities=severities, bases=bases)
    list_rules(packs, wanted, form, output, no_color=no_color)
