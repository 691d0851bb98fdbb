"""`fedpolicy completion`: print what a shell needs to complete our commands."""

from __future__ import annotations

import click

from fedpolicy.cli.options import debug_option
from fedpolicy.cli.terminal import emit


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@debug_option
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """
    Print the completion script of a shell.

    \b
    bash: eval "$(fedpolicy completion bash)"
    zsh:  eval "$(fedpolicy completion zsh)"
    fish: fedpolicy completion fish | source
    """  # noqa: D301  click reads the \b itself
    from click.shell_completion import get_completion_class

    completion = get_completion_class(shell)
    root = context.find_root()
    if completion is not None:
        emit(completion(root.command, {}, "fedpolicy", "_FEDPOLICY_COMPLETE").source(), None)
