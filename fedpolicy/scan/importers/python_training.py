"""Python: what training code does, whoever it asks: noise, adapters, uploads, peers' pickles, code of publishers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan import ANYWHERE, CHANNEL, NONE
from fedpolicy.scan.reading.code import CodeCall, Module
from fedpolicy.scan.reading.origins import origin
from fedpolicy.scan.reading.values import beginning
from fedpolicy.scan.services import host_of, is_own, runs_unread_code

if TYPE_CHECKING:
    from fedpolicy.scan import Evidence
    from fedpolicy.scan.reading import File

# What runs whatever code the bytes hold; in a module of a federation they may be a peer's.
_UNPICKLES = frozenset({"pickle.loads", "cloudpickle.loads", "dill.loads"})
_FEDERATED = frozenset({"flwr", "nvflare", "grpc", "socket", "websockets", "zmq"})  # of a framework, or by hand
_UPLOADS = ("push_to_hub", "upload_file", "upload_folder", "create_commit")
_HUB = ("huggingface_hub", "transformers", "peft", "datasets")
_DP = "safeguard:differential_privacy"
_OPACUS, _TF_PRIVACY = "opacus", "tensorflow_privacy"
_PRIVATE = ("make_private", "make_private_with_epsilon")
_TF_OPTIMIZER = re.compile(r"tensorflow_privacy\..*\bDP\w*Optimizer|tensorflow_privacy\..*\bVectorizedDP\w+Optimizer")
# How Opacus and TensorFlow Privacy call the numbers of their noise.
_NUMBERS = {
    "noise_multiplier": "noise_multiplier",
    "max_grad_norm": "clipping_norm",
    "l2_norm_clip": "clipping_norm",
    "target_epsilon": "epsilon",
    "target_delta": "delta",
}
# What gRPC for Python calls a server that does not encrypt and one that does, and a channel of each sort.
_CHANNELS = {
    "add_insecure_port": ("the server", "add_secure_port"),
    "insecure_channel": ("the client", "secure_channel"),
}
_WORDS = (
    b"insecure_channel", b"add_insecure_port", b"websockets",
    b"opacus", b"tensorflow_privacy", b"peft", b"pickle", b"dill", b"push_to_hub", b"huggingface_hub",
    b"trust_remote_code",
)  # fmt: skip
_LOADED = ("model", "model_name", "model_name_or_path", "pretrained_model_name_or_path", "path")
_LOADS = ".from_pretrained"
_FOLDER = re.compile(r"(?:\w+_)?(?:dir|directory|folder)")


def wants(file: File) -> bool:
    """A module with a word of what trains, keeps or publishes models."""
    return file.path.suffix == ".py" and any(word in file.content for word in _WORDS)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    module = file.module
    yield from _channels(module)
    for call in module.calls:
        yield from _with_its_code(module, call)
        yield from _done(module, call)


def _done(module: Module, call: CodeCall) -> Iterator[Evidence]:
    """What a call does by itself, whatever it is made on: it protects, uploads, or runs what bytes hold."""
    if call.name == "opacus.PrivacyEngine":
        yield module.says(call.node, _DP, "used", call.last)
    elif _adds_noise(module, call):
        yield from _noise(module, call)
    elif call.name == "peft.get_peft_model":
        yield module.says(call.node, "model", "tuning", "peft")
    elif call.name in _UNPICKLES and not module.frameworks.isdisjoint(_FEDERATED):
        yield module.says(call.node, "code", "unpickles", call.name)
    elif call.last in _UPLOADS and not module.frameworks.isdisjoint(_HUB) and _is_of_the_hub(module, call):
        yield module.says(call.node, "upload:huggingface", "made", call.last)


def _channels(module: Module) -> Iterator[Evidence]:
    """Servers and channels that encrypt nothing and leave the machine; unknown where the module can encrypt."""
    names = {call.last for call in module.calls} if "grpc" in module.frameworks else set()
    for call in module.calls if names & set(_CHANNELS) or "websockets" in module.frameworks else ():
        who, secure = _CHANNELS.get(call.last, ("", "")) if names else ("", "")
        address = beginning(module, call.argument("target", "address", place=0)) if who else ""
        who, address = (who, address) if who else _websocket(module, call)
        everybody = who == "the server" and host_of(address) in ANYWHERE
        if who and host_of(address) and (everybody or not (is_own(address) or address.startswith("unix:"))):
            value = None if secure in names else NONE
            yield module.says(call.node, f"{CHANNEL}:{who} in {module.file.path.name}", "transport", value)


def _websocket(module: Module, call: CodeCall) -> tuple[str, str]:
    """Who listens or asks without encryption, and where; a server without a host listens everywhere."""
    if call.name == "websockets.serve" and call.argument("ssl") is None:
        host = call.argument("host", place=1)
        known = module.value(host)
        return "the server", ANYWHERE[0] if known.known and not known.value else beginning(module, host)
    address = beginning(module, call.argument("uri", place=0)) if call.name == "websockets.connect" else ""
    return ("the client", address) if address.startswith("ws://") else ("", "")


def _is_of_the_hub(module: Module, call: CodeCall) -> bool:
    """Whether an upload goes to the hub: stores of clouds have functions of the same names."""
    func = call.node.func
    made = origin(module, func.value) if isinstance(func, ast.Attribute) and call.last != "push_to_hub" else ""
    return not made or made.partition(".")[0] in _HUB


def _adds_noise(module: Module, call: CodeCall) -> bool:
    return (call.last in _PRIVATE and _OPACUS in module.frameworks) or _TF_OPTIMIZER.fullmatch(call.name) is not None


def _noise(module: Module, call: CodeCall) -> Iterator[Evidence]:
    """An optimizer that adds noise, and the numbers that it is made with."""
    if call.last not in _PRIVATE:
        yield module.says(call.node, _DP, "used", call.last)
    for name, attribute in _NUMBERS.items():
        if (node := call.argument(name)) is not None:
            found = module.value(node)
            yield module.says(node, _DP, attribute, found.value if found.known else None, note=found.open)


def _with_its_code(module: Module, call: CodeCall) -> Iterator[Evidence]:
    """A model that is loaded with the code of its repository, in no version that somebody could have read."""
    trusted = module.value(call.argument("trust_remote_code"))
    if not trusted.known or trusted.value is not True:
        return
    pinned = module.value(call.argument("code_revision", "revision"))
    node = call.argument(*_LOADED, place=0)
    model = module.value(node)
    name = model.value if model.known and isinstance(model.value, str) else ""
    if runs_unread_code(name, pinned.value) and not (node is not None and _is_loaded(module, node)):
        yield module.says(call.node, "code:publisher", "runs", name or None, note=trusted.open)


def _is_loaded(module: Module, node: ast.expr) -> bool:
    """Whether a model is a folder by what it is called, or is there already, and its code has been run by then."""
    called = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    loaded = [one for one in module.bound(called) if isinstance(one, ast.Call)]
    return _FOLDER.fullmatch(called) is not None or any(module.name(one.func).endswith(_LOADS) for one in loaded)
