"""Settings that are a line each: which version, which format, which transport; and no claim that does not hold."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.language.model.dataset import Model
from fedpolicy.language.model.safeguards import DifferentialPrivacy
from fedpolicy.language.rewriting import Edit, Put, Remove
from fedpolicy.repair import FILL_IN, Blank, Change, ChangeKind, Element, RepairContext

_NAME = "declare"

_CARRYING = ("flows", "tasks", "api_calls", "models")


def _changes(context: RepairContext, element: Element) -> Iterator[Change]:
    yield from _encrypted(context, element)
    if element.section == "models" and element.name in context.deployment.models:
        yield from _of_model(element, context.deployment.models[element.name])
    elif element.section == "tasks" and element.name in context.deployment.tasks:
        yield from _claims(context, element)


def _encrypted(context: RepairContext, element: Element) -> Iterator[Change]:
    entry = getattr(context.deployment, element.section).get(element.name) if element.section in _CARRYING else None
    if entry is not None and entry.transport != "mtls":
        yield _change(
            f"encrypt {element.id}",
            f"encrypt {element.id} on its way, with both ends authenticated (transport: mtls)",
            Put(path=(element.section, element.name, "transport"), value="mtls"),
            "connection.transport",
            "flow.transport",
        )


def _claims(context: RepairContext, element: Element) -> Iterator[Change]:
    """A claim of a budget says nothing that its mechanism does not say."""
    for index, safeguard in enumerate(context.deployment.tasks[element.name].safeguards):
        if isinstance(safeguard, DifferentialPrivacy) and safeguard.claimed_epsilon is not None:
            yield _change(
                f"claim no epsilon for {element.id}.safeguards.{index}",
                f"take back the claim that epsilon is {safeguard.claimed_epsilon:g} on {element.id}.safeguards.{index}",
                Remove(path=("tasks", element.name, "safeguards", index, "claimed_epsilon")),
                "safeguard.claim_holds",
            )


def _of_model(element: Element, model: Model) -> Iterator[Change]:
    if model.format != "safetensors":
        text = f"take the weights of {element.id} as safetensors, which run no code when they are loaded"
        edit = Put(path=("models", element.name, "format"), value="safetensors")
        yield _change(f"load {element.id} as safetensors", text, edit, "model.format")
    yield from _own_claims(element, model)
    if model.ref is not None or model.via is not None:
        what = "the commit or dated snapshot that you use"
        yield _filled(element, "revision", f"pin {element.id} to one version", what)
    if model.digest is None:
        what = "the digest of the weights, such as sha256:..."
        yield _filled(element, "digest", f"compare the weights of {element.id} with a digest", what, weight=1.5)


def _own_claims(element: Element, model: Model) -> Iterator[Change]:
    if model.claims is not None:
        text, edit = (
            f"do not claim that {element.id} is {model.claims}",
            Remove(path=("models", element.name, "claims")),
        )
        yield _change(f"claim nothing of {element.id}", text, edit, "model.claims", "model.claims_rank")
    if model.open_source_exemption:
        text = f"do not rely on the exemption for open models for {element.id}"
        edit = Remove(path=("models", element.name, "open_source_exemption"))
        yield _change(f"claim no exemption for {element.id}", text, edit, "model.open_source_exemption")


def _filled(element: Element, key: str, text: str, what: str, weight: float = 1) -> Change:
    path = (element.section, element.name, key)
    return Change(
        id=f"state {element.id}.{key}",
        kind=_NAME,
        text=f"{text} ({key})",
        edits=(Put(path=path, value=FILL_IN),),
        weight=weight,
        blanks=(Blank(path=path, what=what),),
        asks=frozenset({f"model.{key}", "model.pinned"}),
    )


def _change(identity: str, text: str, edit: Edit, *asks: str) -> Change:
    return Change(id=identity, kind=_NAME, text=text, edits=(edit,), asks=frozenset(asks))


KIND = ChangeKind(
    name=_NAME, cost=1, about="pin a version, name a format or a transport, take a claim back", changes=_changes
)
