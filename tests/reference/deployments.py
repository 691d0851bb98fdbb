"""
Random small deployments, as the mappings that YAML would give. The same seed gives the same one.

Noise is either far more than any epsilon needs, or none, so that no budget has to be computed to know what it does.
"""

from __future__ import annotations

from random import Random
from typing import Any

Tree = dict[str, Any]

PARTIES = ("a", "b", "c")
OTHERS = ("agg", "x", "y")
SERVICES = ("aggregator", "relay", "store")
EXCHANGING = (
    "fedavg",
    "lora",
    "textual_gradient",
    "knowledge_distillation",
    "federated_analytics",
    "evaluation",
    "proxy_tuning",
    "offsite_tuning",
    "input_transformation",
    "embedding_head",
    "black_box_prompt_tuning",
    "zeroth_order",
    "gradient_boosting",
)
ASKING = ("evaluation", "llm_judge", "rag", "labelling")
DIVIDED = ("split_learning", "split_learning", "gradient_boosting")
PAYLOADS = (
    "records",
    "logs",
    "embeddings",
    "logits",
    "model_weights",
    "aggregate_update",
    "metrics",
    "ciphertext",
    "code",
    "statistics",
    "model_update",
    "predictions",
)
SEALING = ("homomorphic_encryption", "end_to_end_encryption", "secret_sharing")
ENCLAVES = ("sgx", "sev-snp", "nitro")


