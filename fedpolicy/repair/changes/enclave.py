"""Run a node inside hardware that hides its memory from whoever operates or hosts it."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.language.rewriting.edits import Put
from fedpolicy.repair.change import Change, Kind, Sight, said
from fedpolicy.repair.context import Element, RepairContext

__all__ = ["KIND"]

_NAME = "enclave"
_FEW = 10


def _changes(context: RepairContext, element: Element) -> Iterator[Change]:
    node = context.deployment.nodes.get(element.name) if element.section == "nodes" else None
    # A client's own machines hide nothing from the client; a phone has no such hardware to offer.
    if node is None or node.tee is not None or node.kind in {"client", "user"} or not 0 < len(context.owners) <= _FEW:
        return
    owners = list(context.owners)
    yield Change(
        id=f"run nodes.{element.name} in an enclave",
        kind=_NAME,
        text=f"run nodes.{element.name} in a trusted execution environment whose attestation {said(owners)} verify",
        edits=(
            Put(path=("nodes", element.name, "tee"), value={"kind": "tdx", "attested": True, "verified_by": owners}),
        ),
        sights=(Sight(place=element.name),),
    )


KIND = Kind(
    name=_NAME,
    cost=8,
    about="run a node in a trusted execution environment that the owners of the data verify",
    changes=_changes,
)
