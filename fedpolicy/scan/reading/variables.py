"""What settings of frameworks mean, as tables of keys, and what an environment of a program tells, by names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from fedpolicy.records import dataclass
from fedpolicy.scan import NONE, Evidence, ForeignNode, settled, single
from fedpolicy.scan.services import CALLED, TRACKS, Services, elsewhere, host_of, is_own

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File

Table = Mapping[str, tuple[str, str]]  # path of keys -> subject and attribute
_SECRET_KEY = re.compile(
    r"(?:password|passwd|pwd|secret|token|api[-_]?key|access_key|secret_key|wandb_key)$", re.IGNORECASE
)
_SECRET = re.compile(
    r"(?:(?:API|ACCESS|MASTER|SALT|ENCRYPTION|SIGNING)_KEY|API_KEYS|TOKEN|PASSWORD|PASSWD|.PWD|_PASS|^PASS|REDIS_AUTH|SECRET(?:_KEY)?)$"
)
# What others issue, and what stands there until somebody puts it in; a password may be any text.
_ISSUED = re.compile(r"(?:api[-_]?keys?|access_key|token|wandb_key|aws_secret)$", re.IGNORECASE)
_STANDS_IN = re.compile(
    r"(?:^|[^a-z])(?:insert|replace|change.?(?:me|this|in)|your|example|placeholder|dummy|fake|mock|todo|here|xxx+)(?:[^a-z]|$)"
    r"|\.{3}|\*{3}|(?:^|[^a-z])no[nt]?[-_ ]?(?:key|auth|token|needed|necessary|used|required)(?:[^a-z]|$)"
    r"|^(?:empty|none|null|unused|ignored|anything|whatever|tests?|local(?:[-_]only)?|ollama|vllm|lm-?studio|token-abc123)$",
    re.IGNORECASE,
)
# Keys of those who issue them, by how these begin: they are secrets wherever they stand. A text in quotes needs less.
_BEGIN = r"""["'](?:Bearer )?(?:sk-|gsk_|hf_|gh[po]_|github_pat_|glpat-|xox[abp]-|AKIA|AIza|nvapi-|pcsk_|r8_|lsv2_)"""
_QUOTED = rf"(?<={_BEGIN[:4]}){_BEGIN[4:]}(?=[\w-]{{0,80}}[0-9])[A-Za-z0-9_-]{{16,200}}"
_BARE = (
    r"(?:(?<![\w./-])|(?<=:-))(?:hf_[A-Za-z0-9]{30,60}\b|(?=[\w-]{0,80}[0-9])(?:sk-(?:proj|ant|or|svcacct|admin|lf)-[\w-]"
    r"{20,200}|(?:sk-|gsk_|gh[po]_|r8_)[A-Za-z0-9]{20,200}(?![\w-])|(?:github_pat_|pcsk_|lsv2_[a-z]{2}_)\w{20,200}"
    r"|(?:glpat-|xox[abp]-|nvapi-)[\w-]{20,200}|AKIA[A-Z0-9]{16}\b|AIza[\w-]{35}(?![\w-])))"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----(?=(?:\\n|\s)+[A-Za-z0-9+/=]{40})"
    r"|(?<![\w.])wandb[. ]login[ (]\s*(?:key\s*=\s*)?[\"']?[0-9a-f]{40}\b"
)
BARE, ISSUED = re.compile(_BARE), re.compile(f"{_QUOTED}|{_BARE}")
BEGINNINGS = re.compile(  # quick: whatever may hold one
    rb"[\"'](?:Bearer )?sk-|(?:sk-|gsk_|hf_|gh[po]_|r8_)[A-Za-z0-9_-]{16}|AKIA|AIza|github_pat_|pcsk_|lsv2_|glpat-"
    rb"|xox[abp]-|nvapi-|PRIVATE KEY-----|wandb[. ]login"
)
_MASKED = re.compile(r"([*.#_x-])\1*", re.IGNORECASE)  # one sign again and again
_PLACEHOLDER = re.compile(
    r"(?-i:[A-Z][A-Z0-9_]*)|.*(?:replace|change.?me|your|example|placeholder|redacted|dummy|xxx|todo|<|\{).*|.*\s.*",
    re.IGNORECASE | re.DOTALL,
)
_SWITCH = frozenset(
    {"yes", "no", "true", "false", "on", "off", "0", "1"}
)  # how a secret may be made or left out, and is none
_SHORTEST = 8  # of a text that may be a secret
_PUBLIC = (".crt", ".pub", ".cer", "ca.pem", "_user", "_username", "username", "user")
# Where a program finds a model to ask, by the names that programs use.
_ADDRESS = re.compile(r"^(?:LLM|OPENAI|MODEL|CHAT)\w*(?:ENDPOINT|BASE_URL|API_BASE|HOST|HOST_IP|URL)$")
_STORE = re.compile(r"^(?:REDIS_URL|QDRANT_HOST|QDRANT_URL|MILVUS_HOST|CHROMA_HOST|WEAVIATE_URL)$")
_NOTHING = re.compile(r"\$\{\w+:?-\}")  # where nobody sets it, nothing
_IN_ADDRESS = re.compile(r"://[^/:@\s]*:([^/@\s]+)@")  # a password in an address
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=(.*)")
_COMMENT = re.compile(r"\s+#.*$")
_DEFAULT = re.compile(r"\$\{(\w+):?-([^}]+)\}")  # where nobody sets it, this


def found(root: ForeignNode, path: str) -> ForeignNode | None:
    """The value behind a path such as `llm.adapter.args.0.r`; None where nothing stands there."""
    node = root.get(*(int(step) if step.isdigit() else step for step in path.split(".")))
    return None if node is None or node.value in (None, "") else node


def told_by(root: ForeignNode, table: Table) -> Iterator[Evidence]:
    """Each key of the table that is there, in its own words."""
    for path, (subject, attribute) in table.items():
        if node := found(root, path):
            yield node.tells(subject, attribute)


def switch(root: ForeignNode, path: str, subject: str, attribute: str = "used") -> Iterator[Evidence]:
    """A switch: `true` where it is on, none where it is off."""
    node = found(root, path)
    if node and isinstance(node.value, bool):
        yield node.says(subject, attribute, "true" if node.value else NONE)


def literals(root: ForeignNode, subject: str) -> Iterator[Evidence]:
    """Secrets that stand among the settings, by the names of their keys; and passwords in addresses."""
    for name, node in root.items():
        said = node.value if isinstance(node.value, str) else ""
        found = literal(node, name, said, subject) if _SECRET_KEY.search(name) else None
        if found := found or _password_in(node, name, said, subject):
            yield found
        else:
            yield from literals(node, subject)
    for node in root.each():
        yield from literals(node, subject)


def literal(node: ForeignNode, name: str, value: str, subject: str) -> Evidence | None:
    """A secret that stands there, by its name; a default, by that of the variable that others may set."""
    default = _DEFAULT.fullmatch(value)
    if not is_literal(name, value):
        return None
    note = "unless somebody sets another one" if default else ""
    return node.says(f"secret:{default[1] if default else name}", "literal", subject, note=note)


def _password_in(node: ForeignNode, name: str, address: str, subject: str) -> Evidence | None:
    inside = _IN_ADDRESS.search(address)
    return literal(node, name, inside[1], subject) if inside else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """
    One variable with its place; `given` where it is filled in from a store of secrets or from elsewhere.

    `unset` where it is written down and empty, so that whoever reads it gets nothing.
    """

    name: str
    value: str
    node: ForeignNode
    given: bool = False
    unset: bool = False


def secret_name(name: str) -> bool:
    """Whether a variable of such a name holds a secret."""
    return _SECRET.search(name) is not None


def looks_real(name: str, value: str, *, encoded: bool) -> bool:
    """Whether an entry of a Secret may be one. It is never decoded; a stand-in for a value is none."""
    if name.lower().endswith(_PUBLIC) or len(value) < _SHORTEST or not settled(value):
        return False
    return encoded or _PLACEHOLDER.fullmatch(value) is None


def is_literal(name: str, value: str) -> bool:
    """Whether a secret stands there as it is used, if only where nobody sets another one."""
    if default := _DEFAULT.fullmatch(value):
        value = default[2]
    stands_in = _ISSUED.search(name) and _STANDS_IN.search(value)
    stands_in = stands_in or _MASKED.fullmatch(value)
    elsewhere_ = value.startswith("os.environ/")  # LiteLLM looks it up there
    return bool(value) and settled(value) and not (stands_in or elsewhere_) and value.lower() not in _SWITCH


def variables(environment: ForeignNode | None) -> Iterator[Variable]:
    """The variables of a map, or of a list of `NAME=value`."""
    if environment is None:
        return
    for name, node in environment.items():
        yield Variable(
            name=name, value="" if node.value is None else str(node.value), node=node, unset=node.value == ""
        )
    for node in environment.each():
        name, equals, value = str(node.value).partition("=")
        yield Variable(name=name, value=value, node=node, unset=bool(equals) and not value)


def lines(file: File) -> Iterator[Variable]:
    """The variables of a file of `NAME=value`. Raises Unread."""
    for number, line in enumerate(file.text.split("\n"), 1):
        if found := _LINE.match(line):
            value = _plain(found[2].strip())
            place = file.line(number, found.start(1) + 1, len(line) + 1)
            yield Variable(name=found[1], value=value, node=single(value, place, found[1]), unset=not value)


def _plain(value: str) -> str:
    """A value without its quotes, or without the comment behind it."""
    if value[:1] in ("'", '"') and value.endswith(value[0]) and len(value) > 1:
        return value[1:-1]
    return _COMMENT.sub("", value)


def told(
    services: Services, subject: str, given: Iterable[Variable], names: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Evidence]:
    """What the variables say of a subject. `names` are hosts inside that stand for hosts outside."""
    every = list(given)
    for one in every:
        yield from _one(subject, one)
    found = [one for one in every if not one.unset]
    yield from _calls(services, subject, found, names)
    yield from _trackers(services, found)
    for one in found:
        row = services.variables.get(one.name)
        if not (row and row.kind == "vector_store") and not one.given:
            row = services.behind(one.value)
        if row and row.kind == "vector_store":
            yield one.node.says(subject, "vector_store", row.id)
        elif _STORE.match(one.name):
            yield one.node.says(subject, "vector_store", "own" if settled(one.value) and is_own(one.value) else None)


def _one(subject: str, one: Variable) -> Iterator[Evidence]:
    if secret_name(one.name) and one.value.lower() not in _SWITCH:
        found = None if one.given else literal(one.node, one.name, one.value, subject)
        yield found or one.node.says(f"secret:{one.name}", "held_by", subject)
    elif not one.given and (inside := _password_in(one.node, one.name, one.value, subject)):
        yield inside
    if one.name.endswith("TLS_ENABLED"):
        yield one.node.says(subject, "tls", one.value.lower() if settled(one.value) and not one.given else None)


def _calls(services: Services, subject: str, found: list[Variable], names: Mapping[str, str]) -> Iterator[Evidence]:
    """Whom a program asks: the address decides; a key alone says only whom it may ask."""
    keys = {row.id: one for one in reversed(found) if (row := services.variables.get(one.name)) and row.kind in CALLED}
    addresses = [one for one in found if _is_address(services, one.name) and not _NOTHING.fullmatch(one.value)]
    for one in addresses:
        yield from _at_address(services, subject, one, names, has_key=bool(keys))
    for one in found:  # a client of one's own server that is sent to others instead
        row = services.addresses.get(one.name)
        if row and row.kind == "own":
            yield from _at_address(services, subject, one, {}, has_key=False)
    for name in _without_address(services, list(keys)[::-1], addresses):
        note = f"{subject.rpartition(':')[2]} holds {keys[name].name}, which allows a call but proves none"
        yield keys[name].node.says(f"call:{name}", "used", None, note=note)


def _without_address(services: Services, keys: list[str], addresses: list[Variable]) -> Iterator[str]:
    """Whose keys no address is for: each has its own, and one of no provider's is for the first key."""
    named = [services.addresses.get(one.name) for one in addresses]
    reached = [services.behind(one.value) for one in addresses]
    settled_by = {row.id for row in (*named, *reached) if row} | set(keys[:1] if None in named else ())
    yield from (name for name in keys if name not in settled_by)


def _at_address(
    services: Services, subject: str, one: Variable, names: Mapping[str, str], *, has_key: bool
) -> Iterator[Evidence]:
    known = settled(one.value) and not one.given
    outside = names.get(host_of(one.value)) if known else None
    behind = services.behind(outside or one.value) if known else None
    if behind and behind.kind in CALLED:
        note = f"{host_of(one.value)} stands for {outside}" if outside else ""
        yield one.node.says(f"call:{behind.id}", "from", subject, note=note)
    elif has_key and not (known and not outside and is_own(one.value)):
        yield one.node.says("call:unknown", "from", subject, note=_default(one.value))


def _is_address(services: Services, name: str) -> bool:
    row = services.addresses.get(name)
    return row.kind in CALLED if row else _ADDRESS.match(name) is not None


def _default(value: str) -> str:
    found = _DEFAULT.fullmatch(value)
    return f"if nobody sets it, at {found[2]}" if found else ""


def _trackers(services: Services, found: list[Variable]) -> Iterator[Evidence]:
    """Where metrics and prompts are reported to: switched off, to an address, or to whoever a key is for."""
    off = {services.switches[f"{one.name}={one.value}"].id: one for one in found if _switch(one) in services.switches}
    for name, one in off.items():
        yield one.node.says(f"tracker:{name}", "used", NONE)
    on = {row.id: (row, one) for one in found if (row := services.starts.get(_switch(one).replace("True", "true")))}
    addressed = {row.id for one in found if (row := services.addresses.get(one.name))}
    for name, (row, one) in on.items():
        yield one.node.says(f"tracker:{name}", "used", "true", note=elsewhere(row))
        if name not in addressed:
            yield one.node.says(f"tracker:{name}", "address", row.usual_host, note=elsewhere(row))
    keys: dict[str, Evidence] = {}
    for one in found:
        row = services.addresses.get(one.name) or services.variables.get(one.name)
        subject = f"tracker:{row.id}" if row and row.kind in TRACKS and row.id not in off else ""
        if subject and row and one.name in row.address_variables:
            usual = None if one.given else _DEFAULT.fullmatch(one.value)
            known = settled(one.value) and not one.given
            value, note = (usual[2], f"a default of the variable {one.name}") if usual else (one.value, "")
            yield one.node.says(subject, "address", value if known or usual else None, note=note)
        elif row and subject and row.id not in on:
            note = f"{one.name} lets it report, which proves no use"
            keys.setdefault(subject, one.node.says(subject, "used", None, note=note))
    yield from keys.values()


def _switch(one: Variable) -> str:
    return f"{one.name}={one.value}"
