"""A statement read back: what it binds its verdict to, whether that is still so, and what it does not prove."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from fedpolicy.errors import FedPolicyError, InputError
from fedpolicy.overview import Digest
from fedpolicy.records import dataclass
from fedpolicy.report import amount, clean

_TYPE = "https://in-toto.io/Statement/v1"
_OLDER = "https://in-toto.io/Statement/v0.1"  # cosign 2 makes a statement of this version around a predicate
_PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
_VERSION = 1
_NONE = type(None)
_KINDS: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("packs", "catalogs", "select", "ignore", "configured", "disabled"), list),
    **dict.fromkeys(("params", "severities"), dict),
    **dict.fromkeys(("waivers", "baseline"), (str, _NONE)),
    **dict.fromkeys(("whole", "strict"), bool),
    **dict.fromkeys(("owner", "today", "fail_on"), str),
    "max_epsilon": (int, float, _NONE),
}
_SEVERITIES = ("critical", "high", "medium", "low", "info", "never")
_SHOWN = 12  # characters of a digest
_DIGEST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a statement says. `text` is it as it stands; `wrapped` says that an envelope holds it, perhaps signed."""

    text: str
    wrapped: bool
    digests: tuple[Digest, ...]
    verdict: str
    today: str
    version: str
    settings: Mapping[str, Any]

    @property
    def files(self) -> list[str]:
        """The files that were judged."""
        return [one.name for one in self.digests if one.what == "file"]

    def equals(self, text: str) -> bool:
        """
        Whether a statement says the same: every byte of it.

        In an envelope everything that it says, since what signs a predicate sorts and spaces it anew.
        """
        return bool(json.loads(text) == json.loads(self.text)) if self.wrapped else text == self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One thing that a verdict rests on: what the statement says of it, and what it is now; empty where it is gone."""

    digest: Digest
    now: str
    why: str = ""

    @property
    def same(self) -> bool:
        """Whether it is what it was."""
        return self.now == self.digest.sha256


def read_statement(content: bytes, name: str) -> Statement:
    """Read a statement, or the envelope of a signed one. Raises InputError where it is none that fedpolicy made."""
    try:
        tree = json.loads(content)
        envelope = tree.get("dsseEnvelope", tree)
        wrapped = "payload" in envelope
        tree = _current(json.loads(_opened(envelope["payload"]))) if wrapped else tree
        text = json.dumps(tree) if wrapped else content.decode("utf-8")
        return _statement(tree, text, wrapped=wrapped)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = f"`{clean(name)}` is not a statement of fedpolicy"
        raise InputError(message, help="write one: fedpolicy check FILE --format in-toto --output FILE") from error


def _statement(tree: Mapping[str, Any], text: str, *, wrapped: bool) -> Statement:
    predicate = tree["predicate"]
    own = predicate["fedpolicy"]
    # What says less than fedpolicy writes binds a verdict to nothing.
    if tree["_type"] != _TYPE or tree["predicateType"] != _PREDICATE or own["version"] != _VERSION:
        raise ValueError(tree["_type"])
    digests = _digests(tree["subject"], predicate["configuration"])
    return Statement(
        text=text,
        wrapped=wrapped,
        digests=tuple(digests),
        verdict=str(own["verdict"]),
        today=str(own["today"]),
        version=next((one.name for one in digests if one.what == "tool"), "fedpolicy"),
        settings=_settings(own["settings"]),
    )


def _digests(subjects: Iterable[Any], rest: Iterable[Any]) -> list[Digest]:
    """What a verdict rests on: the files that it is about, and what judged them."""
    named = [*(("file", one) for one in subjects), *((str(one["annotations"]["fedpolicy"]), one) for one in rest)]
    found = [Digest(what=what, name=str(one["name"]), sha256=_digest(one["digest"]["sha256"])) for what, one in named]
    if not {"file", "tool", "catalogue"} <= {one.what for one in found}:
        raise ValueError(found)
    return found


def _opened(payload: str) -> bytes:
    from base64 import b64decode  # noqa: PLC0415  see below

    return b64decode(payload)


def _current(tree: dict[str, Any]) -> dict[str, Any]:
    """A statement that a signing tool made around our predicate; its older version has the same fields."""
    return {**tree, "_type": _TYPE} if tree["_type"] == _OLDER else tree


def _settings(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings of the run, each of its kind: what comes from outside is not believed."""
    for name, kinds in _KINDS.items():
        value = row[name]
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        if not isinstance(value, kinds) or not all(isinstance(one, str) for one in inside):
            raise ValueError(name)
    if row["fail_on"] not in _SEVERITIES:
        raise ValueError(row["fail_on"])
    if not re.fullmatch(r"(\d{4}-\d\d-\d\d)?", row["today"]):
        raise ValueError(row["today"])
    return row


def _digest(value: object) -> str:
    if not isinstance(value, str) or len(value) != _DIGEST:
        raise ValueError(value)
    return value


def checked_digests(statement: Statement, now: Callable[[Digest], str]) -> tuple[Compared, ...]:
    """Compare every digest with what there is `now`; what is not there is told with the reason."""
    found = []
    for one in statement.digests:
        try:
            found.append(Compared(digest=one, now=now(one)))
        except (OSError, FedPolicyError) as error:
            why = getattr(error, "strerror", None) or getattr(error, "message", None) or str(error)
            found.append(Compared(digest=one, now="", why=why))
    return tuple(found)


def as_text(statement: Statement, found: tuple[Compared, ...], *, again: bool | None) -> str:
    """A line for each thing, then the verdict, and what nobody has proved; `again`: whether the bytes are the same."""
    return "".join(f"{clean(line)}\n" for line in _lines(statement, found, again=again))


def _lines(statement: Statement, found: tuple[Compared, ...], *, again: bool | None) -> Iterator[str]:
    for one in found:
        word = "same   " if one.same else "changed" if one.now else "gone   "
        more = "" if one.same else f", now {one.now[:_SHOWN]}" if one.now else f": {one.why}"
        yield f"{word}  {one.digest}  sha256 {one.digest.sha256[:_SHOWN]}{more}"
    if again is None:
        yield "not judged again: whether the verdict follows from these, only `--again` shows"
    else:
        extent = "all that the statement says" if statement.wrapped else "every byte of the statement"
        yield f"same     judged again, {extent}" if again else f"changed  judged again: not {extent}"
    different = sum(not one.same for one in found)
    rests = "nothing differs" if again is not False else "a run with the same settings does not say this"
    if different:
        rests = f"{amount(different, 'difference')}: the verdict is not about what lies here"
    day = f" as on {statement.today}" if statement.today else ""
    yield f"{statement.verdict}{day}, stated by {statement.version}; {rests}"
    yield (
        "The envelope may be signed: check that with the tool that signed it; nothing here has looked at a signature."
        if statement.wrapped
        else "Unsigned: this proves no author. Anybody can write such a file; docs/evidence.md shows how to sign one."
    )
