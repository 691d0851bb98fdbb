"""Entries that are told apart by their `kind`: the safeguards."""

from __future__ import annotations

from fedpolicy.language.reading.locate import Found
from fedpolicy.language.reading.mistakes import Mistake
from fedpolicy.suggest import advise, listed, nearest, shown

__all__ = ["kind_mistake"]

# Words that people use for these, and which are too far from them to be found by their letters.
_ALSO_CALLED = {
    "dp": "differential_privacy",
    "local_dp": "differential_privacy",
    "central_dp": "differential_privacy",
    "secagg": "secure_aggregation",
    "secure_sum": "secure_aggregation",
    "he": "homomorphic_encryption",
    "fhe": "homomorphic_encryption",
    "ckks": "homomorphic_encryption",
    "paillier": "homomorphic_encryption",
    "e2ee": "end_to_end_encryption",
    "smpc": "secret_sharing",
    "mpc": "secret_sharing",
    "shamir": "secret_sharing",
    "anonymisation": "deidentification",
    "anonymization": "deidentification",
    "pseudonymisation": "deidentification",
    "clipping": "norm_bound",
    "krum": "robust_aggregation",
}


def kind_mistake(one: Found) -> Mistake:
    """A safeguard without a kind, or of a kind that does not exist."""
    known = list(one.shape.kinds or ())
    tree = one.value if isinstance(one.value, dict) else {}
    if "kind" not in tree:
        return _without(one, [str(key) for key in tree], known)
    path, kind = (*one.path, "kind"), tree["kind"]
    if kind == "tee":
        advice = "write `tee: {kind: ..., attested: ...}` on the node that runs in it"
        return Mistake(path=path, message="a `tee` is no safeguard of a task or flow", help=advice)
    if kind == "unknown":
        return Mistake(path=path, message="`unknown` is no kind of safeguard", help=f"say which: {listed(known)}")
    return Mistake(path=path, message=f"{shown(kind)} is no kind of safeguard", help=lambda: _advice(str(kind), known))


def _without(one: Found, keys: list[str], known: list[str]) -> Mistake:
    wrong = "type" if "type" in keys else nearest("kind", keys)
    if wrong:
        message, path = f"unknown key {shown(wrong)}", (*one.path, wrong)
        return Mistake(path=path, message=message, help="did you mean `kind`?", key=True)
    return Mistake(
        path=(*one.path, "kind"),
        message="`kind` is missing",
        help=f"add `kind`: {listed(known)}",
        key=True,
        absence=True,
    )


def _advice(kind: str, known: list[str]) -> str:
    other = _ALSO_CALLED.get(kind.casefold().replace("-", "_"))
    return f"did you mean `{other}`? known: {listed(known)}" if other else advise(kind, known)
