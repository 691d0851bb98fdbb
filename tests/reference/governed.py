"""Random deployments with what control hangs on: licences, accounts, memory, stand-ins, quorums, several operators."""

from __future__ import annotations

from tests.reference.deployments import SERVICES, Author, Tree, deployment

# By what the catalogue says of them: closed, revocable, not granted everywhere, small, large and open, gated.
REFS = (
    "openai/gpt-4o",
    "facebook/opt-66b",
    "meta-llama/Llama-3.2-11B-Vision-Instruct",
    "BAAI/bge-m3",
    "Qwen/Qwen2.5-7B-Instruct",
    "meta-llama/Llama-3.1-8B-Instruct",
)
LICENCES = ("MIT", "LicenseRef-opt-175b", "LicenseRef-llama-3.2-vision")
COUNTRIES = ("DE", "CH", "US")


def governed(seed: str) -> Tree:
    """The deployment of a seed, and more that decides who can end what."""
    return Governor(seed).deployment()


class Governor(Author):
    """Adds to a deployment."""

    def __init__(self, seed: str) -> None:
        super().__init__(f"control:{seed}")
        self.tree = deployment(seed)

    def deployment(self) -> Tree:
        """All of it."""
        for name, party in self.tree["parties"].items():
            if name in ("a", "b", "c", "d") and self.odds(0.5):
                party["jurisdiction"] = self.one(*COUNTRIES)
        for node in self.tree["nodes"].values():
            self._machine(node)
        for name, model in self.tree["models"].items():
            self._model(name, model)
        for task in self.tree.get("tasks", {}).values():
            self._task(task)
        if self.odds(0.2):
            self.tree.setdefault("flows", {})["weights"] = self._weights()
        for task in self.tree.get("tasks", {}).values():
            self._chained(task)
        return self.tree

    def _machine(self, node: Tree) -> None:
        if self.odds(0.25):
            node["hardware"] = {"gpu_memory_gib": self.one(1, 8, 16, 200)}
        if self.odds(0.1):
            node["operators"] = [self.one("x", "a", "agg", "y")]
        if self.odds(0.1):
            node["host"] = self.one("agg", "y", "b")

    def _model(self, name: str, model: Tree) -> None:
        if name != "out" and self.odds(0.3):
            model["ref"] = self.one(*REFS)
            if self.odds(0.7):
                for key in ("weights", "provider"):
                    model.pop(key, None)
        if self.odds(0.2):
            model["licence"] = self.one(*LICENCES)
        if self.odds(0.15):
            model["account"] = self.one("x", "a", "participants", "acme")
        if "fallback" not in model and self.odds(0.1):
            model["fallback"] = self.one(*sorted({"base", "closed", "out"} - {name}))
        if name == "closed" and self.odds(0.2):
            model["weights_at"] = [self.one("client", *SERVICES)]
        if name == "base" and self.odds(0.05):
            model["emulates"] = "closed"
        if name != "closed" and self.odds(0.05):
            model["copies"] = self.one("parts", "personal")
        if self.odds(0.05):
            model["published"] = True

    def _task(self, task: Tree) -> None:
        produces = task["method"] not in ("federated_analytics", "evaluation", "llm_judge", "rag", "labelling")
        if produces and "produces" not in task and self.odds(0.5):
            task["produces"] = "out" if task.get("model") != "out" else "base"
        sealing = {"kind": "homomorphic_encryption", "sealed_for": [self.one("client", "x", "store", "a")]}
        if self.odds(0.15):
            task["safeguards"] = [*task.get("safeguards", []), sealing]
        if self.odds(0.1) and task.get("topology") != "local":
            task["min_clients"] = self.random.randint(1, 3)

    def _chained(self, task: Tree) -> None:
        """At times trees of what is usually divided, and adapters for what another task makes."""
        if task["method"] == "split_learning" and self.odds(0.2):
            for key in ("topology", "top_model_at", "labels_at", "aggregator"):
                task.pop(key, None)
            task["hops"] = [{"at": self.one("relay", "store")}]
            if task.get("via") in ("relay", "store"):
                del task["via"]
        made = {one.get("produces") for one in self.tree["tasks"].values() if one is not task} & {"base", "out"}
        if made and task["method"] in ("lora", "offsite_tuning", "textual_gradient", "proxy_tuning") and self.odds(0.4):
            task["model"] = self.one(*sorted(made))
            task["produces"] = "out" if task["model"] != "out" else "base"

    def _weights(self) -> Tree:
        ends = self.random.sample(("client", *SERVICES), 2)
        payload = self.one("model_weights", "adapter_weights")
        found: Tree = {"from": ends[0], "to": self.one(ends[1], "public"), "payload": payload}
        found["data"] = [self.one("out", "base")]
        if self.odds(0.3):
            found["sealed_for"] = [self.one("x", "a", "client")]
        return found
