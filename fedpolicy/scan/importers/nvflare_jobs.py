"""NVIDIA FLARE: jobs, as configuration and as recipes in Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from fedpolicy.scan import NONE, Evidence, ForeignNode, Strength
from fedpolicy.scan.reading.code import CodeCall, Module
from fedpolicy.scan.reading.components import (
    DP,
    ENCRYPTS,
    TOLD,
    VARIABLE,
    at,
    class_label,
    class_name,
    class_of,
    filters,
    with_variable,
)
from fedpolicy.scan.services import elsewhere

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File

_CONFIG = re.compile(r"config_fed_(server|client)\w*\.(json|conf|ya?ml)")
_SCRIPT = re.compile(r"[\w./{}-]+")
_SWARM = "SwarmClientController"  # clients send to one another, and no server adds up
_HE = "safeguard:homomorphic_encryption"
_BOOSTS, _BY_COLUMNS = "XGBFedController", "1"  # nvflare 2.9.0: its data_split_mode where features are held apart
_TRACKERS = {"tb": "tensorboard"}
_BASES = ("restore_from_path", "model_name_or_path", "pretrained_model_name_or_path", "model_name")
_JOBS = ("Recipe", "RecipeWithHE", "Job")  # how classes end whose objects are jobs
_RECEIVERS = "nvflare.app_opt.tracking."  # .KIND., of which each has a class of its own
_ATTACHES = ("add_client_output_filter", "to_clients", "to")  # where a filter is the first thing given
_ENVIRONMENTS = {"SimEnv": "simulation", "PocEnv": "simulation", "ProdEnv": "deployment"}
_TRANSFERS = {"DIFF": "weight_diff", "FULL": "weights"}


def wants(file: File) -> bool:
    """By name, and by one word that has to stand in it."""
    return _reader(file) is not None


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    reader = _reader(file)
    return reader(file) if reader else ()


def _reader(file: File) -> Callable[[File], Iterable[Evidence]] | None:
    name, content = file.path.name, file.content
    if name in ("meta.json", "meta.conf"):
        return _meta if b"deploy_map" in content else None
    if found := _CONFIG.fullmatch(name):
        return _server if found[1] == "server" else _client
    recipe = name.endswith(".py") and b"nvflare" in content and (b"Recipe" in content or b"FedJob" in content)
    return _recipe if recipe else None


def _meta(file: File) -> Iterator[Evidence]:
    root = file.tree
    # How many sites start a job; how many of them one round waits for, its workflow says.
    for key, attribute in (("min_clients", "least_sites"), ("study", "study")):
        if found := root.get(key):
            yield found.tells("job", attribute)
    for app, sites in root.items("deploy_map"):
        for site in sites.each():
            yield site.says("job", "deploy", f"{app}:{site.value}")
    scope = root.get("scope")
    yield scope.tells("job", "scope") if scope else root.says("job", "scope", "site_default")
    for place, spec in root.items("launcher_spec"):
        for runtime in ("docker", "k8s", "slurm"):
            if image := spec.get(runtime, "image"):
                yield image.tells(f"node:{place}", "image")


def _client(file: File) -> Iterator[Evidence]:
    root = file.tree
    tasks: dict[str, ForeignNode] = {}
    for one in root.each("executors"):
        if class_of(at(one, "executor")) == _SWARM:
            yield at(one, "executor").says("job", "workflow", _SWARM)
        for task in one.each("tasks"):
            tasks.setdefault(str(task.value), one)
    for name, executor in tasks.items():
        yield from _executed(root, name, executor)
    for attribute in ("result_filter", "data_filter"):
        for name in tasks:
            yield from filters(root, root, f"task:{name}", _filters_of(root, attribute, name), attribute)


def _executed(root: ForeignNode, task: str, executor: ForeignNode) -> Iterator[Evidence]:
    subject, arguments = f"task:{task}", executor.get("executor", "args")
    transfer = executor.get("executor", "args", "params_transfer_type")
    if transfer:
        yield transfer.says(subject, "sends", _TRANSFERS.get(with_variable(root, transfer) or ""))
    for key in ("task_script_path", "script", "command"):
        written_in = arguments.get(key) if arguments else None
        script = _script(root, written_in) if written_in else None
        if script:
            yield script
            return


def _script(root: ForeignNode, command: ForeignNode) -> Evidence | None:
    """The Python file that a command starts, where the command or the variable that it uses is written."""
    for part in _SCRIPT.findall(str(command.value)):
        inside = VARIABLE.search(part)
        variable = root.get(inside[1]) if inside else None
        said = str(variable.value) if variable else part
        if said.endswith(".py"):
            return (variable or command).says("task:train", "script", said)
    return None


def _filters_of(root: ForeignNode, attribute: str, task: str) -> list[ForeignNode]:
    entries = root.each(f"task_{attribute}s")
    chosen = [one for one in entries if {task, "*"} & {str(name.value) for name in one.each("tasks")}]
    return [filter_ for one in chosen for filter_ in one.each("filters")]


def _server(file: File) -> Iterator[Evidence]:
    root = file.tree
    for workflow in root.each("workflows"):
        yield at(workflow, "path").says("job", "workflow", class_label(workflow))
        for key, attribute in (("min_clients", "min_clients"), ("num_rounds", "rounds")):
            if found := workflow.get("args", key):
                yield found.says("job", attribute, with_variable(root, found))
        if found := workflow.get("args", "secure_training"):
            columns = workflow.text("args", "data_split_mode") == _BY_COLUMNS
            yield found.says(_HE, "used", _sealed(with_variable(root, found), by_columns=columns))
    for component in root.each("components"):
        yield from _component(file, root, component)
    filters = root.get("task_result_filters")
    if filters and not filters.value:
        yield filters.says("job", "server_filter", NONE)
    for entry in root.each("task_result_filters"):
        for one in entry.each("filters"):
            yield at(one, "path").says("job", "server_filter", class_label(one))


def _sealed(said: str | None, *, by_columns: bool) -> str | None:
    """
    Whether boosting encrypts what travels, and by what.

    With the same columns, all sites hold the secret key of provisioning; otherwise whoever has the labels makes one.
    """
    return {"true": "paillier" if by_columns else "true", "false": NONE}.get((said or "").lower())


def _component(file: File, root: ForeignNode, one: ForeignNode) -> Iterator[Evidence]:
    name, path = class_of(one), one.text("path") or ""
    if "Aggregator" in name:
        yield at(one, "path").says("job", "aggregator", class_label(one))
        if kind := one.get("args", "expected_data_kind"):
            said = with_variable(root, kind)
            yield kind.says("job", "exchange", said.lower() if said else None)
    if model := one.get("args", "model", "path"):
        yield model.says("model", "class", with_variable(root, model))
    for key in _BASES:
        base = one.get("args", "model", "args", key)
        if base and (said := with_variable(root, base)):
            yield base.says("model", "base", said)
    if path.startswith(_RECEIVERS) and "Receiver" in name:
        address, mode = (one.get("args", key) for key in ("tracking_uri", "mode"))
        if address and address.value:
            yield address.tells(f"tracker:{_tracker(path)}", "address")
        else:
            place, (value, note) = at(one, "path"), _address(file, _tracker(path), mode.value if mode else None)
            yield place.says(f"tracker:{_tracker(path)}", "address", value, note=note)


def _tracker(path: str) -> str:
    kind = path.removeprefix(_RECEIVERS).partition(".")[0]
    return _TRACKERS.get(kind, kind)


def _address(file: File, kind: str, mode: object) -> tuple[str | None, str]:
    """Where a receiver reports that is given no address: a file, or whoever runs the tracker, if it is to go online."""
    row = next((one for one in file.services.rows if one.id == kind), None)
    if kind == "wandb" and mode == "online" and row and row.hosts:
        return row.hosts[0], elsewhere(row)
    offline = kind == "wandb" and mode in (None, "offline", "disabled")  # offline is its default, nvflare 2.3 to 2.9
    return ("local" if offline or kind == "tensorboard" else None), ""


def _recipe(file: File) -> Iterator[Evidence]:
    """
    What the code of a job does.

    What a class does when somebody makes one of it (a recipe of a library) is no job, nor is a function that changes
    the recipe of others: both say what a job may be, and the job that uses them says so itself.
    """
    module = file.module
    calls = _outside_classes(module)
    if not any(call.name.startswith("nvflare.") and call.last.endswith(_JOBS) for call in calls):
        return
    for call in calls:
        if call.name.startswith(_RECEIVERS) and call.last.endswith("Receiver"):
            yield from _reported(
                module, call.node, _tracker(call.name), {one.arg or "": one.value for one in call.node.keywords}
            )
        elif call.last == "add_experiment_tracking":
            yield from _tracking_added(module, call)
        elif not call.name.startswith("nvflare."):
            yield from _attached(module, call)
        elif call.last.endswith((*_JOBS[:2], _BOOSTS)):
            yield from _recipe_call(module, call)
        elif call.last in _ENVIRONMENTS:
            yield module.says(call.node, "job", "environment", _ENVIRONMENTS[call.last])


def _attached(module: Module, call: CodeCall) -> Iterator[Evidence]:
    """A filter of what clients send, made where it is given or before."""
    given = call.argument("filter", place=0) if call.last in _ATTACHES else None
    made = module.bound(given.id) if isinstance(given, ast.Name) else []
    given = made[0] if len(made) == 1 else given
    name = module.name(given).removesuffix("()") if given else ""
    kind = call.argument("filter_type")
    incoming = kind is not None and module.name(kind).endswith("TASK_DATA")
    if given is not None and not incoming and name.startswith("nvflare.") and (".filters." in name or ".he." in name):
        yield from _wired_filter(module, given, name)


def _tracking_added(module: Module, call: CodeCall) -> Iterator[Evidence]:
    kind, config = (call.argument(name, place=place) for name, place in (("tracking_type", 1), ("tracking_config", 2)))
    found = module.value(kind)
    made = module.bound(config.id) if isinstance(config, ast.Name) else [config]
    given = made[0] if len(made) == 1 and isinstance(made[0], ast.Dict) else None
    pairs = zip(given.keys, given.values, strict=True) if given else ()
    settings = {str(module.value(key).value): value for key, value in pairs if key is not None}
    if found.known and isinstance(found.value, str):
        yield from _reported(module, call.node, found.value, settings)


def _reported(module: Module, place: ast.expr, kind: str, settings: Mapping[str, ast.expr]) -> Iterator[Evidence]:
    subject = f"tracker:{kind}"
    if (node := settings.get("tracking_uri")) is not None:
        said = module.value(node)
        yield module.says(node, subject, "address", said.value if said.known else None, note=said.open)
        return
    mode = settings.get("mode")
    said = module.value(mode)
    value, note = _address(module.file, kind, said.value if said.known or mode is None else "")
    yield module.says(mode or place, subject, "address", value, note=note)


def _outside_classes(module: Module) -> list[CodeCall]:
    classes = [node for node in ast.walk(module.file.python) if isinstance(node, ast.ClassDef)]
    inside = {node for one in classes for node in ast.walk(one) if isinstance(node, ast.Call)}
    return [call for call in module.calls if call.node not in inside]


def _recipe_call(module: Module, call: CodeCall) -> Iterator[Evidence]:
    yield module.says(call.node, "job", "workflow" if call.last == _BOOSTS else "recipe", call.last)
    yield from _encrypted(module, call)
    if call.last.endswith("WithHE"):
        yield from _wired_filter(module, call.node, ENCRYPTS)
    for name, subject, attribute in (
        ("min_clients", "job", "min_clients"),
        ("num_rounds", "job", "rounds"),
        ("train_script", "task:train", "script"),
    ):
        if (node := call.argument(name)) is not None:
            said = module.value(node)
            yield module.says(node, subject, attribute, said.value if said.known else None, note=said.open)


def _encrypted(module: Module, call: CodeCall) -> Iterator[Evidence]:
    """A switch of boosting, which its workflow obeys; a default of the command line may be another one."""
    node = call.argument("secure", "secure_training")
    if node is None:
        return
    said = module.value(node)
    mode = module.value(call.argument("data_split_mode")).value
    columns = "Vertical" in call.last or str(mode) == _BY_COLUMNS
    value = _sealed(str(said.value), by_columns=columns) if said.known and not said.open else None
    found = module.says(node, _HE, "used", value, note=said.open)
    yield replace(found, strength=Strength.CONFIGURED, key="secure")


def _wired_filter(module: Module, node: ast.expr, name: str) -> Iterator[Evidence]:
    found = class_name(name)
    yield module.says(node, "task:train", "result_filter", found)
    for one in node.keywords if isinstance(node, ast.Call) else ():
        if one.arg in TOLD:
            said = module.value(one.value)
            yield module.says(
                one.value, "task:train", TOLD[one.arg], said.value if said.known else None, note=said.open
            )
    for attribute, proves in (("dp_filter", found in DP), ("he_filter", found == ENCRYPTS)):
        if proves:
            yield module.says(node, "task:train", attribute, found)
