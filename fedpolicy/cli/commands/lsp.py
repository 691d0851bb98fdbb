"""`fedpolicy lsp`: the language server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fedpolicy.cli.options import config_option, debug_option, isolated_option

if TYPE_CHECKING:
    from fedpolicy.lsp.session import Setup


@click.command("lsp")
@config_option
@isolated_option
@debug_option
def command(config: str | None, *, isolated: bool) -> None:
    """
    Serve an editor: mistakes and findings as you type.

    It also completes, explains, renames and fixes. An editor starts it and speaks the language server protocol over
    standard input and output. It needs `pip install 'fedpolicy[lsp]'`; docs/editors.md shows how to set up editors.
    """
    try:
        from fedpolicy.lsp.server import server_of
    except ModuleNotFoundError as error:
        from fedpolicy.errors import SettingsError

        message = "the language server needs a library that is not installed"
        raise SettingsError(message, help="pip install 'fedpolicy[lsp]'") from error

    server_of(lambda: _setup(config, isolated=isolated)).start_io()


def _setup(given: str | None, *, isolated: bool) -> Setup:
    from fedpolicy.check import judge_of
    from fedpolicy.cli.choices import choices_of
    from fedpolicy.cli.trust import waivers_path, with_waivers
    from fedpolicy.lsp.session import Setup

    choices = choices_of({"config": given, "isolated": isolated})
    settings = with_waivers(choices, {"today": None, "no_waivers": False, "waivers_from": None})
    judge, problems = judge_of(settings)
    return Setup(judge=judge, settings=settings, problems=problems, waivers=waivers_path(choices))
