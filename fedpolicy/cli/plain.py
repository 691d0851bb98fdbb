"""
The words of a plain `fedpolicy check`, read from a table that the wheel carries, so that a check does without click.

The table is made from what the command declares to click, and says what click would say. The rest is left to click:
mistakes, help, `--`, short options in one word, values that are empty or that click looks at, and what the environment
says.
"""

from __future__ import annotations

TYPE_CHECKING = False  # to answer from the table imports nothing
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    import click

WORDS = "fedpolicy._data.words"  # a module of the wheel; a checkout has none
# What an option is called, whether it may be repeated, and its values: those that it may have, None for any text, or
# the one that it means by itself.
Word = tuple[str, bool, tuple[str, ...] | bool | None]
# The options by their names; what holds where nothing is said; variables of the environment that say something.
Words = tuple[dict[str, Word], dict[str, object], tuple[str, ...]]


def plain_options(table: Words, words: Sequence[str], environment: Mapping[str, str]) -> dict[str, Any] | None:
    """What the words after the command come to, as click would say it; None where click has to say it."""
    known, usual, variables = table
    if any(name in environment for name in variables):
        return None
    options: dict[str, Any] = dict(usual)
    left = iter(words)
    for word in left:
        if not word.startswith("-") or word == "-":
            options["paths"] = (*options["paths"], word)
            continue
        name, equals, value = word.partition("=")
        if name not in known or (equals and not name.startswith("--")):
            return None
        called, repeated, values = known[name]
        given: Any = values
        if not isinstance(values, bool):
            given = value if equals else next(left, "-")
            if not given or given.startswith("-") or (values is not None and given not in values):
                return None
        elif equals:
            return None
        options[called] = (*options[called], given) if repeated else given
    return options


def plain_words(command: click.Command) -> Words:
    """What a command declares, as far as a table can say it."""
    import click  # noqa: PLC0415  only a build asks

    options = [one for one in command.params if isinstance(one, click.Option)]
    known = {name: word for one in options for name, word in _named(one)}
    context = command.make_context("check", [])
    surrounded = {str(one.name): one.get_default(context) for one in options if one.envvar}
    usual = {**context.params, **surrounded}
    return known, usual, tuple(str(one.envvar) for one in options if one.envvar)


def _named(option: click.Option) -> list[tuple[str, Word]]:
    """An option by each of its names; nothing of one whose value is looked at."""
    import click  # noqa: PLC0415  only a build asks

    from fedpolicy.cli.options import refuse_nobody  # noqa: PLC0415  see above

    called = str(option.name)
    if option.callback not in (None, refuse_nobody) or not option.expose_value or option.count or option.nargs != 1:
        return []
    if option.is_flag:
        said = [(name, True) for name in option.opts] + [(name, False) for name in option.secondary_opts]
        return [(name, (called, False, value)) for name, value in said]
    if isinstance(option.type, click.Choice) and option.type.case_sensitive:
        values: tuple[str, ...] | None = tuple(map(str, option.type.choices))
    elif option.type is click.STRING:
        values = None
    else:
        return []
    return [(name, (called, option.multiple, values)) for name in option.opts]


def words_source(command: click.Command) -> str:
    """The same as a module of Python, which needs no reading of text to be used."""
    known, usual, variables = plain_words(command)
    lines = [f"{name!r}: {word!r}," for name, word in known.items()]
    options = "\n        ".join(lines)
    text = f"TABLE = (\n    {{\n        {options}\n    }},\n    {usual!r},\n    {variables!r},\n)\n"
    return f'"""What `fedpolicy check` may be told; made by hatch_build.py."""\n\n{text}'
