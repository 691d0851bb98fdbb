"""Options that several commands share."""

from __future__ import annotations

import math
from pathlib import Path

import click

__all__ = [
    "catalog_option",
    "colour_option",
    "config_option",
    "debug_option",
    "deployment_option",
    "epsilon_option",
    "isolated_option",
    "output_option",
]


def _finite(_context: click.Context, _option: click.Parameter, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        message = f"{value} is not a positive number"
        raise click.BadParameter(message)
    return value


def _file(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """A dash is standard output, like no file at all."""
    return None if value == "-" else value


debug_option = click.option(
    "--debug", is_flag=True, expose_value=False, help="Show the traceback if fedpolicy itself fails."
)
catalog_option = click.option(
    "--catalog",
    "catalogs",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Add your own facts on models, providers, licences, ...; may be repeated.",
)
epsilon_option = click.option(
    "--max-epsilon",
    type=click.FloatRange(min=0, min_open=True),
    default=None,
    callback=_finite,
    show_default="10",
    help="The largest ε that counts as a differential-privacy guarantee.",
)
output_option = click.option(
    "--output",
    "-o",
    type=click.Path(),
    callback=_file,
    metavar="FILE",
    help="Write the result to a file instead of standard output.",
)
colour_option = click.option(
    "--no-color", is_flag=True, help="No colours; the environment variable NO_COLOR does the same."
)
config_option = click.option(
    "--config", type=click.Path(), metavar="FILE", help="Read settings from this file instead of the nearest one."
)
isolated_option = click.option("--isolated", is_flag=True, help="Read no configuration file.")
deployment_option = click.option(
    "--deployment", default="", metavar="NAME", help="Which deployment, where the file holds several."
)
