"""What may stand in `fedpolicy.toml` or under `[tool.fedpolicy]` of `pyproject.toml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from fedpolicy.limits import MAX_QUANTITY

__all__ = ["ConfigFile", "PackEntry", "RepairEntry", "RuleEntry"]

Severity = Literal["info", "low", "medium", "high", "critical"]
Whole = Annotated[int, Field(le=MAX_QUANTITY)]
Number = Annotated[float, Field(le=MAX_QUANTITY, allow_inf_nan=False)]
Value = str | bool | Whole | Number | list[str]


class Entry(BaseModel):
    """One table of the file: strict and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class PackEntry(Entry):
    """A pack, shipped by name or by the path of a folder or file, or a catalogue by its path; perhaps pinned."""

    path: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class RuleEntry(Entry):
    """What is set of one rule."""

    enabled: bool = True
    severity: Severity | None = None
    params: dict[str, Value] = Field(default_factory=dict)


class RepairEntry(Entry):
    """What repairs may be told."""

    costs: dict[str, Annotated[float, Field(ge=0, le=MAX_QUANTITY, allow_inf_nan=False)]] = Field(
        default_factory=dict, description="What each kind of change costs."
    )


def _pack(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


Pack = Annotated[PackEntry, BeforeValidator(_pack, json_schema_input_type=str | PackEntry)]


class ConfigFile(Entry):
    """The whole file. Paths in it are relative to the file."""

    packs: list[Pack] | None = Field(default=None, description="Packs of rules: names, paths, or {path, sha256}.")
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
    waivers: str | None = Field(default=None, description="The file of waivers.")
    baseline: str | None = Field(default=None, description="The file of findings that are known.")
    rules: dict[str, RuleEntry] = Field(default_factory=dict, description="Settings by rule id.")
    repair: RepairEntry = Field(default_factory=RepairEntry, description="Settings of `fedpolicy repair`.")
