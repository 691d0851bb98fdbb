"""What single entries of a section contradict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fedpolicy.language.reading.mistakes import Contradiction, clients_of, contradiction
from fedpolicy.language.reading.raw import Names, Tree, ids_of, maps, text
from fedpolicy.language.reading.spans import Path
from fedpolicy.suggest import misspelt

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import MethodRow


def check_datasets(names: Names) -> Iterator[Contradiction]:
    """Data without an owner, and two limits for one recipient."""
    for path, dataset in names.entries("datasets"):
        if "owner" not in dataset:
            yield from _owner(names, path, dataset)
        if "releases" in dataset:
            yield from _releases(path, dataset)


def _owner(names: Names, path: Path, dataset: Tree) -> Iterator[Contradiction]:
    for name in ids_of(dataset, "at"):
        family = name.partition("@")[0]
        kind = names.entry("nodes", family).get("kind", "service")
        if names.has("node", name) and kind != "client":
            message = f"whose data these are is not said: `{name}` is a {kind}, not a client"
            rests = [(*path, "owner"), (*path, "at"), ("nodes", family, "kind")]
            advice = "add `owner`: the party whose data these are; or, if its own party's, make the node a `client`"
            yield contradiction((*path, "owner"), message, advice, key=True, rests_on=rests)
            return


def _releases(path: Path, dataset: Tree) -> Iterator[Contradiction]:
    seen: set[tuple[str, str | None]] = set()
    for place, release in maps(dataset, "releases"):
        for party in ids_of(release, "to"):
            found = (party, text(release, "as") if "as" in release else "any")
            if found in seen:
                message = f"a second limit for `{party}`" + (f" as {found[1]}" if found[1] != "any" else "")
                yield contradiction((*path, "releases", place), message, "keep one of the two")
            seen.add(found)


def check_nodes(names: Names) -> Iterator[Contradiction]:
    """An enclave that nobody has seen prove what it runs keeps out nobody."""
    for path, node in names.having("nodes", "tee"):
        tee = node.get("tee")
        if isinstance(tee, dict) and tee.get("attested") is False and tee.get("hides_from"):
            at = (*path, "tee")
            message = "an enclave that is not attested keeps out nobody"
            advice = "remove `hides_from`, or have the enclave attested"
            yield contradiction((*at, "hides_from"), message, advice, key=True, rests_on=[(*at, "attested")])


def check_models(names: Names) -> Iterator[Contradiction]:
    """Parts without places, terms that exclude each other, a licence's capitals."""
    slips: dict[str, tuple[str, str] | None] = {}  # a hundred models have one licence
    for path, model in names.entries("models"):
        if model.get("copies") == "parts":
            yield from _parts(names, path, model, produced=path[1] in names.produced)
        if isinstance(terms := model.get("terms"), dict):
            yield from _terms((*path, "terms"), terms)
        licence = text(model, "licence")
        if licence is not None:
            slip = slips[licence] = slips[licence] if licence in slips else _slip(names, licence)
            if slip:
                yield contradiction((*path, "licence"), *slip)


def _parts(names: Names, path: Path, model: Tree, *, produced: bool) -> Iterator[Contradiction]:
    if "weights_at" not in model and not produced:
        advice = "add `weights_at`: the nodes that hold a part each"
        message = "a model in parts, and it is not said who holds them"
        yield contradiction((*path, "weights_at"), message, advice, key=True)
    holders, rests = clients_of(names, path, "weights_at", ids_of(model, "weights_at"))
    if "weights_at" in model and holders == 1:
        message, advice = "a model in parts at one single node", "name all nodes that hold a part, or remove `copies`"
        yield contradiction((*path, "copies"), message, advice, rests_on=rests)


def _slip(names: Names, licence: str) -> tuple[str, str] | None:
    """What is wrong with the name of a licence, and the right one. One that the catalogue lacks is fine."""
    if names.has("licence", licence):
        return None
    known = next((name for name in names.known("licence") if name.casefold() == licence.casefold()), None)
    if known:
        return f"`{licence}` is not how SPDX writes this licence", f"write {known}"
    near = misspelt(licence, names.known("licence"))
    return (f"no licence is called `{licence}`", f"did you mean `{near}`?") if near else None


def _terms(path: Path, terms: Tree) -> Iterator[Contradiction]:
    if terms.get("zero_retention") is not True:
        return
    kept = terms.get("retention_days")
    if isinstance(kept, int) and kept > 0:
        message = f"nothing is kept (`zero_retention`), and something is kept for {kept} days"
        rests = [(*path, "zero_retention")]
        yield contradiction((*path, "retention_days"), message, "keep one of the two", rests_on=rests)
    if terms.get("trains_on_inputs") is True:
        message = "nothing is kept (`zero_retention`), and inputs are used for training"
        rests = [(*path, "zero_retention")]
        yield contradiction((*path, "trains_on_inputs"), message, "keep one of the two", rests_on=rests)


