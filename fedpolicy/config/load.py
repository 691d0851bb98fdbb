"""What may stand in `fedpolicy.toml` or `[tool.fedpolicy]`, and everything that is wrong with it at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from fedpolicy.config import Config, own_table
from fedpolicy.errors import Problems, SettingsError
from fedpolicy.files import content
from fedpolicy.findings import Span
from fedpolicy.limits import MAX_DIGITS, MAX_QUANTITY, hidden
from fedpolicy.suggest import advise, did_you_mean, shown_value

Severity = Literal["info", "low", "medium", "high", "critical"]
Whole = Annotated[int, Field(le=MAX_QUANTITY)]
Number = Annotated[float, Field(le=MAX_QUANTITY, allow_inf_nan=False)]
Value = str | bool | Whole | Number | list[str]


_PLACE = re.compile(r"line (\d+), column (\d+)")
_DIGITS = re.compile(rf"[0-9_]{{{MAX_DIGITS},}}")
_JOBS = 'a number of processes: 1, 2, ... or "auto"'
_KINDS = {"list_type": "a list", "string_type": "text", "bool_type": "true or false", "float_type": "a number"}
_LACKING = {
    "missing": ("`{}` is missing", "add it"),
    "too_short": (
        "no pack is named, so nothing would be checked",
        "name one, such as federation, or remove the key",
    ),
}
_BOUNDS = {
    "greater_than": ("not above 0", "write a positive number"),
    "greater_than_equal": ("below 0", "write 0 or a positive number"),
    "less_than_equal": ("out of range", f"write a number of at most {MAX_QUANTITY:,}"),
    "finite_number": ("no number to compare with", "write a plain number"),
}


class _Table(BaseModel):
    """One table of the file: strict and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class PackEntry(_Table):
    """A pack, shipped by name or by the path of a folder or file, or a catalogue by its path; perhaps pinned."""

    path: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class RuleEntry(_Table):
    """What is set of one rule."""

    enabled: bool = True
    severity: Severity | None = None
    params: dict[str, Value] = Field(default_factory=dict)


class RepairEntry(_Table):
    """What repairs may be told."""

    costs: dict[str, Annotated[float, Field(ge=0, le=MAX_QUANTITY, allow_inf_nan=False)]] = Field(
        default_factory=dict, description="What each kind of change costs."
    )


