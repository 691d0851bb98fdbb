"""Flower apps: what their code does. Strategies, mods and workflows that are constructed are used; others are not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan import NONE, STARTED_CLIENT, Evidence
from fedpolicy.scan.reading.code import CodeCall, Module

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File

_DP, _SA = "safeguard:differential_privacy", "safeguard:secure_aggregation"
_NOISE = re.compile(r"DifferentialPrivacy(Server|Client)Side(Fixed|Adaptive)Clipping|LocalDpMod")
# What is given in turn: to what adds noise, by how its name ends, and to the workflow of secure sums.
_IN_TURN = {
    "FixedClipping": ("", "noise_multiplier", "clipping_norm", "num_sampled_clients"),
    "AdaptiveClipping": ("", "noise_multiplier", "num_sampled_clients"),
    "LocalDpMod": ("clipping_norm", "sensitivity", "epsilon", "delta"),
    "SecAggPlusWorkflow": ("num_shares", "reconstruction_threshold"),
}
_CALLED = {"num_sampled_clients": "sampled_clients", "num_shares": "shares", "reconstruction_threshold": "threshold"}
# Keys that set a safeguard. Whoever names one in code may use it, in whatever way it is looked up.
_SETS = re.compile(
    rb"(?:dp|secagg)[-_]enabled|(?:use|enable)[-_](?:dp|secagg)|noise[-_]multiplier|clipping[-_]norm|num[-_]shares"
    rb"|reconstruction[-_]threshold|dp[-_](?:epsilon|delta)"
)
_STARTS = ("start_server", "start_client", "start_numpy_client")
_COHORT = (
    (("min_fit_clients", "min_train_nodes"), "min_clients"),
    (("fraction_fit", "fraction_train"), "fraction_train"),
)
_ADDS_UP = ("aggregate_fit", "aggregate_train")  # where a strategy makes one model of many
_STRATEGIES = ("flwr.serverapp.strategy.", "flwr.server.strategy.")


def wants(file: File) -> bool:
    """Python with a word of Flower's, or a key that switches a safeguard."""
    if file.path.suffix != ".py":
        return False
    return b"flwr" in file.content or _SETS.search(file.content) is not None


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    module = file.module
    ours = dict(_strategies(module))
    for call in module.calls:
        if call.last == "get_peft_model_state_dict":
            yield module.says(call.node, "app", "sends", "adapters")
        elif call.name.startswith("flwr."):
            yield from _called(module, call)
        elif call.name in ours:
            yield from _strategy(module, call, ours[call.name])
    made = {call.name for call in module.calls}
    for node in module.classes:  # which another module makes
        if node.name in ours and node.name not in made:
            yield module.says(node, "app", "strategy_class", ours[node.name])
    yield from _mods(module)
    yield from _keys(module)


def _called(module: Module, call: CodeCall) -> Iterator[Evidence]:
    if _NOISE.fullmatch(call.last) or call.last == "SecAggPlusWorkflow":
        subject = _SA if call.last == "SecAggPlusWorkflow" else _DP
        yield module.says(call.node, subject, "used", call.last)
        names = next(one for end, one in _IN_TURN.items() if call.last.endswith(end))
        for place, name in enumerate(names):
            if name and (node := call.argument(name, place=place)) is not None:
                yield _value(module, node, subject, _CALLED.get(name, name))
    else:
        yield from _run(module, call)


def _run(module: Module, call: CodeCall) -> Iterator[Evidence]:
    """How an app trains, and what code starts itself."""
    if call.name.startswith(_STRATEGIES):
        yield from _strategy(module, call, call.last)
    elif call.last == "ServerConfig" and (node := call.argument("num_rounds", place=0)) is not None:
        yield _value(module, node, "app", "rounds")
    elif call.last == "start_simulation":
        yield module.says(call.node, "federation", "environment", "simulation")
    elif call.last in _STARTS:
        yield from _started(module, call)


def _strategies(module: Module) -> Iterator[tuple[str, str | None]]:
    """Classes of the module that are made of a strategy of Flower's, with its name if they add up as it does."""
    for node in module.classes:
        names = [name for base in node.bases if (name := module.name(base)).startswith(_STRATEGIES)]
        own = {one.name for one in node.body if isinstance(one, ast.FunctionDef)} & set(_ADDS_UP)
        asks = {
            one.func.attr for one in ast.walk(node) if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)
        }
        yield from ((node.name, name.rpartition(".")[2] if own <= asks else None) for name in names)


def _strategy(module: Module, call: CodeCall, name: str | None) -> Iterator[Evidence]:
    yield module.says(call.node, "app", "strategy", name)
    for arguments, attribute in _COHORT:
        if (node := call.argument(*arguments)) is not None:
            yield _value(module, node, "app", attribute)


def _started(module: Module, call: CodeCall) -> Iterator[Evidence]:
    """A server or a client that code starts itself, which Flower deprecates: its address, and whether it encrypts."""
    subject = "federation:the server" if call.last == "start_server" else STARTED_CLIENT
    if call.last == "start_server":
        yield module.says(call.node, "app", "framework", "flower")
    if (node := call.argument("server_address", place=0)) is not None:
        yield _value(module, node, subject, "address")
    insecure, given = module.value(call.argument("insecure")), call.argument("certificates", "root_certificates")
    proof = module.value(given)
    if insecure.known and isinstance(insecure.value, bool):
        value: str | None = NONE if insecure.value else "tls"
    elif given is None or (proof.known and proof.value is None):
        value = NONE  # flwr 1.36.0, compat: without certificates, neither of them encrypts
    else:
        value = "tls" if isinstance(given, (ast.Tuple, ast.Constant)) or _is_read(given) else None
    yield module.says(given or call.node, subject, "transport", value, note=proof.open)


def _is_read(node: ast.expr) -> bool:
    """Whether certificates are read from a file, so that there are some."""
    return isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("read_bytes", "read")


def _value(module: Module, node: ast.expr, subject: str, attribute: str) -> Evidence:
    found = module.value(node)
    return module.says(node, subject, attribute, found.value if found.known else None, note=found.open)


def _mods(module: Module) -> Iterator[Evidence]:
    """Mods work only where they are attached to an app, or to one of its functions."""
    for call in module.calls:
        if call.last not in ("ClientApp", "train", "evaluate"):
            continue
        listed = call.argument("mods")
        for node in listed.elts if isinstance(listed, (ast.List, ast.Tuple)) else ():
            name = module.name(node)
            if name.rpartition(".")[2] == "secaggplus_mod":
                yield module.says(node, _SA, "client", "secaggplus_mod")
            elif name.rpartition(".")[2] in ("fixedclipping_mod", "adaptiveclipping_mod"):
                yield module.says(node, _DP, "client", name.rpartition(".")[2])


def _keys(module: Module) -> Iterator[Evidence]:
    """Keys of the configuration that code names: as texts, attributes or names."""
    for node in ast.walk(module.file.python) if _SETS.search(module.file.content) else ():
        for word in (getattr(node, "value", None), getattr(node, "attr", None), getattr(node, "id", None)):
            if isinstance(word, str) and _SETS.fullmatch(word.encode(errors="replace")):
                yield module.says(node, f"config:{word.replace('_', '-')}", "read", "true")
