"""
Flower: what pyproject.toml says of an app, and config.toml of connections (since Flower 1.26).

Parameters prove nothing; whether code uses them, `flower_code` tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan.evidence import NONE, Evidence, ForeignNode, Strength

if TYPE_CHECKING:
    from fedpolicy.scan.reading.files import File

__all__ = ["read", "wants"]

_APP = ("tool", "flwr", "app")
_LOCAL = (":local:", ":local-in-memory:")  # a SuperLink that `flwr run` starts for itself
_DP, _SA = "safeguard:differential_privacy", "safeguard:secure_aggregation"
# Keys are free; these are what the examples of Flower use, by their last step, or their last two.
_KEYS = {
    "num-server-rounds": ("app", "rounds"),
    "num-rounds": ("app", "rounds"),
    "fraction-train": ("app", "fraction_train"),
    "fraction-fit": ("app", "fraction_train"),
    "num-sampled-clients": ("app", "sampled_clients"),
    "feature-splits": ("app", "feature_splits"),
    "is-demo": ("app", "demo"),
    "model.name": ("model", "base"),
    "model-name": ("model", "base"),
    "model.quantization": ("model", "quantization"),
    "peft-lora-r": ("model", "lora_r"),
    "lora-r": ("model", "lora_r"),
    "peft-lora-alpha": ("model", "lora_alpha"),
    "dataset.name": ("dataset", "name"),
    "dataset-name": ("dataset", "name"),
    "noise-multiplier": (_DP, "noise_multiplier"),
    "clipping-norm": (_DP, "clipping_norm"),
    "dp-enabled": (_DP, "enabled"),
    "enable-dp": (_DP, "enabled"),
    "use-dp": (_DP, "enabled"),
    "dp-epsilon": (_DP, "epsilon"),
    "dp-delta": (_DP, "delta"),
    "num-shares": (_SA, "shares"),
    "reconstruction-threshold": (_SA, "threshold"),
    "secagg-enabled": (_SA, "enabled"),
    "use-secagg": (_SA, "enabled"),
}


def wants(file: File) -> bool:
    """A pyproject.toml with a table of Flower's, or a config.toml with connections."""
    words = {"pyproject.toml": b"tool.flwr", "config.toml": b"[superlink"}
    return words.get(file.path.name, b"\n") in file.content and file.path.name in words


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    if connections := file.toml.get("superlink"):
        yield from _federations(file, connections)
    app = file.toml.get(*_APP)
    if app is None:
        return
    for key in ("serverapp", "clientapp", "agentapp"):
        if found := app.get("components", key):
            yield found.tells("app", key)
    if publisher := app.get("publisher"):
        yield publisher.tells("app", "publisher")
    if config := app.get("config"):
        yield from _configured(config)
    yield Evidence(subject="app", attribute="sends", value=None, span=app.span, note="only code says what is sent")
    federations = file.toml.get("tool", "flwr", "federations")
    if federations:
        yield from _federations(file, federations)
    else:
        note = "since Flower 1.26 connections are configured outside of the repository"
        yield Evidence(subject="federation", attribute="transport", value=None, span=app.span, note=note)


def _configured(config: ForeignNode) -> Iterator[Evidence]:
    told: set[str] = set()
    for name, node in _leaves(config):
        subject, attribute = _meaning(name)
        if not subject:
            continue
        if subject.startswith("safeguard:"):
            yield node.says(subject, attribute, node.value, strength=Strength.DECLARED)
            if subject not in told:
                told.add(subject)
                off = attribute == "enabled" and node.value is False
                note = "" if off else "a parameter is no proof that code uses it"
                yield node.says(subject, "used", NONE if off else None, strength=Strength.DECLARED, note=note)
            continue
        yield node.tells(subject, attribute)
        if attribute == "lora_r":
            yield node.says("model", "tuning", "lora")


def _meaning(name: str) -> tuple[str, str]:
    steps = name.replace("_", "-").split(".")
    return _KEYS.get(".".join(steps[-2:])) or _KEYS.get(steps[-1]) or ("", "")


def _leaves(node: ForeignNode, name: str = "") -> Iterator[tuple[str, ForeignNode]]:
    for key, value in node.items():
        whole = f"{name}.{key}" if name else key
        if isinstance(value.value, dict):
            yield from _leaves(value, whole)
        else:
            yield whole, value


def _federations(file: File, federations: ForeignNode) -> Iterator[Evidence]:
    for name, said in federations.items():
        subject = f"federation:{name}"
        if address := said.get("address"):
            yield address.tells(subject, "address")
            if behind := file.services.behind(str(address.value)):
                yield address.says(subject, "hosted_by", behind.id)
            if address.value in _LOCAL and not said.get("options", "num-supernodes"):
                yield address.says(subject, "environment", "simulation")
        if count := said.get("options", "num-supernodes"):
            yield count.tells(subject, "supernodes")
            yield count.says(subject, "environment", "simulation")
        if (insecure := said.get("insecure")) and insecure.value is True:
            yield insecure.says(subject, "transport", "none")
        elif certificates := said.get("root-certificates"):
            yield certificates.says(subject, "transport", "tls")
