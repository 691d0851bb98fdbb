"""FederatedScope, also for language models: one file a process, with clients, noise, adapters and addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan import NONE, Evidence, ForeignNode
from fedpolicy.scan.reading.variables import found, switch, told_by

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File

_DP = "safeguard:differential_privacy"
_TABLE = {
    "federate.client_num": ("app", "supernodes"),
    "federate.total_round_num": ("app", "rounds"),
    "federate.sample_client_rate": ("app", "fraction_train"),
    "federate.sample_client_num": ("app", "sampled_clients"),
}
_ADAPTERS = {"adapter_method": "tuning", "r": "lora_r", "lora_alpha": "lora_alpha"}
_FROM_HUB = "@huggingface_llm"
_PLAIN = "the code of FederatedScope knows no other way to connect"


def wants(file: File) -> bool:
    """YAML with the section that says how many rounds."""
    words = (b"federate:", b"total_round_num")
    return file.path.suffix in (".yml", ".yaml") and all(word in file.content for word in words)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for root in file.yaml[:1]:
        if place := root.get("federate"):
            yield place.says("app", "framework", "federatedscope")
            yield from _experiment(root)


def _experiment(root: ForeignNode) -> Iterator[Evidence]:
    yield from told_by(root, _TABLE)
    if mode := found(root, "federate.mode"):
        yield mode.says("federation", "environment", {"standalone": "simulation"}.get(str(mode.value), mode.value))
    yield from _process(root)
    yield from _model(root)
    said = list(switch(root, "nbafl.use", _DP))
    yield from said
    if any(one.value == "true" for one in said):
        yield from told_by(root, {"nbafl.epsilon": (_DP, "epsilon"), "nbafl.w_clip": (_DP, "clipping_norm")})
    yield from switch(root, "federate.use_ss", "safeguard:secure_aggregation")
    yield from switch(root, "wandb.use", "tracker:wandb")


def _process(root: ForeignNode) -> Iterator[Evidence]:
    used = found(root, "distribute.use")
    if used is None or used.value is not True:
        return
    yield used.says("federation", "transport", NONE, note=_PLAIN)
    yield from _address(root, "server", "federation")
    role = found(root, "distribute.role")
    if role and role.value == "server":
        yield role.says("node:server", "role", "server")
    elif role:
        number = root.text("distribute", "data_idx") or "1"
        yield role.says(f"node:client-{number}", "role", "client")
        yield from _address(root, "client", f"node:client-{number}")


def _address(root: ForeignNode, who: str, subject: str) -> Iterator[Evidence]:
    host, port = found(root, f"distribute.{who}_host"), root.text("distribute", f"{who}_port")
    if host:
        yield host.says(subject, "address", f"{host.value}:{port}" if port else host.value)


def _model(root: ForeignNode) -> Iterator[Evidence]:
    model = found(root, "model.type")
    if model and str(model.value).endswith(_FROM_HUB):
        yield model.says("model", "base", str(model.value).removesuffix(_FROM_HUB))
    elif model:
        yield model.tells("model", "architecture")
    adapter = found(root, "llm.adapter.use")
    if adapter and adapter.value is True:
        yield from told_by(root, {f"llm.adapter.args.0.{key}": ("model", name) for key, name in _ADAPTERS.items()})
    data = found(root, "data.file_path") or found(root, "data.type")
    if data:
        yield data.tells("dataset", "name")
