"""Models of one's own that are served: KServe, the Helm values of vLLM's production stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan.reading.manifest import is_manifest, manifests
from fedpolicy.scan.reading.variables import looks_real

if TYPE_CHECKING:
    from fedpolicy.scan import Evidence, ForeignNode
    from fedpolicy.scan.reading import File

_OWN = "model:own"
_KINDS = (b"LLMInferenceService", b"InferenceService")
_RUN_TIME_LORA = "VLLM_ALLOW_RUNTIME_LORA_UPDATING"
_TOKENS = ("hf_token", "vllmApiKey")


def wants(file: File) -> bool:
    """YAML with a service of KServe, or with what vLLM's chart is told."""
    if file.path.suffix not in (".yml", ".yaml"):
        return False
    return b"servingEngineSpec:" in file.content or (is_manifest(file) and any(one in file.content for one in _KINDS))


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for one in manifests(file):
        if one.kind == "LLMInferenceService":
            yield from _served(one.node.get("spec", "model", "name"), one.node.get("spec", "model", "uri"))
        elif one.kind == "InferenceService":
            yield from _served(None, one.node.get("spec", "predictor", "model", "storageUri"))
    for document in file.yaml:
        for model in document.each("servingEngineSpec", "modelSpec"):
            yield from _engine(model)
        for adapter in document.each("loraAdapters") if document.get("servingEngineSpec", "modelSpec") else ():
            if repository := adapter.get("adapterSource", "repository"):
                yield repository.tells(_OWN, "adapter")


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
    for variable in model.each("env"):
        if variable.text("name") == _RUN_TIME_LORA and (variable.text("value") or "").lower() in ("true", "1"):
            yield variable.says(_OWN, "lora_at_run_time", "true")
    for name in _TOKENS:
        node = model.get(name)
        if node and isinstance(node.value, str) and looks_real(name, node.value, encoded=False):
            yield node.says(f"secret:{name}", "literal", _OWN)
