"""Run a node inside hardware that hides its memory from whoever operates or hosts it."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.language.model.party import Node
from fedpolicy.language.rewriting import Put
from fedpolicy.repair import FILL_IN, Blank, Change, ChangeKind, Element, HiddenView, RepairContext
from fedpolicy.report import listing

_NAME = "enclave"
_FEW = 10


def _changes(context: RepairContext, element: Element) -> Iterator[Change]:
    node = context.deployment.nodes.get(element.name) if element.section == "nodes" else None
    # A client's own machines hide nothing from the client; a phone has no such hardware to offer.
    if node is None or node.tee is not None or node.kind in {"client", "user"} or not 0 < len(context.owners) <= _FEW:
        return
    path = ("nodes", element.name, "tee")
    tee = {"kind": FILL_IN, "attested": True, "verified_by": [*context.owners], "hides_from": ["host", "operator"]}
    what = "a trusted execution environment that keeps out its host and its operator"
    yield Change(
        id=f"run nodes.{element.name} in an enclave",
        kind=_NAME,
        text=f"run nodes.{element.name} in {what}, and whose attestation {listing(context.owners)} verify",
        edits=(Put(path=path, value=tee),),
        sights=(HiddenView(place=element.name),),
        # What a machine of somebody else attests, only they can say.
        blanks=(Blank(path=(*path, "kind"), what=f"which one {_who(node)} attests: sgx, nitro, sev-snp, tdx"),),
    )


def _who(node: Node) -> str:
    """Whose machine it is."""
    return node.host or (node.party if isinstance(node.party, str) else "each of its parties")


KIND = ChangeKind(
    name=_NAME,
    cost=8,
    about="run a node in a trusted execution environment that the owners of the data verify",
    changes=_changes,
)
