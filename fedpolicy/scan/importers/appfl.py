"""APPFL: configurations of the server and of clients: rounds, noise only where it is on, TLS, stores in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan import NONE, Evidence, ForeignNode
from fedpolicy.scan.reading.variables import found, literals, switch, told_by

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File

_DP = "safeguard:differential_privacy"
_SERVER = {
    "server_configs.num_clients": ("app", "supernodes"),
    "server_configs.num_global_epochs": ("app", "rounds"),
    "server_configs.aggregator": ("app", "strategy"),
    "client_configs.train_configs.model": ("model", "base"),
    "client_configs.train_configs.lora_r": ("model", "lora_r"),
}
_NOISE = {"dp_mechanism": "mechanism", "epsilon": "epsilon", "clip_value": "clipping_norm"}
_SECURE = "server_configs.aggregator_kwargs.use_secure_agg"


def wants(file: File) -> bool:
    """YAML with the sections of a server or of a client."""
    if file.path.suffix not in (".yml", ".yaml"):
        return False
    return b"server_configs:" in file.content or all(
        word in file.content for word in (b"client_id:", b"train_configs:")
    )


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for root in file.yaml[:1]:
        if server := root.get("server_configs"):
            yield server.says("app", "framework", "appfl")
            yield from told_by(root, _SERVER)
            yield from switch(root, _SECURE, "safeguard:secure_aggregation")
        for client in (root, *root.each("clients")):
            yield from _client(client)
        for start in ("client_configs.train_configs", "train_configs"):
            yield from _noise(root, start)
        for start in ("server_configs.comm_configs", "comm_configs"):
            yield from _connection(root, f"{start}.grpc_configs")
        yield from literals(root, "app")


def _client(client: ForeignNode) -> Iterator[Evidence]:
    """A client, by itself or in a list of all, and the image that a task service runs it with."""
    name = found(client, "client_id")
    if name is None:
        return
    yield name.says(f"node:{name.value}", "role", "client")
    if address := found(client, "comm_configs.tes_configs.tes_endpoint"):
        yield address.tells(f"node:{name.value}", "address")
    if image := found(client, "comm_configs.tes_configs.docker_image"):
        yield image.tells(f"node:{name.value}", "image")


def _noise(root: ForeignNode, start: str) -> Iterator[Evidence]:
    said = list(switch(root, f"{start}.use_dp", _DP))
    yield from said
    if any(one.value == "true" for one in said):
        yield from told_by(root, {f"{start}.{key}": (_DP, name) for key, name in _NOISE.items()})


def _connection(root: ForeignNode, start: str) -> Iterator[Evidence]:
    if address := found(root, f"{start}.server_uri"):
        yield address.tells("federation", "address")
    encrypted = found(root, f"{start}.use_ssl")
    if encrypted and isinstance(encrypted.value, bool):
        yield encrypted.says("federation", "transport", "tls" if encrypted.value else NONE)
    yield from switch(root, f"{start}.use_authenticator", "federation", "client_authentication")
