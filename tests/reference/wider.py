"""
Random small deployments with the rarer words of the language: those of `deployments.py`, with a few things said anew.

The same seed gives the same one. What comes out may be refused, as whatever is written at random may be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from tests.reference.deployments import SERVICES, Author, Tree

METHODS = (
    *("private_set_intersection", "unknown") * 6,
    *("vertical_training", "federated_analytics", "in_context_learning", "inference", "synthetic_data_generation"),
    *("derivative_free_prompt_tuning", "discrete_prompt_optimization", "prompt_tuning", "offsite_tuning"),
    *("adapter", "prefix_tuning", "qlora", "dpo", "rlhf", "fedprox", "scaffold", "instruction_tuning"),
    *("full_finetuning", "split_learning", "gradient_boosting", "hosted_finetuning", "rag", "evaluation"),
)
TOPOLOGIES = ("star", "peer_to_peer", "rotating", "split", "vertical", "local", "central", "unknown")
RAW = ("records", "logs", "prompts", "completions")
MADE = (
    *("embeddings", "activations", "gradients", "model_update", "adapter_update", "head_update", "soft_prompt"),
    *("prompt_text", "logits", "labels", "aggregate_update", "model_weights", "adapter_weights", "statistics"),
    *("intersection", "histograms", "gradient_histograms", "sketches", "kv_cache", "sums", "metrics", "scalars"),
    *("synthetic_data", "predictions"),
)
EMPTY = ("ciphertext", "code", "configuration", "hyperparameters")
EVIDENCE: tuple[Tree, ...] = (
    {"kind": "norm_bound", "limit": 1.0},
    {"kind": "filter", "name": "drops"},
    {"kind": "update_inspection"},
    {"kind": "robust_aggregation"},
    {"kind": "attestation"},
    {"kind": "leakage_audit", "attack": "inversion", "result": "nothing"},
)
MEMBERS = ("client", *SERVICES)
COUNTED = ("noise_multiplier", "clipping_norm", "delta", "unit", "bounded_weights")  # of noise that counts


class Wider(Author):
    """Writes one deployment, and then says one to four things of it anew."""

    def deployment(self) -> Tree:
        """What the other author writes, changed."""
        self.tree = super().deployment()
        changes = [
            *[self.method] * 5,
            *[self.topology] * 3,
            *[self.unguarded] * 3,
            *[self.guard] * 4,
            *[self.payload] * 3,
            *[self.dataset] * 2,
            *[self.enclave] * 2,
            *[self.node] * 2,
            *[self.model] * 3,
            *[self.ends] * 2,
            *[self.handed] * 2,
            *[self.party],
            *[self.silent],
            *[self.unsure] * 2,
        ]
        for _ in range(self.one(1, 1, 2, 2, 3, 4)):
            self.one(*changes)()
        if self.odds(0.1):
            self.few()
        if self.odds(0.2):
            self.routed()
        if self.odds(0.1):
            self.blind()
        return self.tree

    def blind(self) -> None:
        """A task is computed on shares or on ciphertext."""
        task = self.element("tasks")
        if task is None:
            return
        for key in ("aggregator", "topology", "hops", "via", "top_model_at", "labels_at", "clients_per_round"):
            task.pop(key, None)
        if task.get("method") == "unknown":
            task["method"] = "fedavg"
        task["runs_on"] = self.one(task["runs_on"], task["runs_on"], ["relay", "store"], ["store"])
        guard = {"kind": "secure_computation", "threshold": self.one(1, 2, 2)}
        guard["of"] = self.one(["client"], ["relay", "store"], ["client", "store"], task["runs_on"])
        if self.odds(0.1):
            guard["operated_by"] = ["x"]
        if self.odds(0.7):
            guard["reveals_to"] = self.some(("client", "aggregator", "relay", "x", "client@a"), 1, 2)
        others: list[Tree] = [{"kind": "deidentification", "method": "expert"}, self.noise("aggregator")]
        others = [one for one in others if self.odds(0.4)] + [{"kind": "unknown"}] * self.odds(0.1)
        task["safeguards"] = [guard, *others]

    def few(self) -> None:
        """Only some clients run a task or call, at times on what is named one by one."""
        uses = [(entry, "runs_on") for entry in self.tree.get("tasks", {}).values()]
        uses += [(entry, "from") for entry in self.tree.get("api_calls", {}).values()]
        party = self.tree["nodes"]["client"]["party"]
        if uses and isinstance(party, list):
            entry, key = self.one(*uses)
            names = [one if party.count(one) == 1 else f"{one}.{self.one(1, 2)}" for one in party]
            entry[key] = [f"client@{name}" for name in self.some((*dict.fromkeys(names),), 1)]
            if self.odds(0.3):
                named = "data" if key == "runs_on" else "sends"
                entry[named] = [f"notes@{name}" for name in self.some((*dict.fromkeys(names),), 1)]

    def routed(self) -> None:
        """Each client sends to one of two hubs, or some to both."""
        trees = [one for one in self.tree.get("tasks", {}).values() if len(one.get("hops", ())) == 1]
        for task in trees:
            hop = task["hops"][0]
            free = sorted({"relay", "store", "aggregator"} - {task.get("aggregator", "aggregator")} - {task.get("via")})
            nodes = self.tree["nodes"]
            parties = [(name, nodes[name]["party"]) for name in task["runs_on"] if "@" not in name]
            names = [name for name in task["runs_on"] if "@" in name]
            for name, party in parties:
                many = party if isinstance(party, list) else []
                ids = [one if many.count(one) == 1 else f"{one}.{self.one(1, 2)}" for one in many]
                names += [f"{name}@{one}" for one in dict.fromkeys(ids)] if many and self.odds(0.7) else [name]
            if len(free) > 1 and not any(isinstance(nodes[name]["party"], list) for name in free):
                hop["at"] = free
                self.random.shuffle(names)
                cut = self.random.randint(0, len(names))
                both = self.some(tuple(names), 1) if cut in (0, len(names)) or self.odds(0.15) else []
                some = (names[:cut] + both, names[cut:] + both)
                hop["routes"] = [{"from": sorted({*one}), "to": to} for one, to in zip(some, free, strict=True) if one]

    def element(self, *sections: str) -> Tree | None:
        found = [entry for section in sections for entry in self.tree.get(section, {}).values()]
        return self.one(*found) if found else None

    # What is done.

    def method(self) -> None:
        """Another method, with what it needs and without what would be refused."""
        task = self.element("tasks")
        if task is None:
            task = self.tree.setdefault("tasks", {})["t1"] = {"data": ["notes"], "runs_on": self.at}
        method = task["method"] = self.one(*METHODS)
        if method in ("private_set_intersection", "federated_analytics"):
            task.pop("model", None)
            task.pop("produces", None)
        if method in ("inference", "in_context_learning", "rag", "synthetic_data_generation", "evaluation"):
            task.pop("produces", None)
            task.setdefault("model", self.one("base", "closed", "out"))
        if method in ("hosted_finetuning", "derivative_free_prompt_tuning"):
            task.setdefault("model", "closed")
        if not exchanging(method) and self.odds(0.9):
            for key in ("aggregator", "via", "hops", "topology", "top_model_at", "labels_at", "aggregation"):
                task.pop(key, None)
        if method == "unknown" and self.odds(0.4):
            task["retrieves"] = self.one([], ["notes"])

    def topology(self) -> None:
        """Another topology, with keys of its own."""
        task = self.element("tasks")
        if task is None:
            return
        for key in ("hops", "top_model_at", "labels_at"):
            task.pop(key, None)
        said = task["topology"] = self.one(*TOPOLOGIES)
        if said in ("split", "vertical") or (said == "unknown" and self.odds(0.3)):
            task |= self.one({}, {"top_model_at": self.one("store", "relay", "client")})
            if self.odds(0.4):
                task["labels_at"] = self.one("client", "store", "aggregator")
        if said in ("star", "split", "vertical", "unknown") and self.odds(0.4):
            task["aggregator"] = self.one(*SERVICES)
        if said in ("star", "peer_to_peer") and self.odds(0.3):
            task["via"] = self.one("relay", ["relay", "store"])
        if task.get("aggregator") in ([task.get("via")] if isinstance(task.get("via"), str) else task.get("via") or []):
            del task["aggregator"]
        if said in ("peer_to_peer", "rotating", "local", "central"):
            task.pop("aggregator", None)
        if said in ("local", "central"):
            task.pop("via", None)

    # What lowers.

    def lists(self, *sections: str) -> list[Tree]:
        """Everything that may have safeguards."""
        found = [entry for section in sections for entry in self.tree.get(section, {}).values()]
        return found + [hop for task in self.tree.get("tasks", {}).values() for hop in task.get("hops", ())]

    def unguarded(self) -> None:
        """Nobody knows which safeguards there are, beside those that somebody knows, or at all."""
        found = self.lists("tasks", "api_calls", "flows")
        if not found:
            return
        entry = self.one(*found)
        said = entry.get("safeguards")
        alone = not isinstance(said, list) or self.odds(0.4)
        entry["safeguards"] = "unknown" if alone else [*said, {"kind": "unknown"}]

    def guard(self) -> None:
        """A safeguard of any kind anywhere."""
        found = self.lists("tasks", "tasks", "api_calls", "flows")
        if not found:
            return
        entry = self.one(*found)
        said = entry.get("safeguards", [])
        if not isinstance(said, list):
            return
        named = ("client", *SERVICES, "x", "a", "acme")
        new = self.one(
            lambda: dict(self.one(*EVIDENCE)),
            lambda: self.seal(named),
            lambda: {"kind": "deidentification", "method": self.one("safe_harbor", "k_anonymity", "pseudonymisation")},
            lambda: self.noise(self.one("client", "aggregator", "distributed")),
            lambda: {"kind": "secure_aggregation", "min_clients": self.one(1, 2, 3)},
        )()
        if self.odds(0.2):
            new["operated_by"] = self.one(["participants"], ["a"], ["x"], ["agg", "b"])
        if new["kind"] == "differential_privacy" and self.odds(0.4):
            new["unit"] = self.one("day", "person")
        if new["kind"] == "differential_privacy" and "to" in entry:
            entry.setdefault("data", ["notes"])  # of whatever it holds, delta would depend on what it holds
        kinds = [one["kind"] for one in said]
        if new["kind"] not in ("secure_aggregation", "differential_privacy") or new["kind"] not in kinds:
            entry["safeguards"] = [*said, new]

    # What travels.

    def payload(self) -> None:
        """Another payload on a flow or a call."""
        entry = self.element("flows", "api_calls")
        if entry is None:
            entry = self.tree.setdefault("flows", {})["f1"] = self.flow()
        entry["payload"] = self.one(*RAW, *MADE, *(EMPTY if "to" in entry else ()))
        if entry["payload"] in ("code", "configuration", "hyperparameters"):
            entry.pop("data", None)

    def handed(self) -> None:
        """The weights of a model, or what looks like them, to somebody who may use it."""
        places = (*MEMBERS, *(f"client@{party}" for party in self.clients if self.clients.count(party) == 1))
        flow: Tree = {
            "from": self.one(*SERVICES, "client", "acme"),
            "to": self.one(self.one(*places), self.some(places, 1)),
        }
        flow["payload"] = self.one(*["model_weights"] * 3, "adapter_weights", "aggregate_update", "sums")
        flow["data"] = self.one(["closed"], ["base"], ["out"], ["closed", "out"])
        flow |= self.one({}, {}, {"via": self.one(*SERVICES)}, {"sealed_for": self.some((*MEMBERS, "x", "a"), 1)})
        flow |= self.one({}, {}, {}, {"safeguards": self.one("unknown", [self.seal((*MEMBERS, "x"))])})
        self.tree.setdefault("flows", {})["handed"] = flow

    def ends(self) -> None:
        """Several places, members, parties."""
        entry = self.element("flows", "api_calls")
        if entry is None:
            return
        places = (*MEMBERS, *(f"client@{party}" for party in self.clients if self.clients.count(party) == 1))
        if "to" in entry and self.odds(0.4):
            entry["via"] = self.one(*SERVICES, "client", "x")
        entry["from"] = self.one(self.one(*places), self.some(places, 1), self.one("x", "agg", "acme"))
        if "to" in entry:
            entry["to"] = self.one(self.one(*places, "x", "b", "acme"), self.some(places, 1), ["store", "public"])
            entry["data"] = self.one(["notes"], list(self.names), ["out", "notes"], ["base", "out"], ["closed"])
            if self.odds(0.3):
                entry["sealed_for"] = self.some((*MEMBERS, "x", "acme"), 1)
        else:
            entry["sends"] = self.one(["notes"], list(self.names))

    # What there is.

    def dataset(self) -> None:
        """What nobody knows of data, or what is rarely said."""
        data = self.element("datasets")
        if data is not None:
            data |= self.one(
                {"categories": "unknown"},
                {"unit": "unknown"},
                {"unit": self.one("client", "day")},
                {"subjects": "unknown"},
                {"categories": ["free-text"]},
                {"overlap": "possible"},
                {"releases": [{"to": ["x", "participants"], "up_to": "inferable"}]},
            )

    def enclave(self) -> None:
        """An enclave that nobody knows, or not whom it keeps out."""
        node = self.element("nodes")
        if node is None:
            return
        node["tee"] = self.one(
            "unknown",
            {"kind": self.one("tdx", "cca", "unknown", "sev-snp"), "attested": True, "hides_from": "unknown"},
            {"kind": self.one("tdx", "cca", "unknown"), "attested": True, "verified_by": self.one(["public"], ["a"])},
        )

    def node(self) -> None:
        """Who runs it and where."""
        node = self.element("nodes")
        if node is not None:
            node |= self.one(
                {"operators": "unknown"},
                {"operators": self.one(["x", "y"], ["agg"], ["b", "c"])},
                {"host": self.one("unknown", "acme", "agg", "b")},
                {"code_from": self.one("own", "public", "a")},
                {"kind": self.one("registry", "tracker", "service", "user")} if node["kind"] in SERVICES[1:] else {},
                {"party": self.one("unknown", ["a", "x"], ["unknown", "x"])} if node["kind"] != "client" else {},
                {"count": 3} if node["kind"] == "client" and "unknown" not in node["party"] else {},
            )

    def model(self) -> None:
        """Another word on a model."""
        name = self.one("base", "closed", "out")
        model = self.tree["models"][name]
        change: Tree = self.one(
            {"weights": self.one("unknown", "gated", "closed", "open")},
            {"terms": "unknown"},
            {"terms": {"trains_on_inputs": "unknown"}},
            {"ref": self.one("openai/gpt-4o", "mistralai/Mistral-7B-v0.1")},
            {"provider": self.one("acme", "x", "openai", "a")},
            {"copies": self.one("shared", "personal", "parts")},
            {"emulates": "closed" if name != "closed" else "base"},
            {"via": self.one(["store"], ["acme"], ["relay", "x"], ["aggregator", "store"])},
            {"weights_at": self.some(MEMBERS, 1)},
            {"published": True},
        )
        if "ref" in change:
            for key in ("weights", "provider", "terms"):
                model.pop(key, None)
        if "emulates" in change:
            for task in self.tree.get("tasks", {}).values():
                if self.odds(0.5):
                    task |= {"method": "offsite_tuning", "model": name}
        model |= change

    def party(self) -> None:
        """Who somebody is."""
        parties = self.tree["parties"]
        name = self.one(*parties)
        parties[name] |= self.one(
            {"is": self.one("openai", "none")},
            {"role": self.one(["processor", "host"], ["provider", "coordinator"], "user", "auditor", "public-body")},
            {"trusts": self.one(["participants"], ["agg", "x"], ["a", "y"])},
        )

    def unsure(self) -> None:
        """Nobody knows what could be said."""
        tree = self.tree
        noises = [one for entry in self.lists("tasks", "flows") for one in noises_in(entry)]
        tasks, trees = [*tree.get("tasks", {}).values()], self.lists()
        hops, calls = [one for one in trees if "at" in one], [*tree.get("api_calls", {}).values()]
        said: Callable[[], Any] = self.one(
            lambda: [one.update({self.one("clients_per_round", "min_clients"): "unknown"}) for one in tasks],
            lambda: [one.update(min_clients="unknown") for one in hops],
            lambda: [one.update({self.one(*COUNTED): "unknown"}) for one in noises],
            lambda: tree["models"][self.one("base", "closed", "out")].update(
                self.one({"provider": "unknown"}, {"ref": "unknown"})
            ),
            lambda: tree["parties"][self.one("acme", "x")].update({"is": "unknown"}),
            lambda: [one.update(topology="tree") for one in tasks if "hops" in one],
            lambda: [one.update(payload=self.one("metrics", "sums", "synthetic_data")) for one in calls],
        )
        said()

    def silent(self) -> None:
        """What changes no level."""
        tree = self.tree
        said: Callable[[], Any] = self.one(
            lambda: tree.update(transport=self.one("tls", "none")),
            lambda: tree.update(
                agreements={"dpa": {"kind": self.one("data_processing", "zero_retention"), "between": ["a", "acme"]}}
            ),
            lambda: tree.update(governance={"withdrawal": "any_round", "output_review": "people"}),
            lambda: [task.update(rounds=5, local_steps=2) for task in tree.get("tasks", {}).values()],
            lambda: [call.update(zero_retention=True, retention_days=0) for call in tree.get("api_calls", {}).values()],
            lambda: [call.update(trains_on_inputs="unknown") for call in tree.get("api_calls", {}).values()],
            lambda: [one.update(retrieves="unknown") for one in asking(tree)],
        )
        said()


def noises_in(entry: Tree) -> list[Tree]:
    """The noise among the safeguards of something."""
    said = entry.get("safeguards", [])
    return [one for one in said if one["kind"] == "differential_privacy"] if isinstance(said, list) else []


def exchanging(method: str) -> bool:
    """Whether those who take part may say how what they make travels."""
    alone = ("in_context_learning", "inference", "synthetic_data_generation", "hosted_finetuning", "rag")
    return method not in alone


def asking(tree: Tree) -> Iterator[Tree]:
    """Whatever may say what answers quote."""
    yield from tree.get("api_calls", {}).values()
    yield from (task for task in tree.get("tasks", {}).values() if "model" in task)


def wider(seed: str) -> Tree:
    """The deployment of a seed."""
    author = Wider(seed)
    author.random = Random(f"wider {seed}")
    return author.deployment()
