"""Parties: who takes part, runs something, or receives something."""

from typing import Annotated, Literal

from fedpolicy.language.model.entry import Entry, key
from fedpolicy.language.model.types import AnyIds, Ids, Within, Written, several

__all__ = ["Party", "Role"]

Role = Literal["participant", "coordinator", "provider", "host", "processor", "auditor", "public-body", "user"]


class Party(Entry):
    """Somebody who takes part, runs something, or receives something."""

    role: Annotated[
        tuple[Role, ...],
        Written(by=several, schema=Role | Annotated[tuple[Role, ...], Within(min_length=1)], filled=True),
    ] = key("What the party does: one role or a list. A provider runs models for others; a host only runs machines.")
    jurisdiction: Ids | None = key(
        "The ISO 3166-1 alpha-2 code of its country, such as DE; a list for a population.", open=True, names="countries"
    )
    is_: str | None = key(
        "The provider of the catalogue that it is, such as amazon-bedrock: country and terms are then the catalogue's,"
        " unless the file says otherwise. Left out: the provider with its id, if there is one. `none`: no provider.",
        open=True,
        alias="is",
    )
    trusts: AnyIds = key(
        "The parties whose safeguards it relies on; trust is not passed on. Left out: nobody.",
        (),
        rule=True,
        names="parties",
    )
    sector: str | None = key("The sector it belongs to, such as healthcare.", open=True, rule=True)
    name: str | None = key("Its full name.", open=True)
