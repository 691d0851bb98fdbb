"""Flows, and what implies them: tasks, which repeat something on data, and calls of a model or service."""

from typing import Annotated

from fedpolicy.language.model.dataset import Terms
from fedpolicy.language.model.entry import Entry, key
from fedpolicy.language.model.safeguards import UNKNOWN, AnySafeguard
from fedpolicy.language.model.types import AnyIds, Count, Id, Ids, Positive, Transport, Written, at_hop, one_reader
from fedpolicy.topologies import TopologyName


class TreeRoute(Entry):
    """Who of the level below sends to which nodes of a level."""

    from_: Ids = key("The nodes below: clients, or nodes of the level before.", alias="from", names="nodes")
    to: Ids = key("The nodes of this level to which they send.", names="nodes")


class TreeHop(Entry):
    """One level of aggregators in a tree."""

    at: Ids = key("The nodes of this level.", names="nodes")
    routes: tuple[TreeRoute, ...] = key(
        "Who sends to which of them, as maps of `from` and `to`. Left out: each may send to any of them, or to that of"
        " its own party.",
        (),
    )
    min_clients: Positive | None = key("The fewest clients that each of them adds up.", open=True)
    safeguards: tuple[AnySafeguard, ...] = key("What protects what this level sends on.", (), unknown=UNKNOWN)


Hop = Annotated[TreeHop, Written(by=at_hop, schema=Id | TreeHop)]


class Task(Entry):
    """What is repeated on data: training, evaluation, labelling."""

    method: str = key(
        "What is done: an id of the catalogue, such as fedavg, lora or llm_judge.",
        rule=True,
        names="method",
        unknown="unknown",
    )
    model: Id | None = key("The model that the task starts from.", None, rule=True, names="model")
    evaluates: Id | None = key("The model whose outputs are judged.", None, rule=True, names="model")
    produces: Id | None = key("The model that the task produces.", None, rule=True, names="model")
    data: Ids = key(
        "The datasets it works on. Data that are not where it runs are moved there as records;"
        " a member of a family works on what its own party has, if that is anything.",
        names="datasets",
    )
    retrieves: AnyIds | None = key(
        "The datasets that answers quote: they are looked up where the model runs, and the caller reads them."
        " Left out: for rag its `data`. `[]`: none.",
        open=True,
        names="datasets",
    )
    runs_on: Ids = key("The nodes where it runs.", names="nodes")
    code_from: Id | None = key(
        "Who wrote the code that the task ships: a party, `own` or `public`, as on nodes. Left out: not known.",
        None,
        names="suppliers",
    )
    aggregator: Ids | None = key(
        "The node that combines the updates. Left out: the only node of kind aggregator.", None, names="nodes"
    )
    topology: TopologyName | None = key(
        "Who exchanges with whom. Left out: a tree with `hops`, a star with an `aggregator`, or what the method needs.",
        None,
        rule=True,
        unknown=None,
    )
    hops: tuple[Hop, ...] = key(
        "The levels of aggregators of a tree, the clients' first: ids, or maps with safeguards of their own.", ()
    )
    via: AnyIds = key("Relays between client and aggregator; each one sees what passes.", (), names="nodes")
    labels_at: Ids | None = key("The node that holds the labels, in vertical and split training.", None, names="nodes")
    top_model_at: Ids | None = key(
        "The node that holds the top of the model, in vertical and split training.", None, names="nodes"
    )
    aggregation: str | None = key(
        "The rule: mean, weighted_mean, median, trimmed_mean, krum (takes one), stacking (all), norm_bounded, ...",
        open=True,
        rule=True,
    )
    rounds: Positive | None = key("The number of rounds.", open=True, rule=True)
    clients_per_round: Positive | None = key("The number of clients that contribute to a round.", open=True, rule=True)
    min_clients: Positive | None = key(
        "The fewest clients with which a round goes on. Left out: what its secure aggregation says, else unknown.",
        open=True,
        rule=True,
    )
    transport: Transport | None = key(
        "How its connections are protected: to the aggregator, and to the party that runs its model.",
        open=True,
        rule=True,
    )
    local_steps: Positive | None = key("The number of steps that a client computes in a round.", open=True, rule=True)
    safeguards: tuple[AnySafeguard, ...] = key(
        "What lowers or limits what others learn: a list of maps, each with its `kind`.", (), unknown=UNKNOWN
    )


class ApiCall(Terms):
    """A call of a model that somebody else runs, or of a third party's service."""

    from_: Ids = key("The nodes that call.", alias="from", names="nodes")
    model: Id | None = key("The model that is called.", None, rule=True, names="model")
    provider: Id | None = key("Who is called, if the call is not to a model.", None, names="runner")
    sends: Ids = key("The datasets whose content is sent.", names="datasets")
    retrieves: AnyIds | None = key(
        "The datasets that answers quote: they are looked up where the model runs, and the caller reads them."
        " `[]`: none.",
        open=True,
        names="datasets",
    )
    payload: str = key(
        "What is sent: a payload of the catalogue. Left out: prompts.", "prompts", rule=True, names="payload"
    )
    transport: Transport | None = key("How the connection is protected.", open=True, rule=True)
    purpose: str | None = key("The purpose for which the data are used here.", open=True, rule=True)
    safeguards: tuple[AnySafeguard, ...] = key(
        "What lowers what is sent before it leaves: a list of maps, each with its `kind`.", (), unknown=UNKNOWN
    )


class SharedReaders(Entry):
    """Readers of whom several together can open what is sealed."""

    threshold: Positive = key("How many of the readers must act together.")
    of: Ids = key("The readers: nodes or parties.", names="readers")


Readers = Annotated[SharedReaders, Written(by=one_reader, schema=Ids | SharedReaders)]


class Flow(Entry):
    """A movement of data that no task and no call implies."""

    from_: Ids = key("Where it comes from: nodes, else parties.", alias="from", names="ends")
    to: Ids = key("Where it goes: nodes, else parties, or `public`.", names="ends")
    payload: str = key(
        "What travels: a payload of the catalogue, such as metrics, logs or records.", rule=True, names="payload"
    )
    data: Ids | None = key(
        "The datasets or models it is about. Left out: all that `from` holds.", None, names="contents"
    )
    transport: Transport | None = key(
        "How the connection is protected; it never hides anything from the receiver.", open=True, rule=True
    )
    safeguards: tuple[AnySafeguard, ...] = key(
        "What lowers or limits what others learn: a list of maps, each with its `kind`.", (), unknown=UNKNOWN
    )
    sealed_for: Readers | None = key(
        "Who can open it: nodes or parties, or `{threshold, of}` where several must act together.",
        None,
        names="readers",
    )
    via: AnyIds = key("Relays on the way; each one sees what passes.", (), names="relays")
    retention_days: Count | None = key(
        "The number of days for which the receiver keeps what it gets; 0: it keeps nothing.", open=True, rule=True
    )
    purpose: str | None = key("The purpose for which the data are used here.", open=True, rule=True)
