"""What is declared, and what these files neither confirm nor contradict: one question a deployment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fedpolicy.catalog.load import Catalog
from fedpolicy.findings import Verdict
from fedpolicy.scan.drift.rules import Drift
from fedpolicy.scan.drift.sides import Declared, Found, Pair

__all__ = ["ADAPTERS", "unshown"]

ADAPTERS = ("adapter_update", "adapter_weights")  # what methods send that train a part only
_MOST = 6  # that one question names


def unshown(
    declared: Declared, found: Found, pair: Pair, same: Sequence[tuple[str, str]], catalog: Catalog
) -> Iterator[Drift]:
    """One question that names all of it. Where files contradict each other, that is told, and not this."""
    if found.errors:
        return
    words = [
        *_around(declared, found, pair),
        *(word for one, other in same for word in _of_task(declared, found, one, other, catalog)),
    ]
    if not words:
        return
    rest = f", and {len(words) - _MOST} more" if words[_MOST:] else ""
    start = found.draft.start if found.draft else None
    yield Drift(
        rule="what-no-file-shows",
        element="deployment.files",
        message=f"these files neither show nor contradict {', '.join(words[:_MOST])}{rest}",
        found=start,
        declared=declared.at("name"),
        verdict=Verdict.UNKNOWN,
    )


def _around(declared: Declared, found: Found, pair: Pair) -> Iterator[str]:
    said, runs = declared.deployment, found.deployment
    if _unlisted(declared, found):
        yield "who takes part"
    if said.transport and (runs is None or runs.transport is None):
        yield "transport"
    if said.tasks and (runs is None or not runs.tasks):
        yield "tasks"
    for place, member in pair.same:
        if said.nodes[str(place.path[1])].tee and runs and not runs.nodes[member.id].tee:
            yield f"the enclave of {place.name}"


def _unlisted(declared: Declared, found: Found) -> bool:
    """Whether no file lists clients, and the declared ones are not those that a draft assumes."""
    members = [one for one in (found.draft.members if found.draft else ()) if one.role == "client"]
    clients = [one for one in declared.nodes if one.node_kind == "client"]
    assumed = {one.id for one in members}
    return not any(one.listed for one in members) and any(one.name not in assumed for one in clients)


def _of_task(declared: Declared, found: Found, one: str, other: str, catalog: Catalog) -> Iterator[str]:
    if found.deployment is None:
        return
    said, runs = declared.deployment.tasks[one], found.deployment.tasks[other]
    wanted, method = catalog.methods.get(said.method), catalog.methods.get(runs.method)
    if wanted and (method is None or (wanted.up in ADAPTERS and method.up not in ADAPTERS)):
        yield f"method of {one}"
    if said.model and declared.deployment.models[said.model].ref and not runs.model:
        yield f"base model of {one}"
