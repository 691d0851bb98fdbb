"""Flows: movements that no task and no call implies."""

from typing import Annotated

from fedpolicy.language.model.entry import Entry, key
from fedpolicy.language.model.safeguards import UNKNOWN, AnySafeguard
from fedpolicy.language.model.types import AnyIds, Count, Ids, Positive, Written, one_reader
from fedpolicy.language.model.words import Transport

__all__ = ["Flow", "SharedReaders"]


class SharedReaders(Entry):
    """Readers of whom several together can open what is sealed."""

    threshold: Positive = key("How many of the readers must act together.")
    of: Ids = key("The readers: nodes or parties.", names="readers")


Readers = Annotated[SharedReaders, Written(by=one_reader, schema=Ids | SharedReaders)]


class Flow(Entry):
    """A movement of data that no task and no call implies."""

    from_: Ids = key("Where it comes from: nodes, else parties.", alias="from", names="ends")
    to: Ids = key("Where it goes: nodes, else parties, or `public`.", names="ends")
    payload: str = key(
        "What travels: a payload of the catalogue, such as metrics, logs or records.", rule=True, names="payload"
    )
    data: Ids | None = key(
        "The datasets or models it is about. Left out: all that `from` holds.", None, names="contents"
    )
    transport: Transport | None = key(
        "How the connection is protected; it never hides anything from the receiver.", open=True, rule=True
    )
    safeguards: tuple[AnySafeguard, ...] = key(
        "What lowers or limits what others learn: a list of maps, each with its `kind`.", (), unknown=UNKNOWN
    )
    sealed_for: Readers | None = key(
        "Who can open it: nodes or parties, or `{threshold, of}` where several must act together.",
        None,
        names="readers",
    )
    via: AnyIds = key("Relays on the way; each one sees what passes.", (), names="relays")
    retention_days: Count | None = key(
        "The number of days for which the receiver keeps what it gets; 0: it keeps nothing.", open=True, rule=True
    )
    purpose: str | None = key("The purpose for which the data are used here.", open=True, rule=True)