class Author:
    """Writes one deployment."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)

    def one(self, *options: Any) -> Any:
        return self.random.choice(options)

    def odds(self, chance: float) -> bool:
        return self.random.random() < chance

    def some(self, options: tuple[str, ...], least: int = 0, most: int = 2) -> list[str]:
        count = self.random.randint(least, min(most, len(options)))
        return sorted(self.random.sample(options, count))

    def deployment(self) -> Tree:
        """Up to three clients, at times a cohort, an aggregator, a relay, a store, and what happens there."""
        self.clients = self.one(["a"], ["a", "b"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c"], ["a", "a", "b"])
        self.total, self.at = len(self.clients), ["client"]
        nodes: Tree = {"client": {"kind": "client", "party": self.clients, **self.settings()}}
        if self.odds(0.15):
            count = self.random.randint(2, 4)
            nodes["phone"] = {"kind": "client", "party": "d", "count": count, **self.settings()}
            self.total, self.at = self.total + count, ["client", "phone"]
        for name in SERVICES:
            party = self.one("agg", "agg", "x", "a", self.one("unknown", "acme", "y"))
            if self.odds(0.12):
                party = sorted({*self.clients}) if self.odds(0.6) else self.one(["x", "y"], ["a", "x"])
            nodes[name] = {"kind": name, "party": party, **self.settings()}
        found: Tree = {
            "parties": self.parties(),
            "nodes": nodes,
            "datasets": self.datasets(),
            "models": self.models(),
            "tasks": {name: self.task() for name in ("t1", "t2") if self.odds(0.6)},
            "api_calls": {name: self.call() for name in ("call1", "call2") if self.odds(0.3)},
            "flows": {name: self.flow() for name in ("f1", "f2", "f3") if self.odds(0.4)},
        }
        return {section: entries for section, entries in found.items() if entries}

    def parties(self) -> Tree:
        everybody = (*PARTIES, *OTHERS, "participants")
        found: Tree = {name: {"role": "participant"} for name in (*PARTIES, "d")}
        for party in found.values():
            if trusted := self.some(everybody, most=3):
                party["trusts"] = trusted
        return {
            **found,
            "agg": {"role": "coordinator"},
            "x": {"role": "processor"},
            "y": {"role": "host"},
            "acme": {"role": "provider"},
        }

    def settings(self) -> Tree:
        found: Tree = {}
        if self.odds(0.2):
            found["host"] = self.one("y", "x", "unknown")
        if self.odds(0.15):
            found["code_from"] = self.one("agg", "x")
        if self.odds(0.12):
            found["operators"] = [self.one("x", "b")]
        if self.odds(0.15):
            found["tee"] = self.tee()
        return found

    def tee(self) -> Tree:
        found: Tree = {"kind": self.one(*ENCLAVES), "attested": self.odds(0.8)}
        if verified := self.some(("x", "a", "b", "public"), most=2):
            found["verified_by"] = verified
        if self.odds(0.4):
            found["hides_from"] = self.some(("host", "operator"))
        return found

    def datasets(self) -> Tree:
        notes: Tree = {"at": self.at, "categories": self.one(["health"], ["health", "free-text"])}
        if self.odds(0.7):
            notes["unit"] = self.one("record", "person")
        # Most often more than a number has to be made of, in every instance.
        notes["subjects"] = self.one(1000, 1000, 1000, 12, 4)
        if self.odds(0.15):
            del notes["subjects"]
        if self.odds(0.1):
            notes["owner"] = self.one("c", "a")
        found = {"notes": notes}
        if self.odds(0.3):
            found["scans"] = {
                "at": self.one("store", "aggregator"),
                "owner": self.one("a", "b"),
                "categories": "image",
                "subjects": self.one(1000, 1000, 12, 4),
            }
        if len(self.clients) > 1 and self.odds(0.2):
            at = f"client@{self.clients[-1]}"
            found["more"] = {"at": at, "categories": ["health"], "subjects": 1000, "unit": self.one("record", "person")}
        self.names = tuple(found)
        return found

    def models(self) -> Tree:
        places = ("client", *SERVICES)
        closed: Tree = {"weights": "closed", "provider": "acme"}
        if (trains := self.one(None, True, False)) is not None:
            closed["terms"] = {"trains_on_inputs": trains}
        if (via := self.one(None, ["relay"], ["acme"], ["relay", "acme"], ["x"])) is not None:
            closed["via"] = via
        base: Tree = {"weights": "open", "weights_at": self.some(places, 1)}
        if self.odds(0.15):
            base = {"weights": "open", "via": self.one(["store"], ["relay", "acme"], ["unknown"])}
        if "via" not in base and self.odds(0.1):
            base["copies"] = "parts"
        if self.odds(0.15):
            base["fallback"] = "closed"
            if self.odds(0.5):
                closed["fallback"] = self.one("base", ["out", "base"])
        out: Tree = {}
        if self.odds(0.3):
            out["published"] = True
        if self.odds(0.2):
            out["copies"] = "personal"
        elif self.odds(0.15):
            out["via"] = self.one(["relay", "acme"], ["x"])
        if self.odds(0.5):
            out["weights_at"] = self.some(places, 1)
        return {"base": base, "closed": closed, "out": out}

    def task(self) -> Tree:
        method = self.one(*EXCHANGING, "fedavg", "lora", "llm_judge", "rag", "labelling", "hosted_finetuning", *DIVIDED)
        found: Tree = {"method": method, "data": self.data(), "runs_on": self.at}
        model = self.one("base", "base", "closed", "out", None)
        if model is None and method in (*ASKING, "hosted_finetuning", "black_box_prompt_tuning"):
            model = "closed"
        if method == "hosted_finetuning":
            model = "closed"
        if model and method not in ("federated_analytics", "gradient_boosting"):
            found["model"] = model
        if self.odds(0.12):
            found["code_from"] = self.one("agg", "x", "x", "own", "public")
        if method not in ("federated_analytics", *ASKING) and self.odds(0.5):
            found["produces"] = "out" if model != "out" else "base"
        if method in ("evaluation", "llm_judge") and self.odds(0.5):
            found["evaluates"] = self.one("base", "out")
        if method in ASKING and self.odds(0.4):
            found["retrieves"] = self.retrieved()
        if method == "split_learning" or (method == "gradient_boosting" and self.odds(0.4)):
            return found | self.divided(boosts=method == "gradient_boosting")
        total = self.total
        if method in EXCHANGING:
            found |= self.one(
                {},
                {"topology": "star"},
                {"topology": "peer_to_peer"},
                {"topology": "local"},
                {"topology": "unknown"},
                self.hops(),
                self.hops(),
                self.hops() | {"via": "store"},
                {"via": "relay"},
            )
            total = self.round(found)
            if self.odds(0.1):
                found["aggregation"] = self.one("unknown", "mean", "krum", "stacking")
        return found | self.guarded(total, exchanges=method in EXCHANGING)

    def guarded(self, total: int, *, exchanges: bool) -> Tree:
        guards = [self.safeguard(total, task=exchanges) for _ in range(self.one(0, 0, 1, 1, 2, 3))]
        # Of several secure sums of one list only the first is read.
        kinds = [one["kind"] for one in guards]
        once = ("secure_aggregation", "differential_privacy")
        kept = [
            one for place, one in enumerate(guards) if one["kind"] not in once or kinds.index(kinds[place]) == place
        ]
        noisy = next((one for one in kept if one.get("where") == "client"), None)
        if noisy and "secure_aggregation" in kinds and self.odds(0.6):
            noisy["where"] = "distributed"
        return {"safeguards": kept, **self.weighed(kept, exchanges=exchanges)} if kept else {}

    def weighed(self, guards: list[Tree], *, exchanges: bool) -> Tree:
        """How contributions are added up, which noise on the sum has to be made for."""
        central = next((one for one in guards if one.get("where") in ("aggregator", "distributed")), None)
        if not central or not exchanges or self.odds(0.6):
            return {}
        found = {"aggregation": self.one("weighted_mean", "weighted_mean", "unknown")}
        if found["aggregation"] != "unknown" and self.odds(0.6):
            central["bounded_weights"] = self.one(True, True, False)
        return found

    def divided(self, *, boosts: bool) -> Tree:
        """A model in two parts, or trees over columns held apart; an aggregator beside the top is an arbiter."""
        found: Tree = {"topology": self.one("vertical", "vertical", "unknown")} if boosts or self.odds(0.4) else {}
        found |= self.one({}, {"top_model_at": "store"}, {"top_model_at": "store"}, {"top_model_at": "client"})
        if self.odds(0.4):
            found["labels_at"] = self.one("client", "store", f"client@{self.clients[-1]}")
        if "top_model_at" in found and self.odds(0.5):
            found["aggregator"] = self.one("aggregator", "relay")
        if self.odds(0.2):
            found["via"] = "relay"
        if found.get("aggregator") == found.get("via"):
            found.pop("via", None)
        if self.clients == ["a", "a", "b"]:
            found.pop("labels_at", None)
        guards = [self.safeguard(self.total, task=self.odds(0.3)) for _ in range(self.one(0, 1, 1))]
        return found | ({"safeguards": guards} if guards else {})

    def asked(self) -> Tree:
        """What lowers a question: often a seal for whoever answers, at times for whoever asks, too."""
        readers = self.one(["acme"], ["acme", "client"], ["relay"], ["x", "store", "aggregator"])
        seal = {"kind": "end_to_end_encryption", "sealed_for": readers}
        return self.one(seal, seal, self.safeguard(4, task=False))

    def retrieved(self) -> list[str]:
        return self.one([], [self.one(*self.names)], sorted(self.names))

    def data(self) -> list[str]:
        both = ["notes", "more"] if "more" in self.names else ["notes"]
        return self.one(both, both, ["notes"], [f"notes@{self.clients[-1]}" if len(self.clients) > 1 else "notes"])

    def round(self, found: Tree) -> int:
        total = self.total
        if self.odds(0.7):
            total = found["clients_per_round"] = self.random.randint(1, self.total)
        if self.odds(0.3):
            found["min_clients"] = self.random.randint(1, total)
        return total

    def hops(self) -> Tree:
        """One level of hubs, of one or two, or a second one above it."""
        if self.odds(0.25):
            return {"hops": [self.hop("relay"), self.hop("store")]}
        return {"hops": [self.hop(self.one("relay", "relay", ["relay", "store"], "client"))]}

    def hop(self, at: str | list[str]) -> Tree:
        hop: Tree = {"at": at}
        if self.odds(0.3):
            hop["min_clients"] = self.random.randint(1, self.total)
        if self.odds(0.4):
            hop["safeguards"] = [
                self.one(
                    {"kind": "secure_aggregation", "min_clients": self.random.randint(1, 3)}, self.noise("aggregator")
                )
            ]
        return hop

    def noise(self, where: str) -> Tree:
        """A mechanism; about half of them count."""
        found: Tree = {
            "noise_multiplier": self.one(0.0, 1.0e6, 1.0e6, 1.0e6),
            "clipping_norm": 1.0,
            "delta": self.one(1e-9, 1e-9, 1e-9, 8e-4, 0.5),
            "unit": self.one("record", "client", "client"),
            "sampling": "none",
            "steps": 1,
        }
        if self.odds(0.2):
            del found[self.one("noise_multiplier", "clipping_norm", "delta", "unit")]
        return {"kind": "differential_privacy", "where": where, **found}

    def seal(self, readers: tuple[str, ...]) -> Tree:
        named = self.some(readers, 1)
        return self.one(
            {"kind": "homomorphic_encryption", "sealed_for": named},
            {"kind": "end_to_end_encryption", "sealed_for": named},
            {"kind": "secret_sharing", "threshold": self.one(1, 2), "of": ["relay", "store"]},
        )

    def safeguard(self, total: int, *, task: bool) -> Tree:
        """Any safeguard that lowers something; on tasks also secure aggregation and noise."""
        readers = ("client", "aggregator", "relay", "x")
        kinds: list[Any] = [
            lambda: self.seal(readers),
            lambda: {"kind": "deidentification", "method": self.one("expert", "redaction")},
        ]
        if task:
            summed = lambda: {"kind": "secure_aggregation", "min_clients": self.random.randint(1, total)}  # noqa: E731
            kinds += [summed, summed, lambda: self.noise("aggregator"), lambda: self.noise("client")]
        found: Tree = self.one(*kinds)()
        if self.odds(0.1):
            found["operated_by"] = [self.one("a", "agg", "x")]
        return found

    def call(self) -> Tree:
        found: Tree = {"from": self.one("client", *SERVICES), "sends": self.one("notes", "notes", "notes@a")}
        if self.clients == ["a", "a", "b"] and found["sends"] == "notes@a":
            found["sends"] = "notes@b"
        if self.odds(0.1):
            found |= {"provider": "acme", "payload": self.one("records", "embeddings")}
            return found
        if self.odds(0.3):
            found["retrieves"] = self.retrieved()
        if self.odds(0.3):
            found["safeguards"] = [self.asked() for _ in range(self.one(1, 1, 2))]
        found |= {"model": self.one("base", "closed", "out"), "payload": self.one("prompts", "prompts", "embeddings")}
        if (trains := self.one(None, True, False)) is not None:
            found["trains_on_inputs"] = trains
        return found

    def flow(self) -> Tree:
        ends = self.random.sample(("client", *SERVICES), 2)
        found: Tree = {"from": ends[0], "to": self.one(ends[1], ends[1], "public", "y"), "payload": self.one(*PAYLOADS)}
        data = self.one(None, None, ["notes"], ["out"])
        if data is not None and found["payload"] != "code":
            found["data"] = data
        middle = [name for name in SERVICES if name not in ends]
        if self.odds(0.3):
            found["via"] = self.one(*middle)
        if self.odds(0.35):
            found["safeguards"] = [self.safeguard(4, task=False) for _ in range(self.one(1, 1, 2))]
        if "safeguards" not in found or self.odds(0.2):
            found |= self.sealed(data)
        return found

    def sealed(self, data: list[str] | None) -> Tree:
        found: Tree = {}
        if data != ["out"] and self.odds(0.15):
            found["sealed_for"] = self.one(
                ["client"], ["aggregator"], ["x"], {"threshold": 2, "of": ["relay", "store"]}
            )
        return found


def deployment(seed: str) -> Tree:
    """The deployment of a seed."""
    return Author(seed).deployment()
