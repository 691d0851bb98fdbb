"""
Completions from a table that the wheel carries, so that a key press does not wait for click and all commands.

What the table does not settle is left to click: quoted words, `--option=value`, `--`, anything unknown. To answer from
the table imports nothing; click is imported where the table is made, when a wheel is built.
"""

from __future__ import annotations

TYPE_CHECKING = False  # to import typing would cost a key press
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import click

TABLE = "fedpolicy._data.completions"  # a module of the wheel; a checkout has none
Words = tuple[str, tuple[str, ...]] | None  # (plain, choices), (file, ()), (dir, ()); None: nobody knows
# Names, how many values it takes (-1: nobody knows), whether it may be repeated, what it is for, its values.
Option = tuple[tuple[str, ...], int, bool, str, Words]
# Commands with their help, options, and for each argument how many values it takes and which.
Entry = tuple[tuple[tuple[str, str], ...], tuple[Option, ...], tuple[tuple[int, Words], ...]]
_Item = tuple[str, str, str]  # type, value, help
_QUOTES = frozenset("'\"\\")


def completion(table: Mapping[str, Entry], environment: Mapping[str, str]) -> str | None:
    """What a shell is to be told, in click's words; None where click has to say it."""
    shell, _, instruction = environment.get("_FEDPOLICY_COMPLETE", "").partition("_")
    line, last = environment.get("COMP_WORDS", ""), environment.get("COMP_CWORD", "")
    if instruction != "complete" or shell not in _FORMS or _QUOTES & {*line, *last}:
        return None
    if shell != "fish" and not last.isdecimal():
        return None
    found = _items(table, *(_by_word if shell == "fish" else _by_number)(line.split(), last))
    return None if found is None else "\n".join(map(_FORMS[shell], found)) + "\n"


def _by_word(words: list[str], last: str) -> tuple[Sequence[str], str]:
    """What stands before a word, and the word: fish says it once more."""
    args = words[1:]
    return args[:-1] if last and args[-1:] == [last] else args, last


def _by_number(words: list[str], last: str) -> tuple[Sequence[str], str]:
    """The same where its number is known."""
    return words[1 : int(last)], "".join(words[int(last) : int(last) + 1])


def _items(table: Mapping[str, Entry], args: Sequence[str], word: str) -> list[_Item] | None:
    """Everything that may stand where a word begins."""
    if "--" in args or any("=" in one for one in (*args, word) if one.startswith("-")):
        return None
    path, given, count, waiting = "", set[int](), 0, None
    left = iter(args)
    for one in left:
        commands, options, _ = table[path]
        if one.startswith("-") and one != "-":
            number = next((place for place, option in enumerate(options) if one in option[0]), None)
            if number is None or options[number][1] not in {0, 1}:
                return None
            if options[number][1] and next(left, None) is None:
                waiting = options[number]
            else:
                given.add(number)
        elif commands:
            path, given, count = f"{path} {one}".strip(), set(), 0
            if path not in table:
                return None
        else:
            count += 1
    return _offered(table[path], given, count, waiting, word)


def _offered(entry: Entry, given: set[int], count: int, waiting: Option | None, word: str) -> list[_Item] | None:
    commands, options, arguments = entry
    if word.startswith("-"):
        return list(_names(options, given, word))
    if waiting:
        return _values(waiting[4], word)
    if commands:
        return [("plain", name, about) for name, about in commands if name.startswith(word)]
    for place, (many, words) in enumerate(arguments):
        if many == -1 or place >= count:
            return _values(words, word) if many in {-1, 1} else None
    return []


def _names(options: Sequence[Option], given: set[int], word: str) -> Iterator[_Item]:
    for number, (names, _, repeated, about, _) in enumerate(options):
        if repeated or number not in given:
            yield from (("plain", name, about) for name in names if name.startswith(word))


def _values(words: Words, word: str) -> list[_Item] | None:
    if words is None:
        return None
    kind, choices = words
    return [(kind, one, "") for one in choices if one.startswith(word)] if kind == "plain" else [(kind, word, "")]


def _bash(item: _Item) -> str:
    return f"{item[0]},{item[1]}"


def _zsh(item: _Item) -> str:
    kind, value, about = item
    return f"{kind}\n{value.replace(':', chr(92) + ':') if about else value}\n{about or '_'}"


def _fish(item: _Item) -> str:
    kind, value, about = item
    about = about.replace("\n", "\\n").replace("\t", " ")
    return f"{kind},{value}\t{about}" if about else f"{kind},{value}"


_FORMS = {"bash": _bash, "zsh": _zsh, "fish": _fish}


def table_of(root: click.Group) -> dict[str, Entry]:
    """The commands below a group by their words (the group itself: an empty text), with all that each one takes."""
    return dict(_entries("", root))


def table_source(root: click.Group) -> str:
    """The same as a module of Python, which needs no reading of text to be used."""
    lines = "".join(f"    {path!r}: {entry!r},\n" for path, entry in sorted(table_of(root).items()))
    return f'"""What there is to complete; made by hatch_build.py."""\n\nTABLE = {{\n{lines}}}\n'


def _entries(path: str, command: click.Command) -> Iterator[tuple[str, Entry]]:
    import click  # noqa: PLC0415  only a build asks

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
    import click  # noqa: PLC0415  only a build asks

    kind = param.type
    if isinstance(kind, click.Choice) and kind.case_sensitive:
        return "plain", tuple(map(str, kind.choices))
    if isinstance(kind, click.Path):
        return ("dir" if kind.dir_okay and not kind.file_okay else "file"), ()
    # Plain text and numbers offer nothing; anything else is asked when it is needed.
    simple = type(kind).shell_complete is click.ParamType.shell_complete
    return ("plain", ()) if simple else None
