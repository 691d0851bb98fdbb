"""
Flower: what pyproject.toml says of an app, and config.toml of connections (since Flower 1.26).

Parameters prove nothing; whether code uses them, `flower_code` tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan import NONE, Evidence, ForeignNode, Strength, settled

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File
    from fedpolicy.scan.services import Services

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
    if app := file.toml.get(*_APP):
        yield from _app(app)
        if federations := file.toml.get("tool", "flwr", "federations"):
            yield from _federations(file, federations)
        else:
            note = "since Flower 1.26 connections are configured outside of the repository"
            yield app.unsaid("federation", "transport", note)


def _app(app: ForeignNode) -> Iterator[Evidence]:
    for key in ("serverapp", "clientapp", "agentapp"):
        if found := app.get("components", key):
            yield found.tells("app", key)
    if publisher := app.get("publisher"):
        yield publisher.tells("app", "publisher")
    if config := app.get("config"):
        yield from _configured(config)
    yield app.unsaid("app", "sends", "only code says what is sent")


def _configured(config: ForeignNode) -> Iterator[Evidence]:
    told: set[str] = set()
    for name, node in _leaves(config):
        subject, attribute = _meaning(name)
        if subject.startswith("safeguard:"):
            yield node.says(subject, attribute, node.value, strength=Strength.DECLARED)
            if subject not in told:
                yield _claim(node, subject, attribute)
            told.add(subject)
        elif subject:
            yield node.tells(subject, attribute)
            if attribute == "lora_r":
                yield node.says("model", "tuning", "lora")


def _claim(node: ForeignNode, subject: str, attribute: str) -> Evidence:
    off = attribute == "enabled" and node.value is False
    note = "" if off else "a parameter is no proof that code uses it"
    return node.says(subject, "used", NONE if off else None, strength=Strength.DECLARED, note=note)


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
        yield from _federation(file.services, f"federation:{name}", said)


def _federation(services: Services, subject: str, said: ForeignNode) -> Iterator[Evidence]:
    address, count = said.get("address"), said.get("options", "num-supernodes")
    if address:
        yield address.tells(subject, "address")
        if behind := services.behind(str(address.value)):
            yield address.says(subject, "hosted_by", behind.id)
    if count:
        yield count.tells(subject, "supernodes")
    here = count or (address if address and address.value in _LOCAL else None)
    if here:
        yield here.says(subject, "environment", "simulation")
    insecure = said.get("insecure")
    if insecure and insecure.value is True and address and not settled(str(address.value)):
        note = "its address is still to be filled in"  # as `flwr new` writes it into each app, up to Flower 1.25
        yield insecure.says(subject, "transport", None, note=note)
    elif insecure and insecure.value is True:
        yield insecure.says(subject, "transport", NONE)
    elif certificates := said.get("root-certificates"):
        yield certificates.says(subject, "transport", "tls")
