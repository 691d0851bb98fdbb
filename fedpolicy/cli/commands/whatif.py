"""`fedpolicy whatif`: what if somebody turns?"""

from __future__ import annotations

from pathlib import Path

import click

from fedpolicy.cli.options import (
    catalog_option,
    colour_option,
    debug_option,
    deployment_option,
    epsilon_option,
    output_option,
)

__all__ = ["command"]


@click.command("whatif")
@click.argument("file")
@click.option(
    "--compromise", metavar="NODE|PARTY", help="It is taken over: its safeguards vanish, what it sees is seen."
)
@click.option("--collude", metavar="PARTY,PARTY", help="These parties pool what they see.")
@click.option("--remove", metavar="PARTY", help="It withdraws everything that it operates, hosts or may revoke.")
@click.option("--without", metavar="SAFEGUARD", help="This safeguard is not there, such as tasks.adapt.safeguards.0.")
@click.option(
    "--smallest-coalition", "coalition", metavar="DATASET", help="Which parties together learn too much of it?"
)
@click.option(
    "--level",
    type=click.Choice(["bounded", "inferable", "reconstructable", "verbatim"]),
    default="reconstructable",
    show_default=True,
    help="What counts as too much for --smallest-coalition.",
)
@click.option(
    "--size", type=click.IntRange(1, 6), default=3, show_default=True, help="The most parties of a coalition to try."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to write the answer.")
@deployment_option
@catalog_option
@epsilon_option
@output_option
@colour_option
@debug_option
def command(  # noqa: PLR0913, PLR0917  one argument an option
    file: str,
    compromise: str | None,
    collude: str | None,
    remove: str | None,
    without: str | None,
    coalition: str | None,
    level: str,
    size: int,
    form: str,
    deployment: str,
    catalogs: tuple[Path, ...],
    max_epsilon: float | None,
    output: str | None,
    *,
    no_color: bool,
) -> None:
    """
    Ask what changes against today with one assumption less. Give exactly one of the first five options.

    FILE is a deployment, or - for standard input.
    """
    from fedpolicy.cli import asking, turning  # noqa: PLC0415  the rooms are heavy; help and completion need none

    question = asking.Question(file=file, deployment=deployment, catalogs=catalogs, max_epsilon=max_epsilon)
    given = {
        "compromise": compromise,
        "collude": collude,
        "remove": remove,
        "without": without,
        "smallest-coalition": coalition,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    turning.whatif(question, chosen, level, size, form, output, no_color=no_color)
