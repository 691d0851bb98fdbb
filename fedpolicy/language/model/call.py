"""Calls of somebody else's model or service."""

from fedpolicy.language.model.entry import key
from fedpolicy.language.model.model import Terms
from fedpolicy.language.model.safeguards import UNKNOWN, AnySafeguard
from fedpolicy.language.model.types import AnyIds, Id, Ids
from fedpolicy.language.model.words import Transport

__all__ = ["ApiCall"]


class ApiCall(Terms):
    """A call of a model that somebody else runs, or of a third party's service."""

    from_: Ids = key("The nodes that call.", alias="from", names="nodes")
    model: Id | None = key("The model that is called.", None, rule=True, names="model")
    provider: Id | None = key("Who is called, if the call is not to a model.", None, names="runner")
    sends: Ids = key("The datasets whose content is sent.", names="datasets")
    retrieves: AnyIds | None = key(
        "The datasets that answers quote: they are looked up where the model runs, and the caller reads them."
        " `[]`: none.",
        open=True,
        names="datasets",
    )
    payload: str = key(
        "What is sent: a payload of the catalogue. Left out: prompts.", "prompts", rule=True, names="payload"
    )
    transport: Transport | None = key("How the connection is protected.", open=True, rule=True)
    purpose: str | None = key("The purpose for which the data are used here.", open=True, rule=True)
    safeguards: tuple[AnySafeguard, ...] = key(
        "What lowers what is sent before it leaves: a list of maps, each with its `kind`.", (), unknown=UNKNOWN
    )
