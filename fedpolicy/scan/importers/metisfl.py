"""MetisFL: a controller and its learners, rounds, and secrets among their connections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan.reading.variables import literals, told_by

if TYPE_CHECKING:
    from fedpolicy.scan import Evidence, ForeignNode
    from fedpolicy.scan.reading import File

_TABLE = {
    "TerminationSignals.FederationRounds": ("app", "rounds"),
    "GlobalModelConfig.AggregationFunction": ("app", "strategy"),
}


def wants(file: File) -> bool:
    """YAML with the environment of a federation."""
    return file.path.suffix in (".yml", ".yaml") and b"FederationEnvironment:" in file.content


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for root in file.yaml[:1]:
        if whole := root.get("FederationEnvironment"):
            yield from _environment(whole)


def _environment(whole: ForeignNode) -> Iterator[Evidence]:
    yield whole.says("app", "framework", "metisfl")
    yield from told_by(whole, _TABLE)
    if controller := whole.get("Controller"):
        yield from _node(controller, controller, "controller", "server")
        note = "no section of this file says whether it is encrypted"
        yield controller.says("federation", "transport", None, note=note)
    for one in whole.each("Learners"):
        if name := one.get("LearnerID"):
            yield from _node(one, name, str(name.value), "client")


def _node(one: ForeignNode, place: ForeignNode, name: str, role: str) -> Iterator[Evidence]:
    subject = f"node:{name}"
    yield place.says(subject, "role", role)
    host, port = one.get("ConnectionConfigs", "Hostname"), one.text("GRPCServicer", "Port")
    if host:
        yield host.says(subject, "address", f"{host.value}:{port}" if port else host.value)
    yield from literals(one, subject)
