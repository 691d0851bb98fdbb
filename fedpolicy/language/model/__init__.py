"""
A deployment, and the words of the language: each key of each element is declared once, in the files beside this one.

A declaration is an annotation and `key(...)`: what may stand there, help, open or closed, and whether rules may read
it. The reader, the schema, what rules may compare, and the tables of the documentation are made from it.
.
"""

from typing import Annotated, Literal

from fedpolicy.language.model.dataset import Dataset, Model
from fedpolicy.language.model.entry import Entry, key
from fedpolicy.language.model.flow import ApiCall, Flow, Task
from fedpolicy.language.model.party import Agreement, Governance, Node, Party
from fedpolicy.language.model.types import Name, Transport, Within


class Deployment(Entry):
    """One federated deployment."""

    fedpolicy: Literal[1] = key("The version of the language: 1.")
    name: Annotated[str, Within(min_length=1)] = key("A short name, which reports use.", rule=True)
    summary: str | None = key("What the deployment is for, in a sentence or two.", None)
    setting: Literal["cross-silo", "cross-device", "not-federated"] | None = key(
        "A few organisations (cross-silo), very many devices (cross-device), or no federation at all.",
        open=True,
        rule=True,
    )
    transport: Transport | None = key(
        "How connections between the nodes are protected where nothing else is said: none, tls or mtls.",
        open=True,
        rule=True,
    )
    parties: dict[Name, Party] = key(
        "The parties, by id. Built in: `public`, `unknown`, and the set `participants`.", {}
    )
    nodes: dict[Name, Node] = key("The places where things run or are stored, by id.", {})
    datasets: dict[Name, Dataset] = key("The data that are protected, by id.", {})
    models: dict[Name, Model] = key("Models, adapters, learned prompts and heads, by id.", {})
    tasks: dict[Name, Task] = key(
        "What is repeated on data, by id: training, evaluation, labelling. A task implies its flows.", {}
    )
    api_calls: dict[Name, ApiCall] = key(
        "Calls to models or services that somebody else runs, by id. A call implies its flow.", {}
    )
    flows: dict[Name, Flow] = key("Every other movement, by id: logs, dashboards, backups, exports.", {})
    agreements: dict[Name, Agreement] = key("Contracts between the parties, by id.", {})
    governance: Governance = key("Who decides what, and which evidence is kept.", Governance())
