"""What rules on models, safeguards, tasks and the deployment speak of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.reference.deployments import Author, Tree

OPEN_REFS = (
    "meta-llama/Llama-3.1-8B-Instruct",
    "meta-llama/Llama-2-7b-hf",
    "facebook/opt-66b",
    "BAAI/bge-m3",
    "mistralai/Mistral-7B-v0.1",
    "somebody/something-7b",
)
CLOSED_REFS = ("openai/gpt-4", "openai/gpt-4o", "openai/gpt-4o-2024-08-06", "openai/gpt-5.1", "somebody/closed-0613")
LICENCES = (
    *("MIT", "Apache-2.0", "CC-BY-4.0", "CC-BY-ND-4.0", "CC-BY-NC-4.0", "NONE", "NONE", "NONE", "LicenseRef-ours"),
    *("LicenseRef-opt-175b", "LicenseRef-anthropic-terms", "LicenseRef-scancode-llama-2-license-2023"),
    *("LicenseRef-scancode-qwen-2024", "LicenseRef-scancode-llama-3.1-license-2024", "LicenseRef-llama-3.2-vision"),
    *("LicenseRef-mistral-non-production", "LicenseRef-chatglm-6b"),
)
ASPECTS: dict[str, tuple[Any, ...]] = {
    "architecture": ("open", "closed", "unknown"),
    "inference_code": ("open", "closed", "unknown"),
    "training_code": ("open", "closed"),
    "training_data": ("open", "described", "undisclosed", "unknown"),
    "interface": (["text"], ["text", "logprobs"], ["embeddings"], ["text", "top_logprobs", "fine_tuning"], "unknown"),
    "claims": ("open_source", "open_weight", "gray_box", "black_box"),
    "licence": (*LICENCES, "unknown"),
    "revision": ("0e9e39f", "main", "v1", "unknown"),
    "digest": ("sha256:6f1c0a5c6c2f8c2b7c2f0d9e6f3a1b4d8e7c5a9b0d2f4e6a8c1b3d5f7092a4c6", "unknown"),
    "format": ("safetensors", "pickle", ".CKPT", "unknown"),
    "documentation": ("CARD.md", "unknown"),
    "attribution": ("CARD.md", "unknown"),
    "shutdown_on": ("2026-06-01", "2026-07-24", "2028-01-01", "unknown"),
    "account": ("x", "a", "agg", "participants", "acme", "unknown"),
    "published": (True,),
}
TERMS: dict[str, tuple[Any, ...]] = {
    "retention_days": (0, 1, 30, "unknown"),
    "human_review": (True, True, False, "unknown"),
    "zero_retention": (True, False, "unknown"),
    "trains_on_inputs": (True, True, False, "unknown"),
}
SECTORS = ("research", "public", "finance", "healthcare", "unknown")
COUNTRIES = ("DE", "CH", "US", "CN", ["DE", "CN"], "unknown")
EVERYBODY = ("a", "b", "c", "d", "agg", "x", "y", "acme", "participants")


def add(author: Author, tree: Tree) -> None:
    """All of it."""
    Adder(author, tree).add()


class Adder:
    """Adds to a deployment."""

    def __init__(self, author: Author, tree: Tree) -> None:
        self.tree, self.one, self.odds = tree, author.one, author.odds
        self.author = author

    def some(self, options: tuple[str, ...], least: int = 1, most: int = 2) -> list[str]:
        """A few of these."""
        return self.author.some(options, least, most)

    def add(self) -> None:
        """All of it."""
        for name, party in self.tree["parties"].items():
            self._party(name, party)
        for name, model in self.tree.get("models", {}).items():
            self._model(name, model)
        for task in self.tree.get("tasks", {}).values():
            self._task(task)
        for call in self.tree.get("api_calls", {}).values():
            self._said(call, TERMS, 0.15)
        for data in self.tree.get("datasets", {}).values():
            self._data(data)
        for entry in self._guarded():
            self._safeguards(entry)
        phones = self.tree["nodes"].get("phone")
        if phones and self.odds(0.3):
            phones["count"] = 200_000_000
            self.tree["models"]["base"]["licence"] = "LicenseRef-scancode-qwen-2024"
        self._agreements()
        self._governance()

    def _said(self, entry: Tree, words: dict[str, tuple[Any, ...]], share: float) -> None:
        for key, values in words.items():
            if self.odds(share):
                entry[key] = self.one(*values)

    def _party(self, name: str, party: Tree) -> None:
        if self.odds(0.6):
            party["sector"] = self.one(*SECTORS)
        if self.odds(0.6):
            party["jurisdiction"] = self.one(*COUNTRIES)
        if name == "acme" and self.odds(0.4):
            party["is"] = self.one("anthropic", "cohere", "openai", "none")

    def _model(self, name: str, model: Tree) -> None:
        self._said(model, ASPECTS, self.one(0.08, 0.2))
        if self.odds(0.4):
            refs = CLOSED_REFS if name == "closed" else OPEN_REFS
            model["ref"] = self.one(*refs)
            if self.odds(0.7):
                for key in ("weights", "provider"):
                    model.pop(key, None)
        if self.odds(0.3):
            terms = model.get("terms")
            terms = terms if isinstance(terms, dict) else {}
            self._said(terms, TERMS, 0.4)
            if terms:
                model["terms"] = terms
        if self.odds(0.06):
            model["via"] = self.one(["acme"], ["openai"], ["relay"], ["anthropic"])
            if self.odds(0.7):
                model.pop("weights_at", None)

    def _task(self, task: Tree) -> None:
        if self.odds(0.2):
            task["aggregation"] = self.one("mean", "median", "trimmed_mean", "krum", "mean", "mean")
        if self.odds(0.12):
            task["method"] = self.one("dpo", "instruction_tuning")
            task.setdefault("model", "base")
            task.setdefault("produces", "out" if task["model"] != "out" else "base")
        elif self.odds(0.1):
            task["method"] = self.one("labelling", "synthetic_data_generation")
            for key in ("produces", "aggregator", "via", "hops", "topology", "aggregation", "clients_per_round"):
                task.pop(key, None)
            if self.odds(0.5):
                self.tree["models"]["base"]["licence"] = "LicenseRef-scancode-llama-2-license-2023"
        if self.odds(0.4) and task["method"] in ("fedavg", "lora", "dpo", "instruction_tuning"):
            self._drawn(task)

    def _drawn(self, task: Tree) -> None:
        noise = {"where": "aggregator", "noise_multiplier": 1.0e6, "clipping_norm": 1.0, "delta": 1.0e-9}
        drawn = {"sampling": "poisson", "sampling_rate": self.one(0.01, 1.0), "steps": 1, "unit": "client"}
        task["safeguards"] = [{"kind": "differential_privacy", **noise, **drawn}]
        task["clients_per_round"] = 1
        task.pop("min_clients", None)

    def _data(self, data: Tree) -> None:
        change: Callable[[], Tree] = self.one(
            lambda: {"categories": self.one(["public"], ["anonymous", "health"], ["industrial"], ["synthetic"])},
            lambda: {"releases": [{"to": self.some(EVERYBODY), "up_to": self.one("inferable", "verbatim")}]},
            lambda: {"releases": [{"to": [*EVERYBODY], "up_to": self.one("inferable", "verbatim", "reconstructable")}]},
            lambda: {"unit": self.one("record", "person", "client")},
        )
        if self.odds(0.3):
            data |= change()

    def _guarded(self) -> list[Tree]:
        found = [entry for key in ("tasks", "api_calls", "flows") for entry in self.tree.get(key, {}).values()]
        return [*found, *(hop for task in self.tree.get("tasks", {}).values() for hop in task.get("hops", ()))]

    def _safeguards(self, entry: Tree) -> None:
        found = entry.get("safeguards", [])
        if not isinstance(found, list):
            return
        if self.odds(0.2):
            found = [*found, self._more()]
        entry["safeguards"] = found
        for one in found:
            if self.odds(0.3):
                one[self.one("controlled_by", "code_signed_by")] = self.some(EVERYBODY, 1, 2)
                if self.odds(0.4):
                    asked = self.some(EVERYBODY, 2, 3)
                    one["approved_by"] = {"of": asked, "at_least": self.one(1, 2)}
            if one["kind"] == "differential_privacy":
                self._noise(entry, one)
        if not found:
            del entry["safeguards"]

    def _more(self) -> Tree:
        return self.one(
            {"kind": "filter", "name": "drops"},
            {"kind": "norm_bound", "limit": 1.0},
            {"kind": "update_inspection"},
            {"kind": "robust_aggregation"},
            {"kind": "secret_sharing", "threshold": self.one(1, 2), "of": ["relay", "store"]},
            {"kind": "deidentification", "method": "expert"},
        )

    def _noise(self, entry: Tree, one: Tree) -> None:
        if self.odds(0.12):
            one |= {"mechanism": "dp_sgd", "noise_multiplier": 1.0, "clipping_norm": 1.0, "delta": 1.0e-6}
            one |= {"unit": "record", "sampling": self.one("fixed", "poisson"), "sampling_rate": 0.01, "steps": 1000}
            one["claimed_epsilon"] = 2.5
            return
        if self.odds(0.3):
            one["claimed_epsilon"] = self.one(1, 8, 30, 1000)
        if self.odds(0.2):
            one["noise_multiplier"] = self.one(0.1, 0.5, 1.0, 5.0)
        if self.odds(0.1):
            one.pop(self.one("noise_multiplier", "clipping_norm", "delta", "unit", "steps"), None)
        if self.odds(0.2) and "method" in entry:
            entry["rounds"] = self.one(1, 5, 20)
            one["steps"] = self.one(1, 5, 20)
        if self.odds(0.15):
            one |= {"sampling": self.one("poisson", "fixed"), "sampling_rate": self.one(0.01, 0.5, 1.0)}
            if one["where"] != "client" and "method" in entry:
                entry["clients_per_round"] = 1

    def _agreements(self) -> None:
        found = {name: self._agreement() for name in ("licence", "zdr", "other") if self.odds(0.3)}
        if found:
            self.tree["agreements"] = {**self.tree.get("agreements", {}), **found}

    def _agreement(self) -> Tree:
        kind = self.one("licence", "zero_retention", "zero_retention", "data_processing")
        between = self.some(EVERYBODY, 2, 3)
        if kind == "zero_retention" and self.odds(0.8):
            between = sorted({*between, "acme"})
        found: Tree = {"kind": kind, "between": between, "reference": "contract.pdf"}
        if self.odds(0.2):
            found["expires"] = self.one("2026-01-01", "2027-06-30", "unknown")
        if kind != "licence" and self.odds(0.2):
            found["covers"] = self.one(["notes"], ["health"], ["image"], "unknown")
        return found

    def _governance(self) -> None:
        words: dict[str, tuple[Any, ...]] = {
            "withdrawal": ("any_round", "end_of_project", "none", "unknown"),
            "task_approval": ("participants", "coordinator", "coordinator", "unknown"),
            "safeguards_set_by": ("participants", "coordinator", "coordinator", "unknown"),
            "audit_log": ("append_only", "mutable", "none", "unknown"),
        }
        found: Tree = {}
        self._said(found, words, 0.5)
        if found:
            self.tree["governance"] = {**self.tree.get("governance", {}), **found}
        if self.odds(0.4):
            self.tree["setting"] = self.one("cross-silo", "cross-device", "not-federated", "unknown")
