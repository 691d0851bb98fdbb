"""Calls of somebody else's model or service."""

from __future__ import annotations

from fedpolicy.spec.model.entry import key
from fedpolicy.spec.model.model import Terms
from fedpolicy.spec.model.types import Id, Ids

__all__ = ["ApiCall"]


class ApiCall(Terms):
    """A call of a model that somebody else runs, or of a third party's service."""

    from_: Ids = key("The nodes that call.", alias="from")
    model: Id | None = key("The model that is called.", None, rule=True)
    provider: Id | None = key("Who is called, where no model is meant.", None)
    sends: Ids = key("The datasets whose content is sent.")
    payload: str = key("What is sent: a payload of the catalogue. Left out: prompts.", "prompts", rule=True)
    purpose: str | None = key("What the data are used for here.", open=True, rule=True)
