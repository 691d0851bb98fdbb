"""What the completions of a whole command line are, as plain values: see `quick.py`, which answers from them."""

from __future__ import annotations

from collections.abc import Iterator

import click

from fedpolicy.cli.quick import Entry, Option, Words

__all__ = ["table_of", "table_source"]


def table_of(root: click.Group) -> dict[str, Entry]:
    """The commands below a group by their words (the group itself: an empty text), with all that each one takes."""
    return dict(_entries("", root))


def table_source(root: click.Group) -> str:
    """The same as a module of Python, which needs no reading of text to be used."""
    lines = "".join(f"    {path!r}: {entry!r},\n" for path, entry in sorted(table_of(root).items()))
    return f'"""What there is to complete; made by hatch_build.py."""\n\nTABLE = {{\n{lines}}}\n'


def _entries(path: str, command: click.Command) -> Iterator[tuple[str, Entry]]:
    context = click.Context(command, info_name=path or "fedpolicy")
    params = command.get_params(context)
    below = list(_below(command, context)) if isinstance(command, click.Group) else []
    yield (
        path,
        (
            tuple((name, one.get_short_help_str()) for name, one in below),
            tuple(_option(one) for one in params if isinstance(one, click.Option) and not one.hidden),
            tuple((one.nargs, _words(one)) for one in params if isinstance(one, click.Argument)),
        ),
    )
    for name, one in below:
        yield from _entries(f"{path} {name}".strip(), one)


def _below(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            yield name, command


def _option(option: click.Option) -> Option:
    names = (*option.opts, *option.secondary_opts)
    values = 0 if option.is_flag or option.count else option.nargs
    if values and isinstance(option.flag_value, (str, int)):
        values = -1  # its value may be left out
    return names, values, option.multiple, option.help or "", _words(option)


def _words(param: click.Parameter) -> Words:
    kind = param.type
    if isinstance(kind, click.Choice) and kind.case_sensitive:
        return "plain", tuple(map(str, kind.choices))
    if isinstance(kind, click.Path):
        return ("dir" if kind.dir_okay and not kind.file_okay else "file"), ()
    # Plain text and numbers offer nothing; anything else is asked when it is needed.
    simple = type(kind).shell_complete is click.ParamType.shell_complete
    return ("plain", ()) if simple else None
