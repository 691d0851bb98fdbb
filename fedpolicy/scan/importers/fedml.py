"""FedML: clients, rounds, model and adapters, noise, encryption, trackers, and how they connect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan import NONE, Evidence, ForeignNode
from fedpolicy.scan.reading.variables import found, literals, switch, told_by

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File

_DP, _SA, _HE = (
    f"safeguard:{name}" for name in ("differential_privacy", "secure_aggregation", "homomorphic_encryption")
)
_TABLE = {
    "train_args.client_num_in_total": ("app", "supernodes"),
    "train_args.client_num_per_round": ("app", "sampled_clients"),
    "train_args.comm_round": ("app", "rounds"),
    "train_args.federated_optimizer": ("app", "strategy"),
    "comm_args.backend": ("app", "backend"),
    "model_args.model_name_or_path": ("model", "base"),
    "model_args.peft_type": ("model", "tuning"),
    "model_args.model": ("model", "architecture"),
}
_IF_ON = {
    "enable_dp": (_DP, {"epsilon": "epsilon", "delta": "delta", "mechanism_type": "mechanism"}),
    "enable_fhe": (_HE, {"scheme": "scheme"}),
    "enable_sa": (_SA, {"sa_method": "method"}),
}
_WHERE = {"ldp": "client", "cdp": "aggregator"}


def wants(file: File) -> bool:
    """YAML with the sections that FedML reads."""
    words = (b"train_args:", b"comm_args:", b"client_num_in_total")
    return file.path.suffix in (".yml", ".yaml") and all(word in file.content for word in words)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for root in file.yaml[:1]:
        if place := root.get("train_args"):
            yield place.says("app", "framework", "fedml")
        yield from told_by(root, _TABLE)
        if data := found(root, "data_args.dataset_name") or found(root, "data_args.dataset"):
            yield data.tells("dataset", "name")
        if backend := found(root, "comm_args.backend"):
            yield backend.says("federation", "transport", None, note="no key of this file says whether it is encrypted")
        tracker = found(root, "tracking_args.enable_wandb")
        if tracker and isinstance(tracker.value, bool):
            yield tracker.says("tracker:wandb", "used", "true" if tracker.value else NONE)
        yield from _safeguards(root)
        yield from literals(root, "app")


def _safeguards(root: ForeignNode) -> Iterator[Evidence]:
    """Numbers count only where the switch beside them is on. FedML reads all sections as one, by whatever name."""
    for key, (subject, numbers) in _IF_ON.items():
        section = next((one for _, one in root.items() if one.get(key)), root)
        said = list(switch(section, key, subject))
        yield from said
        if any(one.value == "true" for one in said):
            yield from told_by(section, {number: (subject, name) for number, name in numbers.items()})
            kind = found(section, "dp_solution_type")
            if kind and str(kind.value).lower() in _WHERE:
                yield kind.says(subject, "where", _WHERE[str(kind.value).lower()])
