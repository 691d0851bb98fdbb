"""`fedpolicy config`: what the configuration says."""

from __future__ import annotations

from typing import Any

import click

from fedpolicy.cli.options import CommandGroup, config_option, debug_option, isolated_option


@click.group("config", cls=CommandGroup)
def command() -> None:
    """Look at the configuration."""


@command.command("show")
@config_option
@isolated_option
@debug_option
def show(**options: Any) -> None:  # noqa: ANN401  click's
    """
    Show every setting, its value, and where the value comes from.

    Settings come from the command line, else from the nearest `fedpolicy.toml` or `[tool.fedpolicy]` of a
    `pyproject.toml`, else they are the defaults.
    """
    from fedpolicy.cli.choices import choices_of, shown_settings
    from fedpolicy.cli.terminal import emit

    emit(shown_settings(choices_of(options)), None)
