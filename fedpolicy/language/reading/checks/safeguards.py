"""Safeguards, thresholds and sizes that cannot work as they are written."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.language.model.does import Noise, Seal, Sum
from fedpolicy.language.reading.mistakes import Contradiction, clients_of, contradiction
from fedpolicy.language.reading.raw import Names, Tree, count_of, does, ids, ids_of, maps, readers_of, text, tree_levels
from fedpolicy.language.reading.spans import Path

_SHARED = Seal(readers="of", threshold="threshold")  # what `sealed_for` of a flow says


_BY_EPSILON = {"exponential", "randomised_response"}
_ONLY_OF = {
    "restart_every": ("dp_ftrl_tree",),
    "comparison_noise": ("sparse_vector",),
    "answer_noise": ("sparse_vector",),
    "grid_noise": ("skellam", "discrete_gaussian"),
    "rounded_norm": ("discrete_gaussian", "skellam"),
    "noise_relative_to": ("dp_matrix_ftrl",),
}
_UNWEIGHED = ("mean", "sum", "norm_bounded")
_ADVICE = (
    "write `count` on one node for a cohort, check parts of it in files of their own, or allow more with"
    " `check --max-nodes`"
)


def check_noise(names: Names) -> Iterator[Contradiction]:
    """Differential privacy whose parameters contradict each other or its neighbours."""
    for path, entry in _guarded(names):
        summed = any(isinstance(does(safeguard), Sum) for _, safeguard in maps(entry, "safeguards"))
        for place, safeguard in maps(entry, "safeguards"):
            if isinstance(does(safeguard), Noise):
                here = (*path, "safeguards", place)
                yield from _noise(here, safeguard, summed=summed)
                yield from _weighed(names, here, safeguard)


def check_readers(names: Names) -> Iterator[Contradiction]:
    """Thresholds above the number of readers."""
    for path, entry in _guarded(names):
        for place, safeguard in maps(entry, "safeguards"):
            if isinstance(seal := does(safeguard), Seal) and seal.threshold:
                yield from _readers(names, (*path, "safeguards", place), safeguard, seal)
            yield from _approval((*path, "safeguards", place, "approved_by"), safeguard.get("approved_by"))
        if path[0] == "flows":
            yield from _readers(names, (*path, "sealed_for"), readers_of(entry.get("sealed_for")), _SHARED)


def _approval(path: Path, approval: object) -> Iterator[Contradiction]:
    if not isinstance(approval, dict):
        return
    asked = ids_of(approval, "of")
    wanted = count_of(approval, "at_least")
    if wanted is not None and "participants" not in asked and wanted > len(asked) > 0:
        message = f"`at_least` is {wanted}, but only {len(asked)} {'is' if len(asked) == 1 else 'are'} asked"
        advice = f"write at most {len(asked)}, or name more parties in `of`"
        yield contradiction((*path, "at_least"), message, advice, rests_on=[(*path, "of")])


def _guarded(names: Names) -> Iterator[tuple[Path, Tree]]:
    """Everything that has safeguards."""
    yield from names.having("flows", "safeguards", "sealed_for")
    yield from names.having("api_calls", "safeguards")
    for path, task in names.entries("tasks"):
        yield path, task
        for place, hop in tree_levels(task):
            yield (*path, "hops", place), hop


def _noise(path: Path, safeguard: Tree, *, summed: bool) -> Iterator[Contradiction]:
    if safeguard.get("where") == "distributed" and not summed:
        message = "distributed noise adds up only under secure aggregation, and there is none beside it"
        advice = "add `{kind: secure_aggregation, min_clients: ...}`, or write `where: client`"
        yield contradiction((*path, "where"), message, advice, rests_on=[path[:-1]])
    rate = safeguard.get("sampling_rate")
    if safeguard.get("sampling") == "none" and isinstance(rate, (int, float)) and rate != 1:
        message = f"`sampling: none` uses everything each time, and `sampling_rate` is {rate}"
        advice = "write 1.0, or say how contributions are drawn: poisson or fixed"
        yield contradiction((*path, "sampling_rate"), message, advice, rests_on=[(*path, "sampling")])
    yield from _twice(path, safeguard)
    yield from _elsewhere(path, safeguard)


def _weighed(names: Names, path: Path, safeguard: Tree) -> Iterator[Contradiction]:
    """A bound on weights where nothing is weighed."""
    if "bounded_weights" not in safeguard:
        return
    task = names.entry("tasks", str(path[1])) if path[0] == "tasks" else {}
    rule = text(task, "aggregation")
    if text(safeguard, "where") == "client":
        why = "each client adds this noise to its own contribution, before any is weighed"
    elif path[0] != "tasks":
        why = "only a task adds contributions up"
    elif rule in {None, *_UNWEIGHED} and task.get("aggregation", "") is not None:
        why = f"`aggregation: {rule}` weighs all alike" if rule else "the task states no `aggregation` that weighs them"
    else:
        return
    advice = "leave it out" + (
        ", or say how the task weighs contributions, such as `aggregation: weighted_mean`" if "`" in why else ""
    )
    rests = [(*path, "where"), (*path[:2], "aggregation")]
    message = f"`bounded_weights` says nothing here: {why}"
    yield contradiction((*path, "bounded_weights"), message, advice, rests_on=rests)


def _twice(path: Path, safeguard: Tree) -> Iterator[Contradiction]:
    """Noise that is stated in two ways, of which only one can be meant."""
    by_epsilon = text(safeguard, "mechanism") in _BY_EPSILON
    if _is_number(safeguard.get("noise_multiplier")) and _is_number(safeguard.get("step_epsilon")) and not by_epsilon:
        message = "the noise is stated twice: by `noise_multiplier`, and by `step_epsilon`"
        advice = "write one of them; epsilon is computed from it"
        yield contradiction((*path, "step_epsilon"), message, advice, rests_on=[(*path, "noise_multiplier")])


def _elsewhere(path: Path, safeguard: Tree) -> Iterator[Contradiction]:
    """Keys that say nothing of the mechanism that they stand on."""
    mechanism = safeguard.get("mechanism", "gaussian")
    if not isinstance(mechanism, str):
        return
    for name, mechanisms in _ONLY_OF.items():
        if name in safeguard and mechanism not in mechanisms:
            advice = f"leave it out, or write `mechanism: {mechanisms[0]}` if that is meant"
            message = f"`{name}` says nothing of {mechanism}"
            yield contradiction((*path, name), message, advice, rests_on=[(*path, "mechanism")])
    if text(safeguard, "where") not in {"client", "aggregator"}:
        return
    advice = "leave it out, or write `where: distributed`"
    if "shares" in safeguard:
        message = "noise that one party adds is not divided into `shares`"
        yield contradiction((*path, "shares"), message, advice, rests_on=[(*path, "where")])
    if "grid_noise" in safeguard and mechanism == "discrete_gaussian":
        message = "`grid_noise` says nothing of discrete Gaussian noise that one party adds"
        yield contradiction((*path, "grid_noise"), message, advice, rests_on=[(*path, "where")])


def _is_number(value: object) -> bool:
    """Whether something is a number, and no blank."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _readers(names: Names, path: Path, shared: Tree, seal: Seal) -> Iterator[Contradiction]:
    threshold = count_of(shared, seal.threshold)
    if threshold is None:
        return
    every = ids_of(shared, seal.readers)
    nodes = [name for name in every if names.has("node", name)]
    total, rests = clients_of(names, path, seal.readers, nodes)
    if total is None:
        return
    found = total + len(every) - len(nodes)
    if threshold > found:
        said = "one reader is" if found == 1 else f"{found} readers are"
        message = f"`{seal.threshold}` is {threshold}, but {said} named"
        advice = f"write at most {found}, or name more readers in `{seal.readers}`"
        yield contradiction((*path, seal.threshold), message, advice, rests_on=rests)


