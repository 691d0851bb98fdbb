"""The value types of the language (ids, lists of ids, dates, numbers), and words that several elements share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from fedpolicy.limits import MAX_QUANTITY
from fedpolicy.records import dataclass
from fedpolicy.startup import pattern
from fedpolicy.suggest import shown_value


@dataclass(frozen=True, slots=True)
class Read:
    """Beside an annotation: `by` alone reads the value, or raises ValueError; the schema has it under a name."""

    by: Callable[[object], object]
    called: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Written:
    """Beside an annotation: how it is written otherwise. `by` makes of that what the annotation says."""

    by: Callable[[object], object]
    schema: Any
    filled: bool = False  # an empty list is refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Beside an annotation: the bounds of a number, or the least length of a text."""

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    min_length: int | None = None


ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]*(@[A-Za-z0-9][A-Za-z0-9_.-]*)?$"
_ID = pattern(ID_PATTERN)
RESERVED = ("public", "unknown", "participants")
DAY_PATTERN = r"^\d{4}-\d{2}-\d{2}$"
_DAY = pattern(DAY_PATTERN)


def id_problem(value: object) -> str:
    """Why this cannot be an id, and, behind "; ", what to write; an empty text where it can."""
    if isinstance(value, str):
        return (
            "" if _ID.fullmatch(value) else f"{shown_value(value)} is not an id; use letters, digits, `_`, `.` and `-`"
        )
    if isinstance(value, (bool, int, float)):
        return f'{shown_value(value)} is not an id; write "{str(value).lower()}" in quotes if it is one'
    if isinstance(value, dict) and {"threshold", "of"} <= value.keys():
        advice = "list those who read it; where only several together may, write `kind: secret_sharing`"
        return f"{shown_value(value)} is not an id; {advice}"
    return f"{shown_value(value)} is not an id; write one word, such as `client`"


def _id(value: object) -> str:
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    raise ValueError(id_problem(value))


def _ids(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        return (_id(value),)
    if not value:
        raise ValueError("the list is empty; name at least one")
    return tuple([_id(item) for item in value])


def _any_ids(value: object) -> tuple[str, ...]:
    return () if isinstance(value, (list, tuple)) and not value else _ids(value)


def _family(value: object) -> str | tuple[str, ...]:
    return _ids(value) if isinstance(value, (list, tuple)) else _id(value)


def _name(value: object) -> str:
    found = _id(value)
    if found in RESERVED:
        raise ValueError(f"`{found}` is built in and cannot be declared; choose another id")
    if "@" in found:
        raise ValueError(f"`{found}` cannot be declared; `@` names one member: declare `{found.partition('@')[0]}`")
    return found


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar; the 31st of June is none."""
    try:
        return bool(_DAY.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _day(value: object) -> date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{shown_value(value)} is not in the calendar; write a day that exists") from None
    raise ValueError(f"{shown_value(value)} is not a date; write it as YYYY-MM-DD")


def several(value: object) -> object:
    """Read one value as a list of one."""
    return value if isinstance(value, (list, tuple)) else (value,)


def at_hop(value: object) -> object:
    """Read a bare id among the hops of a tree as a hop without safeguards of its own."""
    return {"at": value} if isinstance(value, str) else value


def one_reader(value: object) -> object:
    """Read ids of readers as a set of whom any one can open."""
    return value if isinstance(value, dict) else {"threshold": 1, "of": value}


Id = Annotated[str, Read(_id, "id")]
Ids = Annotated[tuple[str, ...], Read(_ids, "ids")]
AnyIds = Annotated[tuple[str, ...], Read(_any_ids, "any_ids")]
# A list makes one node per entry, even a list of one; a bare id makes one plain node.
Family = Annotated[str | tuple[str, ...], Read(_family, "ids")]
Name = Annotated[str, Read(_name, "name")]
Day = Annotated[date, Read(_day, "day")]
Count = Annotated[int, Within(ge=0, le=MAX_QUANTITY)]
Positive = Annotated[int, Within(ge=1, le=MAX_QUANTITY)]
NonNegative = Annotated[float, Within(ge=0, le=MAX_QUANTITY)]
Above = Annotated[float, Within(gt=0, le=MAX_QUANTITY)]
Share = Annotated[float, Within(gt=0, le=1)]
# By the names of their definitions in the schema.
NUMBERS = {"count": Count, "positive": Positive, "non_negative": NonNegative, "above": Above}
Level = Literal["none", "bounded", "inferable", "reconstructable", "verbatim"]
Unit = Literal["record", "day", "person", "client"]  # the larger, the more one guarantee covers
OpennessClass = Literal["open_source", "open_weight", "gray_box", "black_box"]
Weights = Literal["open", "gated", "closed"]
Published = Literal["open", "closed"]
Transport = Literal["none", "tls", "mtls"]  # the later, the safer
TrainingData = Literal["open", "described", "undisclosed"]
Access = Literal["text", "top_logprobs", "logprobs", "embeddings", "fine_tuning"]
# Words of keys that take others as well: what is nearly one of them is a slip of the pen.
AGGREGATIONS = (
    "mean",
    "weighted_mean",
    "sum",
    "median",
    "coordinate_median",
    "geometric_median",
    "trimmed_mean",
    "krum",
    "multi_krum",
    "bulyan",
    "norm_bounded",
    "majority",
    "stacking",
)
# What these give back is what single clients sent: one of it, or all of it side by side.
UNMIXED = frozenset({"krum", "stacking"})
SECTORS = (
    "health",
    "healthcare",
    "research",
    "education",
    "government",
    "finance",
    "insurance",
    "software",
    "telecommunications",
    "manufacturing",
    "energy",
    "transport",
    "retail",
)
