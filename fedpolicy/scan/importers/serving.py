"""Models of one's own that are served: KServe, vLLM's production stack; and what values of other Helm charts name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan.reading.manifest import is_manifest, manifests, variable
from fedpolicy.scan.reading.variables import Variable, is_literal, looks_real, told, variables
from fedpolicy.scan.services import CALLED, host_of

if TYPE_CHECKING:
    from fedpolicy.scan import Evidence, ForeignNode
    from fedpolicy.scan.reading import File

_OWN = "model:own"
_KINDS = (b"LLMInferenceService", b"InferenceService")
_VALUES = re.compile(r"(?:^|[-_.])values(?:[-_.]|$)")  # how files of values are called
_CAPITALS = re.compile(r"[A-Z][A-Z0-9_]*")
_PASSWORD = re.compile(r"(?:password|passwd|api_?key|masterkey)$", re.IGNORECASE)
_RUN_TIME_LORA = "VLLM_ALLOW_RUNTIME_LORA_UPDATING"
_TOKENS = ("hf_token", "vllmApiKey")


def wants(file: File) -> bool:
    """YAML with a service of KServe, or with what vLLM's chart is told."""
    if file.path.suffix not in (".yml", ".yaml"):
        return False
    served = is_manifest(file) and any(one in file.content for one in _KINDS)
    return served or b"servingEngineSpec:" in file.content or _VALUES.search(file.path.stem) is not None


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for one in manifests(file):
        if one.kind == "LLMInferenceService":
            yield from _served(one.node.get("spec", "model", "name"), one.node.get("spec", "model", "uri"))
        elif one.kind == "InferenceService":
            yield from _served(None, one.node.get("spec", "predictor", "model", "storageUri"))
    if _VALUES.search(file.path.stem):
        yield from _values(file)
    for document in file.yaml:
        for model in document.each("servingEngineSpec", "modelSpec"):
            yield from _engine(model)
        for adapter in document.each("loraAdapters") if document.get("servingEngineSpec", "modelSpec") else ():
            if repository := adapter.get("adapterSource", "repository"):
                yield repository.tells(_OWN, "adapter")


def _values(file: File) -> Iterator[Evidence]:
    """The variables that a chart gives its programs, passwords, and hosts of those who run models."""
    subject = f"values:{file.path.name}"
    found = [one for document in file.yaml[:1] for one in _inside(document, "")]
    given = [variable_ for _, node in found for variable_ in _given(node)]
    yield from told(file.services, subject, given)
    settled_by = {one.value for one in given}
    for name, node in found:
        said = node.value if isinstance(node.value, str) else ""
        row = file.services.behind(said) if said.startswith("https://") else None
        if row and row.kind in CALLED and said not in settled_by:
            yield node.says(f"call:{row.id}", "used", None, note=f"values of a chart name {host_of(said)}")
        elif _PASSWORD.search(name) and is_literal(name, said):
            yield node.says(f"secret:{name}", "literal", subject)


def _given(node: ForeignNode) -> Iterator[Variable]:
    """An entry with a name and a value, or a map of variables, which are in capitals."""
    if (one := variable(node)) is not None and node.get("value") and _CAPITALS.fullmatch(one.name):
        yield one
    elif isinstance(node.value, dict) and node.value and all(_CAPITALS.fullmatch(str(key)) for key in node.value):
        yield from variables(node)


def _inside(node: ForeignNode, name: str) -> Iterator[tuple[str, ForeignNode]]:
    yield name, node
    for key, one in node.items():
        yield from _inside(one, key)
    for one in node.each():
        yield from _inside(one, name)


def _served(name: ForeignNode | None, storage: ForeignNode | None) -> Iterator[Evidence]:
    if name:
        yield name.tells(_OWN, "served")
    if storage:
        yield storage.tells(_OWN, "storage")


def _engine(model: ForeignNode) -> Iterator[Evidence]:
    yield from _served(model.get("modelURL"), None)
    repository, tag = model.text("repository"), model.get("tag")
    if repository and tag:
        yield tag.says(_OWN, "image", f"{repository}:{tag.value}")
    lora = model.get("enableLoRA")
    if lora and lora.value is True:
        yield lora.says(_OWN, "lora", "true")
    for entry in model.each("env"):
        if entry.text("name") == _RUN_TIME_LORA and (entry.text("value") or "").lower() in ("true", "1"):
            yield entry.says(_OWN, "lora_at_run_time", "true")
    for name in _TOKENS:
        node = model.get(name)
        if node and isinstance(node.value, str) and looks_real(name, node.value, encoded=False):
            yield node.says(f"secret:{name}", "literal", _OWN)