def check_cohorts(names: Names) -> Iterator[Contradiction]:
    """Clients per round, minimum numbers and thresholds of tasks."""
    for path, task in names.entries("tasks"):
        total, rests = clients_of(names, path, "runs_on", ids_of(task, "runs_on"))
        if total is None:
            continue
        limits = _Limits(total, rests, count_of(task, "clients_per_round"), path)
        yield from limits.above((*path, "clients_per_round"), limits.per_round, of_round=False)
        yield from limits.above((*path, "min_clients"), count_of(task, "min_clients"))
        yield from _thresholds(task, path, limits)
        for place, hop in tree_levels(task):
            here = (*path, "hops", place)
            yield from limits.above((*here, "min_clients"), count_of(hop, "min_clients"))
            yield from _thresholds(hop, here, limits)


def check_flow_cohorts(names: Names) -> Iterator[Contradiction]:
    """Thresholds of declared flows that come from clients."""
    for path, flow in names.having("flows", "safeguards"):
        sources = ids_of(flow, "from")
        if all(names.entry("nodes", name.partition("@")[0]).get("kind") == "client" for name in sources):
            total, rests = clients_of(names, path, "from", sources)
            if total is not None:
                yield from _thresholds(flow, path, _Limits(total, rests, None, path))


class _Limits:
    """How many clients a task has in all and in each round."""

    def __init__(self, total: int, rests: tuple[Path, ...], per_round: int | None, path: Path) -> None:
        self.total, self.rests, self.per_round = total, rests, per_round
        self.path = path

    def above(self, path: Path, wanted: int | None, *, of_round: bool = True) -> Iterator[Contradiction]:
        """Say that a number is above what there is."""
        if wanted is None:
            return
        if wanted > self.total:
            takes = "takes" if self.total == 1 else "take"
            message = f"`{path[-1]}` is {wanted}, but only {_clients(self.total)} {takes} part"
            advice = f"write at most {self.total}, or say the size of a cohort with `count` on its node"
            yield contradiction(path, message, advice, rests_on=self.rests)
        elif of_round and self.per_round is not None and wanted > self.per_round:
            message = f"`{path[-1]}` is {wanted}, but a round has only {_clients(self.per_round)}"
            advice = f"write at most {self.per_round}, or raise `clients_per_round`"
            yield contradiction(path, message, advice, rests_on=[(*self.path, "clients_per_round")])


