"""Random small deployments, as the mappings that YAML would give, and changes of them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Tree = dict[str, Any]

_ALL = ("a", "b", "c", "d")
_OTHERS = ("agg", "x", "y")
_SERVICES = ("aggregator", "relay", "store")
EXCHANGING = ("fedavg", "lora", "textual_gradient", "knowledge_distillation", "federated_analytics", "evaluation")
_PAYLOADS = ("records", "logs", "embeddings", "logits", "model_weights", "metrics", "ciphertext", "code")


def one_of(*options: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(options)


def some(options: tuple[str, ...], least: int = 0, most: int = 3) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(options), min_size=least, max_size=most, unique=True)


def mechanism(where: str) -> st.SearchStrategy[Tree]:
    """A mechanism; about half of them count."""
    facts = {
        "noise_multiplier": one_of(0.0, 0.8, 0.8, 4.0),
        "clipping_norm": st.just(1.0),
        "delta": one_of(1e-9, 1e-9, 0.5),
        "unit": one_of("record", "client"),
        "steps": one_of(1, 1, 100),
        "sampling": st.just("poisson"),
        "sampling_rate": one_of(0.01, 1.0, 1.0),
    }
    fixed = {"kind": st.just("differential_privacy"), "where": st.just(where)}
    absent = one_of(*[None] * 6, *facts)
    return absent.flatmap(
        lambda gone: st.fixed_dictionaries({**fixed, **{k: v for k, v in facts.items() if k != gone}})
    )


def seal(readers: tuple[str, ...]) -> st.SearchStrategy[Tree]:
    named = some(readers, 1, 2)
    single = st.fixed_dictionaries(
        {"kind": one_of("homomorphic_encryption", "end_to_end_encryption"), "sealed_for": named}
    )
    shared = st.fixed_dictionaries(
        {"kind": st.just("secret_sharing"), "threshold": one_of(1, 2), "of": st.just(["relay", "store"])}
    )
    return single | shared


_READERS = ("client", "aggregator", "relay", "x")


def safeguard(total: int, *, task: bool) -> st.SearchStrategy[Tree]:
    """Any safeguard that lowers something; on tasks also secure aggregation and noise."""
    deidentified = st.fixed_dictionaries({"kind": st.just("deidentification"), "method": one_of("expert", "redaction")})
    kinds = [seal(_READERS), deidentified, mechanism("client")]
    if task:
        summed = st.fixed_dictionaries({"kind": st.just("secure_aggregation"), "min_clients": st.integers(1, total)})
        kinds += [summed, summed, mechanism("aggregator")]
    return st.one_of(kinds)


@st.composite
def deployments(draw: st.DrawFn) -> Tree:
    """Up to four clients with an aggregator, a relay and a store; two datasets, three models, tasks, calls, flows."""
    clients = draw(st.lists(st.sampled_from(_ALL), min_size=1, max_size=4).map(sorted))
    trusts = some((*_ALL, *_OTHERS, "participants"))
    parties = {
        **{name: {"role": "participant", **_maybe("trusts", draw(trusts))} for name in _ALL},
        "agg": {"role": "coordinator"},
        "x": {"role": "processor"},
        "y": {"role": "host"},
        "acme": {"role": "provider"},
    }
    nodes: Tree = {"client": {"kind": "client", "party": clients, **draw(_settings(host=True))}}
    total, at = len(clients), ["client"]
    if draw(one_of(True, False, False)):
        nodes["phone"] = {
            "kind": "client",
            "party": "d",
            "count": draw(st.integers(2, 4)),
            **draw(_settings(host=True)),
        }
        total, at = total + nodes["phone"]["count"], ["client", "phone"]
    for name in _SERVICES:
        nodes[name] = {"kind": name, "party": draw(one_of("agg", "x", "a")), **draw(_settings(host=True))}
    found: Tree = {
        "parties": parties,
        "nodes": nodes,
        "datasets": draw(_datasets(at)),
        "models": draw(_models()),
        "tasks": draw(st.dictionaries(one_of("t1", "t2"), tasks(total, at), max_size=2)),
        "api_calls": draw(st.dictionaries(one_of("call1", "call2"), calls(), max_size=2)),
        "flows": draw(st.dictionaries(one_of("f1", "f2", "f3"), flows(), max_size=3)),
    }
    return {section: entries for section, entries in _sound(found).items() if entries}


def _sound(found: Tree) -> Tree:
    """Without what the reader refuses: ciphertext that nobody sealed, ways to a model that all who use it have."""
    for flow in found["flows"].values():
        sealed = any("sealed_for" in one or "of" in one for one in flow.get("safeguards", ()))
        if flow["payload"] == "ciphertext" and not sealed:
            flow["payload"] = "records"
    if "weights_at" in found["models"]["out"]:
        found["models"]["out"].pop("via", None)
    return found


def _maybe(key: str, value: Any) -> Tree:
    return {key: value} if value else {}


@st.composite
def _settings(draw: st.DrawFn, *, host: bool) -> Tree:
    found: Tree = {}
    if host and draw(one_of(True, False, False)):
        found["host"] = draw(one_of("y", "x"))
    if draw(one_of(True, False, False, False)):
        found["code_from"] = draw(one_of("agg", "x"))
    if draw(one_of(True, False, False, False, False)):
        found["operators"] = [draw(one_of("x", "b"))]
    if draw(one_of(True, False, False, False, False)):
        found["tee"] = {
            "kind": draw(st.sampled_from(("sgx", "tdx"))),
            "attested": draw(st.booleans()),
            **_maybe("verified_by", draw(some(("x", "a")))),
        }
    return found


@st.composite
def _datasets(draw: st.DrawFn, at: list[str]) -> Tree:
    notes: Tree = {"at": at, "categories": draw(one_of(["health"], ["health", "free-text"]))}
    if draw(st.booleans()):
        notes |= {"subjects": 100, "unit": draw(one_of("record", "person"))}
    if draw(one_of(True, False, False)):
        notes["owner"] = "d"
    elsewhere = {"at": draw(one_of("store", "aggregator")), "owner": draw(one_of("a", "b")), "categories": "image"}
    return {"notes": notes, **_maybe("scans", elsewhere if draw(st.booleans()) else None)}


@st.composite
def _models(draw: st.DrawFn) -> Tree:
    placed = some(("client", *_SERVICES), 1, 2)
    closed: Tree = {"weights": "closed", "provider": "acme", **_maybe("via", draw(one_of(None, ["relay"], ["acme"])))}
    trains = draw(one_of(None, True, False))
    if trains is not None:
        closed["terms"] = {"trains_on_inputs": trains}
    base: Tree = {"weights": "open", "weights_at": draw(placed)}
    if draw(one_of(True, False, False)):
        base["fallback"] = "closed"
    out: Tree = draw(one_of({}, {"published": True}, {"via": ["relay", "acme"]}, {"copies": "personal"}))
    if draw(st.booleans()):
        out = {**out, "weights_at": draw(placed)}
    return {"base": base, "closed": closed, "out": out}


@st.composite
def tasks(draw: st.DrawFn, total: int, runs_on: list[str]) -> Tree:
    """One task that is sound for `total` clients on some nodes."""
    method = draw(one_of(*EXCHANGING, "llm_judge", "hosted_finetuning", "split_learning"))
    found: Tree = {"method": method, "data": ["notes"], "runs_on": runs_on}
    model = draw(one_of("base", "base", "closed", "out"))
    if method != "federated_analytics":
        found["model"] = model
    if method in {"fedavg", "lora", "textual_gradient", "hosted_finetuning", "split_learning"} and draw(st.booleans()):
        found["produces"] = "out" if model != "out" else "base"
    if method == "evaluation":
        found["evaluates"] = draw(one_of("base", "out"))
    exchanging = method in EXCHANGING
    if exchanging:
        found |= draw(
            one_of(
                {},
                {"topology": "star"},
                {"topology": "peer_to_peer"},
                {"topology": "local"},
                {"hops": ["relay"]},
                {"via": "relay", "topology": "star"},
            )
        )
        per_round = draw(st.none() | st.integers(1, total))
        found |= _maybe("clients_per_round", per_round)
        total = per_round or total
    wanted = safeguard(total, task=exchanging)
    found |= _maybe("safeguards", draw(st.lists(wanted, max_size=2)))
    return found


def _hops(total: int) -> st.SearchStrategy[Tree]:
    summed = st.fixed_dictionaries({"kind": st.just("secure_aggregation"), "min_clients": st.integers(1, total)})
    guarded = st.fixed_dictionaries(
        {"at": st.just("relay"), "safeguards": st.lists(summed | mechanism("aggregator"), max_size=1)}
    )
    return (st.just("relay") | guarded).map(lambda hop: {"hops": [hop]})


@st.composite
def calls(draw: st.DrawFn) -> Tree:
    found: Tree = {"from": draw(one_of("client", *_SERVICES)), "sends": "notes"}
    found |= {"model": draw(one_of("base", "closed", "out")), "payload": draw(one_of("prompts", "embeddings"))}
    trains = draw(one_of(None, True, False))
    return found if trains is None else {**found, "trains_on_inputs": trains}


@st.composite
def flows(draw: st.DrawFn) -> Tree:
    ends = draw(st.lists(one_of("client", *_SERVICES), min_size=2, max_size=2, unique=True))
    found: Tree = {"from": ends[0], "to": draw(one_of(ends[1], ends[1], "public")), "payload": draw(one_of(*_PAYLOADS))}
    found |= _maybe("data", draw(one_of(None, None, ["notes"], ["out"])))
    middle = draw(one_of(None, None, *(name for name in _SERVICES if name not in ends)))
    found |= _maybe("via", middle)
    found |= _maybe("safeguards", draw(st.lists(safeguard(4, task=False), max_size=1)))
    return found
