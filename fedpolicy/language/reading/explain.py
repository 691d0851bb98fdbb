"""What validation found wrong, in the words of the language: one mistake each, with advice."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fedpolicy.language.model import Deployment
from fedpolicy.language.model.shape import Key, Shape, entry_shape
from fedpolicy.language.model.types import id_problem
from fedpolicy.language.reading.mistakes import Mistake
from fedpolicy.language.reading.spans import Path
from fedpolicy.language.reading.validator import Invalid
from fedpolicy.language.reading.values import (
    Found,
    bound_mistake,
    kind_mistake,
    locate,
    only_item,
    text_of,
    type_mistake,
)
from fedpolicy.suggest import advise, as_entry, listed, nearest, shown_value

# What people call roles, kinds of nodes and keys, where the nearest word of the language is another thing.
_CALLED = {
    "role": {
        **dict.fromkeys(
            ("hospital", "clinic", "bank", "client", "silo", "site", "member", "data_owner"), "participant"
        ),
        **dict.fromkeys(("server", "aggregator", "orchestrator", "sponsor"), "coordinator"),
        **dict.fromkeys(("cloud", "hosting"), "host"),
        **dict.fromkeys(("vendor", "api"), "provider"),
    },
    "kind": {
        **dict.fromkeys(("server", "coordinator", "orchestrator"), "aggregator"),
        **dict.fromkeys(("silo", "site", "device", "phone", "worker", "participant"), "client"),
        **dict.fromkeys(("gateway", "proxy"), "relay"),
    },
    "topology": {
        **dict.fromkeys(("centralized", "centralised", "client_server", "hub_and_spoke"), "star"),
        **dict.fromkeys(("hierarchical", "hierarchy"), "tree"),
        **dict.fromkeys(
            ("decentralized", "decentralised", "p2p", "gossip", "mesh", "all_to_all", "fully_connected", "serverless"),
            "peer_to_peer",
        ),
        **dict.fromkeys(("ring", "cyclic", "swarm", "sequential", "chain", "incremental"), "rotating"),
    },
    "unit": {
        **dict.fromkeys(("patient", "user", "subject", "individual"), "person"),
        **dict.fromkeys(("row", "sample", "example"), "record"),
        **dict.fromkeys(("silo", "site", "device"), "client"),
    },
    "where": {
        **dict.fromkeys(("server", "central", "global"), "aggregator"),
        **dict.fromkeys(("local", "site", "silo"), "client"),
    },
    "mechanism": {
        **dict.fromkeys(("matrix_factorization", "matrix_factorisation", "matrix_mechanism"), "dp_matrix_ftrl"),
        **dict.fromkeys(("dp_ftrl", "dpftrl", "tree_aggregation"), "dp_ftrl_tree"),
        "randomized_response": "randomised_response",
    },
}
_CALLED_KEYS = {
    "country": "jurisdiction",
    "location": "jurisdiction",
    "type": "kind",
    "epsilon": "claimed_epsilon",
    **dict.fromkeys(("sigma", "noise", "noise_scale"), "noise_multiplier"),
    **dict.fromkeys(("clip", "clip_norm", "max_grad_norm", "l2_norm_clip"), "clipping_norm"),
    **dict.fromkeys(("min_fit_clients", "min_available_clients", "min_parties"), "min_clients"),
    **dict.fromkeys(("rows", "records", "size"), "subjects"),
    "num_rounds": "rounds",
}


def validation_mistakes(error: Invalid, tree: object, root: Shape) -> list[Mistake]:
    """Say each mistake once: a key that is misspelt is not also a key that is missing."""
    found = [locate(flaw, tree, root) for flaw in error.flaws]
    meant = _meant(found)
    misspelt = set(meant.values())
    kept = [one for one in found if not (one.type == "missing" and one.path in misspelt) and not _in_claim(one)]
    # Validation has refused the document, so there is something to say even where each mistake seems said elsewhere.
    return [mistake for one in kept or found for mistake in _mistakes(one, meant) or [_other(one)]]


def _meant(found: list[Found]) -> dict[Path, Path]:
    """Unknown keys, and the known ones that were probably meant."""
    meant: dict[Path, Path] = {}
    for one in found:
        if one.type == "extra_forbidden":
            left = [key for key in one.siblings if key not in one.around]
            said = _CALLED_KEYS.get(one.word) or one.word.partition(":")[0]  # `role:host`, glued
            near = said if said in left else nearest(one.word, left)
            if near:
                meant[one.path] = (*one.path[:-1], near)
    return meant


def _in_claim(one: Found) -> bool:
    # A whole entry was written as a claim; that is said once, at `value`.
    wrapped = "value" in one.around and "value" not in one.siblings
    return wrapped and (one.type == "missing" or one.word in ("evidence", "reference"))


def _mistakes(one: Found, meant: Mapping[Path, Path]) -> list[Mistake]:
    if one.type == "extra_forbidden":
        return [_unknown_key(one, meant.get(one.path))]
    if one.type == "value_error":
        return _said_by_us(one)
    if one.value == "unknown" and one.type != "missing":
        return [_no_unknown(one)]
    return [_BY_TYPE.get(one.type, _other)(one)]


def _unknown_key(one: Found, meant: Path | None) -> Mistake:
    return Mistake(
        path=one.path,
        message=f"unknown key {shown_value(one.word)}",
        help=_key_advice(one, meant),
        key=True,
        also=(meant,) if meant else (),
    )


def _key_advice(one: Found, meant: Path | None) -> str:
    key, colon, value = one.word.partition(":")
    if colon and value and key in one.siblings:
        return f"write a space behind the colon: `{key}: {value}`"
    if one.word == "value" and {"evidence", "reference"} & set(one.around):
        return "an entry is not a claim; write `{value: ..., evidence: ...}` around one of its values"
    if inside := _with_key(one.siblings, one.word):
        return f"write it in `{inside[0]}`"
    if meant:
        return f"did you mean `{meant[-1]}`?"
    if not any(key not in one.around for key in one.siblings):
        return "remove it"
    elsewhere = _with_key(entry_shape(Deployment), one.word)
    known = f"the keys here are {listed(list(one.siblings))}"
    return f"it is a key of {' and '.join(f'`{name}`' for name in elsewhere)}; {known}" if elsewhere else known


def _with_key(places: Mapping[str, Key], word: str) -> list[str]:
    """Those of these keys in whose map, or in whose entries, a key of that name may stand."""
    shapes = {name: key.shape.values or key.shape for name, key in places.items()}
    return [name for name, shape in shapes.items() if shape.entry is not None and word in entry_shape(shape.entry)]


def _missing(one: Found) -> Mistake:
    return Mistake(path=one.path, message=f"`{one.word}` is missing", help=_how_to_add(one), key=True, absence=True)


def _how_to_add(one: Found) -> str:
    shape = one.shape.items or one.shape
    if shape.choices:
        return f"add `{one.word}`: {listed(shape.choices)}"
    about = one.siblings[one.word].about.split(". ")[0].removesuffix(".")
    return f"add `{one.word}`: {about[:1].lower()}{about[1:]}"


def _not_a_choice(one: Found) -> Mistake:
    if not isinstance(one.value, str):
        message = f"{text_of(one.value)}, but `{one.word}` is a word"
        meant = only_item(one.value)
        advice = f"write `{one.word}: {meant}`" if meant in one.shape.choices else None
        return Mistake(path=one.path, message=message, help=advice or f"write one of {listed(one.shape.choices)}")
    message = f"{shown_value(one.value)} is not a value of `{one.word}`"
    said = _CALLED.get(one.word, {}).get(one.value.lower())
    if said in one.shape.choices:
        advice = f"did you mean `{said}`? known: {listed(one.shape.choices)}"
        return Mistake(path=one.path, message=message, help=advice)
    return Mistake(path=one.path, message=message, help=lambda: advise(str(one.value), one.shape.choices))


def _no_unknown(one: Found) -> Mistake:
    message = f"`unknown` cannot stand for `{one.word}`"
    choices = (one.shape.items or one.shape).choices
    words = f"write one of {listed(choices)}" if choices else "write its value"
    return Mistake(path=one.path, message=message, help=words if one.required else f"leave the key out, or {words}")


def _said_by_us(one: Found) -> list[Mistake]:
    """Our own validators say what is wrong and, after a semicolon, what to write; of a list they say the first item."""
    said = one.said
    if isinstance(one.value, tuple) and said == id_problem(one.value):
        return [_one_id(one, one.value)]
    if isinstance(one.value, tuple) and any(map(id_problem, one.value)):
        wrong = [(place, item) for place, item in enumerate(one.value) if id_problem(item)]
        return [
            _by_ref(one, (*one.path, place), item) or _split((*one.path, place), id_problem(item))
            for place, item in wrong
        ]
    return [_by_ref(one, one.path, one.value) or _split(one.path, said, key=one.of_key)]


def _by_ref(one: Found, path: Path, value: object) -> Mistake | None:
    """Somebody named a model as its publisher does, or declared it on the spot, where an entry of the file is meant."""
    named = one.siblings[one.word].names if one.word in one.siblings else None
    ref = value.get("ref") if isinstance(value, Mapping) else value
    if not isinstance(ref, str) or "/" not in ref or named is None or "model" not in named.kinds:
        return None
    message = (
        f"{shown_value(ref)} is no entry of `models`" if ref is value else f"`{one.word}` is an id, and this is a map"
    )
    return Mistake(path=path, message=message, help=as_entry(ref))


def _one_id(one: Found, listed_ids: tuple[object, ...]) -> Mistake:
    ids = [item for item in listed_ids if isinstance(item, str) and not id_problem(item)]
    advice = f"write `{one.word}: {ids[0]}`" if len(ids) == 1 else "write one word, such as `client`"
    return Mistake(path=one.path, message=f"`{one.word}` is one id, and this is a list", help=advice)


def _split(path: Path, said: str, *, key: bool = False) -> Mistake:
    message, _, advice = said.partition("; ")
    return Mistake(path=path, message=message, help=advice, key=key)


def _empty(one: Found) -> Mistake:
    advice = "write at least one" if isinstance(one.value, tuple) else "write a short text"
    return Mistake(path=one.path, message=f"`{one.word}` is empty", help=advice)


def _other(one: Found) -> Mistake:
    return Mistake(
        path=one.path, message=f"{shown_value(one.value)} cannot stand here", help="see the language reference"
    )


_BY_TYPE: dict[str, Callable[[Found], Mistake]] = {
    "missing": _missing,
    "literal_error": _not_a_choice,
    "union_tag_invalid": kind_mistake,
    "union_tag_not_found": kind_mistake,
    "string_too_short": _empty,
    "too_short": _empty,
    "int_type": type_mistake,
    "float_type": type_mistake,
    "string_type": type_mistake,
    "bool_type": type_mistake,
    "model_type": type_mistake,
    "dict_type": type_mistake,
    "tuple_type": type_mistake,
    "finite_number": bound_mistake,
    "greater_than": bound_mistake,
    "greater_than_equal": bound_mistake,
    "less_than": bound_mistake,
    "less_than_equal": bound_mistake,
}