def _thresholds(entry: Tree, path: Path, limits: _Limits) -> Iterator[Contradiction]:
    for place, safeguard in maps(entry, "safeguards"):
        if isinstance(sums := does(safeguard), Sum):
            here = (*path, "safeguards", place, sums.clients)
            yield from limits.above(here, count_of(safeguard, sums.clients))


def _clients(total: int) -> str:
    return "one client" if total == 1 else f"{total} clients"


def check_sizes(names: Names) -> Iterator[Contradiction]:
    """Families make one node for each member, and datasets one instance for each node."""
    sizes = {str(path[1]): len(ids(node, "party")) for path, node in names.entries("nodes")}
    places, most = sum(sizes.values()), names.bounds.nodes
    if places > most:
        message = f"{places:,} nodes, the members of families counted; at most {most:,} are checked"
        yield contradiction(("nodes",), message, _ADVICE)
    datasets = names.entries("datasets")
    instances = sum(sizes.get(name, 1) for _, dataset in datasets for name in {*ids_of(dataset, "at")})
    if instances > most:
        message = f"{instances:,} instances of datasets, one at each node; at most {most:,} are checked"
        yield contradiction(("datasets",), message, _ADVICE)


def _of_ciphertext(names: Names) -> list[tuple[Path, Tree]]:
    """The flows of what is sealed already."""
    rows = names.catalog.payloads
    payloads = {text(flow, "payload") or "" for _, flow in names.entries("flows")}
    sealed = {word for word in payloads if (row := rows.get(word)) and row.carries == "sealed"}
    return [one for one in names.entries("flows") if text(one[1], "payload") in sealed] if sealed else []


def check_ciphertext(names: Names) -> Iterator[Contradiction]:
    """Ciphertext has somebody who sealed it, and somebody who can open it."""
    flows = _of_ciphertext(names)
    stores = {name for _, dataset in names.entries("datasets") for name in ids_of(dataset, "at")} if flows else set()
    for path, flow in flows:
        if "sealed_for" in flow or _seals(flow):
            continue
        sources = names.places(ids_of(flow, "from")) or frozenset()
        if open_at := sorted(sources & (names.places(stores) or frozenset())):
            what = text(flow, "payload")
            message = f"{what} from `{open_at[0]}`, where data rest in the clear, and it is not said who can open it"
            advice = "add `sealed_for`: the nodes or parties that hold the key; or write the payload that is inside"
            rests = [(*path, "from"), (*path, "sealed_for"), (*path, "safeguards"), ("datasets",)]
            yield contradiction((*path, "payload"), message, advice, rests_on=rests)


def _seals(entry: Tree) -> bool:
    return any(isinstance(does(safeguard), Seal) for _, safeguard in maps(entry, "safeguards"))