def check_calls(names: Names) -> Iterator[Contradiction]:
    """A call needs somebody who is called, once."""
    for path, call in names.entries("api_calls"):
        yield from _terms(path, call)
        rests = [(*path, "model"), (*path, "provider")]
        if "model" in call and "provider" in call:
            message = "`model` and `provider` both say who is called"
            advice = "keep `model`; its entry says who runs it"
            yield contradiction((*path, "provider"), message, advice, key=True, rests_on=rests)
        if "model" not in call and "provider" not in call:
            message, advice = "it is not said who is called", "add `model`, or `provider` where no model is meant"
            yield contradiction((*path, "model"), message, advice, key=True, rests_on=rests)


def check_retrieval(names: Names) -> Iterator[Contradiction]:
    """A task whose method asks no model has no answers that could quote anything."""
    for path, task in names.entries("tasks"):
        method = names.catalog.methods.get(text(task, "method") or "")
        why, advice = _unanswered(task, method) if task.get("retrieves") and method else ("", "")
        if why:
            message = f"`retrieves` is what a model quotes in its answers, and {why}"
            rests = [(*path, key) for key in ("method", "model", "evaluates")]
            yield contradiction((*path, "retrieves"), message, advice, key=True, rests_on=rests)


def _unanswered(task: Tree, method: MethodRow) -> tuple[str, str]:
    """Why no model answers, and what to do; empty where one does."""
    if "evaluates" in task:
        return "", ""
    if method.needs in {"none", "weights"}:
        return f"`{method.id}` asks no model anything", "remove it, or put the call of the model into `api_calls`"
    return ("", "") if "model" in task else ("no model is named", "add `model`: the one that answers")


def check_flows(names: Names) -> Iterator[Contradiction]:
    """A flow that moves nothing."""
    for path, flow in names.entries("flows"):
        ends = flow.get("from"), flow.get("to")
        if type(ends[0]) is type(ends[1]) is str and _family(ends[0]) != _family(ends[1]):
            continue  # as nearly all are
        sources, targets = ([*{*ids_of(flow, key)}] for key in ("from", "to"))
        if len(sources) == len(targets) == 1 and _stays(names, sources[0], targets[0]):
            advice = "members of a family pair with themselves; name two members, or use a task with `peer_to_peer`"
            advice = advice if _family(sources[0]) in names.families else "name another receiver"
            message = f"from `{sources[0]}` to itself nothing moves"
            yield contradiction((*path, "to"), message, advice, rests_on=[(*path, "from")])


def _family(name: str) -> str:
    return name.partition("@")[0]


def _stays(names: Names, source: str, target: str) -> bool:
    """Whether a flow ends where it begins: each member of a family at itself, or the only one there is."""
    family = _family(target)
    if source == target or _family(source) != family:
        return source == target
    return target == family or len(names.families.get(family, ())) == 1


def check_agreements(names: Names) -> Iterator[Contradiction]:
    """A contract has two sides, and only a transfer has a mechanism."""
    for path, agreement in names.entries("agreements"):
        said = {*ids_of(agreement, "between")}
        between = (said - {"participants"}) | (_participants(names) if "participants" in said else set())
        if said and len(between) < 2:  # noqa: PLR2004  a contract has two sides
            message = f"an agreement of {f'`{min(between)}`' if between else 'no participants'} with nobody"
            rests = [("parties",)] if "participants" in said else []
            yield contradiction((*path, "between"), message, "name at least two parties", rests_on=rests)
        kind = text(agreement, "kind")
        if "mechanism" in agreement and kind not in (None, "transfer"):
            message = f"`mechanism` belongs to `kind: transfer`, and this is `{kind}`"
            advice = "remove it, or write an agreement of kind transfer"
            yield contradiction((*path, "mechanism"), message, advice, key=True, rests_on=[(*path, "kind")])


def _participants(names: Names) -> set[str]:
    parties = names.entries("parties")
    return {str(path[-1]) for path, party in parties if "participant" in ids_of(party, "role")}


def check_fallbacks(names: Names) -> Iterator[Contradiction]:
    """A model that stands in for itself; two that stand in for one another are asked in turn."""
    for path, model in names.entries("models"):
        if path[1] in ids_of(model, "fallback"):
            message = f"`{path[1]}` cannot stand in for itself"
            yield contradiction((*path, "fallback"), message, "name another model, or remove `fallback`")
