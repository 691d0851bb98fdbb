"""`fedpolicy test`: put the rules of packs to the test of their own examples."""

from __future__ import annotations

from pathlib import Path

import click

from fedpolicy.cli.options import catalog_option, colour_option, debug_option, output_option

__all__ = ["command"]


@click.command("test")
@click.argument("packs", nargs=-1, metavar="[PACK]...")
@click.option("--coverage", is_flag=True, help="Show every rule: its examples, and how many mutants they notice.")
@click.option("--mutants/--no-mutants", "mutate", default=True, help="Also change each rule and see who notices.")
@click.option(
    "--min-mutation-score",
    "minimum",
    type=click.FloatRange(0, 100),
    default=0.0,
    metavar="PERCENT",
    help="Fail when the examples notice fewer mutants than this.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "junit"]), default="text", help="How to write the results."
)
@catalog_option
@output_option
@colour_option
@debug_option
def command(
    packs: tuple[str, ...],
    form: str,
    output: str | None,
    catalogs: tuple[Path, ...],
    *,
    coverage: bool,
    mutate: bool,
    minimum: float,
    no_color: bool,
) -> int:
    """
    Test rules by the examples in their files.

    PACK is a shipped pack, a folder with a `_pack.yaml`, a folder of such folders, or one rule file; by default all
    shipped packs. Every rule needs an example that fails and one that passes. Each rule is then changed a little (a
    comparison negated, a part dropped, a constant moved): a change that no example notices is reported.

    Exit codes: 0 all rules do what their examples say, 1 some do not, 2 a pack cannot be used.
    """
    from fedpolicy.cli.trying import try_packs  # noqa: PLC0415  the rooms are heavy; help and completion need none

    return try_packs(
        packs,
        catalogs,
        form,
        output,
        mutate=mutate,
        coverage=coverage,
        minimum=minimum,
        no_color=no_color,
    )