def _pack(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


Pack = Annotated[PackEntry, BeforeValidator(_pack, json_schema_input_type=str | PackEntry)]


class ConfigFile(_Table):
    """The whole file. Paths in it are relative to the file."""

    packs: Annotated[list[Pack], Field(min_length=1)] | None = Field(
        default=None, description="Packs of rules: names, paths, or {path, sha256}."
    )
    catalogs: list[Pack] | None = Field(default=None, description="Catalogue files of your own: paths, {path, sha256}.")
    select: list[str] | None = Field(default=None, description="Check these rules only.")
    ignore: list[str] | None = Field(default=None, description="Leave these rules out.")
    exclude: list[str] | None = Field(default=None, description="Patterns of files that a search leaves out.")
    gitignore: bool | None = Field(default=None, description="Whether a search leaves out what git ignores.")
    jobs: Annotated[int, Field(ge=0, le=MAX_QUANTITY)] | Literal["auto"] | None = Field(
        default=None, description="In how many processes files are checked."
    )
    timeout: Annotated[float, Field(ge=0, le=MAX_QUANTITY, allow_inf_nan=False)] | None = Field(
        default=None, description="How many seconds one file may take; 0: as long as it takes."
    )
    fail_on: Severity | Literal["never"] | None = Field(default=None, description="Least severity for exit code 1.")
    strict: bool | None = Field(default=None, description="Count unknown as failing.")
    max_epsilon: Annotated[float, Field(gt=0, le=MAX_QUANTITY, allow_inf_nan=False)] | None = Field(
        default=None, description="Largest epsilon of `bounded`."
    )
    max_nodes: Annotated[int, Field(ge=1, le=MAX_QUANTITY)] | None = Field(
        default=None, description="How many nodes, and instances of datasets, one deployment may have."
    )
    waivers: str | None = Field(default=None, description="The file of waivers.")
    baseline: str | None = Field(default=None, description="The file of findings that are known.")
    rules: dict[str, RuleEntry] = Field(default_factory=dict, description="Settings by rule id.")
    repair: RepairEntry = Field(default_factory=RepairEntry, description="Settings of `fedpolicy repair`.")


def read_config(path: Path, name: str) -> Config:
    """Read a configuration that errors call `name`. Raises Problems with one SettingsError per mistake."""
    try:
        data = content(path)
    except OSError as error:
        raise Problems([SettingsError(f"`{name}` cannot be read: {error.strerror}", help="check the path")]) from error
    return parse_config(data, path, name)


def parse_config(data: bytes, path: Path, name: str) -> Config:
    """Understand what stands, or once stood, in a file. Raises Problems with one SettingsError per mistake."""
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
        tree: Any = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Problems([_unreadable(error, data, name)]) from error
    except (ValueError, RecursionError) as error:
        raise Problems([_beyond(text, name)]) from error
    tree = own_table(tree) if path.name == "pyproject.toml" else tree
    if tree:
        _must_show(text, name)
    try:
        return Config(name=name, folder=path.parent, file=ConfigFile.model_validate(tree or {}))
    except ValidationError as error:
        lines = text.splitlines()
        found = [_mistake(one, lines, name) for one in _each(error, tree)]
        raise Problems(sorted(found, key=lambda one: (one.span or Span(file=name), one.message))) from error


def _must_show(text: str, name: str) -> None:
    """Refuse what a reviewer would see as something else."""
    found = hidden(text)
    if found:
        end = found.column + 1
        span = Span(file=name, line=found.line, column=found.column, end_line=found.line, end_column=end)
        raise Problems([SettingsError(found.message, span=span, help=found.help)])


def _unreadable(error: ValueError, data: bytes, name: str) -> SettingsError:
    found = _PLACE.search(str(error))
    line, column = (int(found[1]), int(found[2])) if found else (1, 1)
    what = str(error).partition(" (at ")[0]
    if isinstance(error, UnicodeDecodeError):
        what = "it is not UTF-8"
    elif not found:
        line, what = data.rstrip().count(b"\n") + 1, f"{what} at the end of the file"
    span = Span(file=name, line=line, column=column, end_line=line, end_column=column + 1)
    return SettingsError(f"this is not TOML: {what}", span=span, help="see docs/configuration.md for an example")


def _beyond(text: str, name: str) -> SettingsError:
    """What Python's own reader of TOML gives up on: numbers of thousands of digits, and nesting."""
    found = _DIGITS.search(text)
    if found is None:
        return SettingsError("nested too deeply", span=Span(file=name), help="see docs/configuration.md for an example")
    line, column = text.count("\n", 0, found.start()) + 1, found.start() - text.rfind("\n", 0, found.start())
    message = f"a number of {len(found[0]):,} digits is too long; at most {MAX_DIGITS} are read"
    span = Span(file=name, line=line, column=column, end_line=line, end_column=column + len(found[0]))
    return SettingsError(message, span=span, help="write a shorter one, or quote it if it is text")


def _each(error: ValidationError, tree: object) -> Iterator[Any]:
    """One entry per place: a value that fits none of several types is one mistake, not several."""
    seen = set()
    # A number that is too large is no text and no boolean either.
    for one in sorted(error.errors(), key=lambda one: one["type"] not in _BOUNDS):
        place = tuple(_keys(one["loc"], tree, missing=one["type"] == "missing"))
        if place not in seen:
            seen.add(place)
            yield {**one, "loc": place}


def _keys(location: tuple[Any, ...], tree: object, *, missing: bool) -> Iterator[str | int]:
    """The keys of a location, followed through the file: pydantic puts the types of a union among them."""
    for place, part in enumerate(location, 1):
        if (isinstance(tree, dict) and part in tree) or (isinstance(tree, list) and isinstance(part, int)):
            yield part
            tree = tree[part]
        elif missing and place == len(location):
            yield part


def _mistake(one: Any, lines: list[str], name: str) -> SettingsError:  # noqa: ANN401  pydantic's
    path = one["loc"]
    message, advice = _words(one, path)
    return SettingsError(message, span=_span(path, lines, name), help=advice, path=".".join(map(str, path)))


def _words(one: Any, path: tuple[Any, ...]) -> tuple[str, str]:  # noqa: ANN401
    kind, value = one["type"], one["input"]
    if kind == "extra_forbidden":
        known = list(_fields(path[:-1]))
        return f"unknown key `{path[-1]}`", did_you_mean(
            str(path[-1]), known
        ) or f"the keys here are {', '.join(known)}"
    if kind in _LACKING:
        problem, advice = _LACKING[kind]
        return problem.format(path[-1]), advice
    if kind == "literal_error":
        allowed = re.findall(r"'([^']+)'", one["ctx"]["expected"])
        return f"{shown_value(value)} is not a value of `{path[-1]}`", advise(str(value), allowed)
    if path and path[-1] == "sha256":
        return f"{shown_value(value)} is not a SHA-256", "`fedpolicy pack digest PATH` prints it: 64 hexadecimal digits"
    if kind in _BOUNDS:
        problem, advice = _BOUNDS[kind]
        return f"{shown_value(value)} is {problem}", advice
    expected = _JOBS if path == ("jobs",) else _KINDS.get(kind, "a value of another kind")
    return f"{shown_value(value)} does not fit here", f"write {expected}; see docs/configuration.md"


def _fields(path: tuple[Any, ...]) -> Iterator[str]:
    model = ConfigFile
    if path[:1] == ("rules",):
        model = RuleEntry  # type: ignore[assignment]  # another table
    elif path[:1] in {("packs",), ("catalogs",)}:
        model = PackEntry  # type: ignore[assignment]  # another table
    elif path[:1] == ("repair",):
        model = RepairEntry  # type: ignore[assignment]  # another table
    yield from model.model_fields


def _span(path: tuple[Any, ...], lines: list[str], name: str) -> Span:
    """The place of the innermost key of the path that is found in the text; TOML readers give no places."""
    found = Span(file=name)
    start = 0
    for part in (str(part) for part in path if not isinstance(part, int)):
        place = _key(part, lines, start)
        if place is not None:
            start, column = place
            line = start + 1
            found = Span(file=name, line=line, column=column, end_line=line, end_column=column + len(part))
    return found


def _key(part: str, lines: list[str], start: int) -> tuple[int, int] | None:
    wanted = re.compile(rf"(?:^|[\[.\"'\s{{,])({re.escape(part)})(?=[\]\".'\s=])")
    for number in range(start, len(lines)):
        found = wanted.search(lines[number].partition("#")[0])
        if found:
            return number, found.start(1) + 1
    return None
