"""OpenFL: plans with rounds, collaborators and transport, lists of collaborators, and where their data lie."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

from fedpolicy.scan import NONE, Evidence, ForeignNode, Unread, count, single
from fedpolicy.scan.reading import File
from fedpolicy.scan.reading.variables import found, switch, told_by

_TABLE = {
    "aggregator.settings.rounds_to_train": ("app", "rounds"),
    "data_loader.settings.collaborator_count": ("app", "supernodes"),
    "collaborator.settings.delta_updates": ("app", "delta_updates"),
    "collaborator.settings.use_delta_updates": ("app", "delta_updates"),
}
# Keys of releases up to and from 1.9: whether TLS is on, and whether clients prove who they are.
_TLS = {"tls": True, "use_tls": True, "disable_tls": False}
_CLIENTS = {"disable_client_auth": False, "require_client_auth": True}
_OWN = "openfl."
_NETWORK = re.compile(rb"openfl\.federation\.Network")
_LINE = re.compile(r"([\w.-]+)\s*,\s*(\S.*)")


def wants(file: File) -> bool:
    """A plan, its defaults for the network, or the lists beside it."""
    if file.path.suffix not in (".yml", ".yaml"):
        return False
    if file.path.parent.name == "plan" and file.path.name in ("cols.yaml", "data.yaml"):
        return True
    return b"openfl." in file.content and (b"aggregator" in file.content or _NETWORK.search(file.content) is not None)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    if file.path.name == "data.yaml":
        yield from _data(file)
        return
    for root in file.yaml[:1]:
        if file.path.name == "cols.yaml":
            for one in root.each("collaborators"):
                yield one.says(f"node:{one.value}", "role", "client")
        elif root.get("aggregator"):
            yield from _plan(root)
            yield from _quorum(file, root)
        elif settings := root.get("settings"):
            yield from _network(settings)


def _plan(root: ForeignNode) -> Iterator[Evidence]:
    if place := root.get("aggregator"):
        yield place.says("app", "framework", "openfl")
    yield from told_by(root, _TABLE)
    yield from switch(root, "aggregator.settings.secure_aggregation", "safeguard:secure_aggregation")
    if runner := root.get("task_runner", "template"):
        yield runner.says("model", "base", None, note="the class names it, or is given it elsewhere")
    settings = root.get("network", "settings")
    if settings:
        yield from _network(settings)
    elif defaults := root.get("network", "defaults"):
        yield defaults.says("federation", "transport", None, note=f"{defaults.value} says it")


def _quorum(file: File, root: ForeignNode) -> Iterator[Evidence]:
    """
    With how many collaborators a round ends: with all that are listed, unless a policy ends it before (openfl 1.9).

    An assigner of one's own, or several groups of tasks, may have some of them only validate: then nobody can tell.
    """
    template = root.text("assigner", "template") or _OWN
    place = root.get("straggler_handling_policy") or root.get("aggregator")
    if place is None or not template.startswith(_OWN) or root.get("assigner", "settings", "task_groups", 1):
        return
    if least := _least(place, _listed(file.beside("cols.yaml") or b"")):
        yield place.says("app", "min_clients", least)


def _listed(content: bytes) -> int:
    """How many collaborators a list names; 0 where none can be read."""
    try:
        return len(list(File("cols.yaml", content).tree.each("collaborators")))
    except Unread:
        return 0


def _least(policy: ForeignNode, everybody: int) -> int:
    """What a policy asks for, of so many that are listed; 0 where it does not say."""
    kind = (policy.text("template") or "").rpartition(".")[2]
    said = count(policy.text("settings", "minimum_reporting")) or 1
    cutoff, share = (policy.get("settings", name) for name in ("straggler_cutoff_time", "percent_collaborators_needed"))
    if kind.startswith("CutoffTime") and cutoff and isinstance(cutoff.value, (int, float)) and cutoff.value < math.inf:
        return said
    if kind.startswith("Percentage") and share and isinstance(share.value, (int, float)) and everybody:
        return max(said, math.ceil(share.value * everybody) if 0 <= share.value <= 1 else everybody)
    return everybody if kind.startswith(("CutoffTime", "Percentage", "WaitForAll", "Aggregator")) else 0


def _network(settings: ForeignNode) -> Iterator[Evidence]:
    """TLS and who proves who they are; both are on where nothing says otherwise."""
    key = next((name for name in _TLS if found(settings, name)), None)
    place = settings.get(key) if key else None
    if place is not None and key is not None and isinstance(place.value, bool):
        on = place.value is _TLS[key]
        known = next((name for name in _CLIENTS if found(settings, name)), None)
        proved = known is None or settings.get(known) is None or _value(settings, known) is _CLIENTS[known]
        yield place.says("federation", "transport", ("mtls" if proved else "tls") if on else NONE)
    address = found(settings, "agg_addr")
    if address:
        known_ = address.value != "auto"
        yield address.tells("federation", "address") if known_ else address.says("federation", "address", None)


def _value(settings: ForeignNode, name: str) -> object:
    node = settings.get(name)
    return node.value if node else None


def _data(file: File) -> Iterator[Evidence]:
    for number, line in enumerate(file.text.split("\n"), 1):
        if said := _LINE.fullmatch(line.strip()):
            place = single(said[2], file.line(number, 1, len(line) + 1), said[1])
            yield place.tells(f"dataset:{said[1]}", "at")
