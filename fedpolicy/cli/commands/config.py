"""`fedpolicy config`: what the configuration says."""

from __future__ import annotations

import click

from fedpolicy.cli.options import Group, config_option, debug_option, isolated_option

__all__ = ["command"]


@click.group("config", cls=Group)
def command() -> None:
    """Look at the configuration."""


@command.command("show")
@config_option
@isolated_option
@debug_option
def show(config: str | None, *, isolated: bool) -> None:
    """
    Show every setting, its value, and where the value comes from.

    Settings come from the command line, else from the nearest `fedpolicy.toml` or `[tool.fedpolicy]` of a
    `pyproject.toml`, else they are the defaults.
    """
    from fedpolicy.cli.choices import choose, find_config, shown_settings
    from fedpolicy.cli.terminal import emit

    emit(shown_settings(choose(find_config(config, isolated=isolated), {})), None)
