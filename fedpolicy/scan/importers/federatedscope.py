"""FederatedScope, also for language models: one file a process, with clients, noise, adapters and addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan import NONE, Evidence, ForeignNode
from fedpolicy.scan.reading.variables import found, switch, told_by

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File

_DP, _SUMS = "safeguard:differential_privacy", "safeguard:secure_aggregation"
_NOISE = {"nbafl": {"epsilon": "epsilon", "w_clip": "clipping_norm"}, "sgdmf": {"epsilon": "epsilon", "delta": "delta"}}
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
    yield from _protection(root)
    yield from switch(root, "wandb.use", "tracker:wandb")


def _protection(root: ForeignNode) -> Iterator[Evidence]:
    """Noise, secret shares of updates, and what encrypts where features are held apart (FederatedScope 0.3.0)."""
    for section, numbers in _NOISE.items():
        said = list(switch(root, f"{section}.use", _DP))
        yield from said
        if any(one.value == "true" for one in said):
            yield from told_by(root, {f"{section}.{key}": (_DP, name) for key, name in numbers.items()})
            scale = found(root, f"{section}.constant")  # the noise is so many times what it would be
            yield from [scale.tells(_DP, "noise")] if scale and scale.value in (0, 0.0) else []
    shares = list(switch(root, "federate.use_ss", _SUMS))
    yield from shares
    if any(one.value == "true" for one in shares) and (clients := found(root, "federate.client_num")):
        yield clients.tells(_SUMS, "threshold")  # it takes a share of each of them
    if root.text("asyn", "use") == "true":
        yield from told_by(root, {"asyn.min_received_num": ("app", "min_clients")})
    if root.text("vertical", "use") == "true":
        yield _encryption(root)


def _encryption(root: ForeignNode) -> Evidence:
    """Regression encrypts what parties send; of trees, only what protects gradients does."""
    method = found(root, "vertical.protect_method")
    trees = (root.text("vertical", "algo") or "lr") != "lr"
    open_ = trees and (root.text("vertical", "protect_object") != "grad_and_hess" or not method or method.value != "he")
    place = (method if trees else None) or found(root, "vertical.algo") or found(root, "vertical.use") or root
    return place.says("safeguard:homomorphic_encryption", "used", NONE if open_ else "paillier")


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
