"""Who is behind a host, a class, a variable, a package or an image, by the rows of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from fedpolicy.catalog import load_catalog
from fedpolicy.catalog.rows import ArtefactRow, ServiceRow

_OWN = re.compile(
    r"localhost|127\.[\d.]+|0\.0\.0\.0|\[?::1\]?|10\.[\d.]+|192\.168\.[\d.]+|172\.(?:1[6-9]|2\d|3[01])\.[\d.]+"
    r"|[^.]+|.*\.(?:svc|svc\.cluster\.local|local|internal|localhost)",
    re.IGNORECASE,
)
# LangChain hands its classes on from several modules, and those of others that it had once.
_OLD = re.compile(r"langchain(?:_community)?\.(chat_models|llms|embeddings)\.(?:\w+\.)?(\w+)")
_INSIDE = re.compile(r"(langchain_\w+)\.(?:\w+\.)+(\w+)")
_COMMIT = re.compile(r"[0-9a-f]{40}")
CALLED = ("model", "router")  # kinds of service that get prompts in order to answer them
OLLAMA, CLOUD = "ollama", "ollama-cloud"  # rows: the server of one's own, and those who run some of its models
AZURE = "azure-openai"  # row: asked by the names of deployments
DEPLOYED = "the name of a deployment is not the model's"
OTHERWISE = "unless "  # before what may say that a note's fact is another one
TRACKS = ("tracker", "tracer")  # kinds of service that are told how a run goes, or what was asked


def host_of(address: str) -> str:
    """The host of an address, with or without a scheme."""
    try:
        return urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""


def is_local(model: str) -> bool:
    """Whether a model is a folder, and no repository of a hub."""
    return model.startswith(("/", "./", "../", "~"))


def runs_unread_code(model: str, *pins: object) -> bool:
    """Whether a model that brings code of its own may bring other code tomorrow: no pin names a commit."""
    return not is_local(model) and not any(is_commit(pin) for pin in pins)


def is_commit(revision: object) -> bool:
    """Whether a revision is one state of a repository, and not a branch that moves."""
    return isinstance(revision, str) and _COMMIT.fullmatch(revision) is not None


def elsewhere(row: ServiceRow) -> str:
    """That the environment may send a service's calls to another place."""
    return f"{OTHERWISE}{' or '.join(row.address_variables)} says otherwise" if row.address_variables else ""


def is_own(address: str) -> bool:
    """Whether an address stays in one's own network: this machine, a name without a dot, a cluster, a private range."""
    host = host_of(address)
    return bool(host) and _OWN.fullmatch(host) is not None


def in_cloud(model: str) -> bool:
    """Whether Ollama passes prompts to a model of such a name on to its cloud: `gpt-oss:120b-cloud`, `gemma4:cloud`."""
    tag = model.rpartition(":")[2] if ":" in model else ""
    return tag == "cloud" or tag.endswith("-cloud")


class Services:
    """The rows, each by everything that it is known by."""

    def __init__(
        self, rows: Iterable[ServiceRow] | None = None, artefacts: Iterable[ArtefactRow] | None = None
    ) -> None:
        self.rows = list(load_catalog().services.values() if rows is None else rows)
        self._artefacts = list(load_catalog().artefacts.values() if artefacts is None else artefacts)
        self.classes = {name: row for row in self.rows for name in row.classes}
        self.variables = {name: row for row in self.rows for name in row.variables}
        self.cloud = next((row for row in self.rows if row.id == CLOUD), None)
        self.scripts = {name: row for row in self.rows for name in row.scripts}
        self.script_words = tuple({name.partition("#")[0].encode() for name in self.scripts})
        self.packages = {name: row for row in self.rows for name in row.packages}
        self.addresses = {name: row for row in self.rows for name in row.address_variables}
        self.runtimes = {name: row for row in self.rows for name in row.runtime_variables}
        self.starts = {name: row for row in self.rows for name in row.on_variables}
        self.switches = {name: row for row in self.rows for name in row.off_variables}
        self.resources = [(name, row) for row in self.rows for name in row.resources]
        self.endpoints = {name: row for row in self.rows for name in row.endpoints}
        self._permissions = [(name, row) for row in self.rows for name in row.permissions]
        self.callbacks = {name: row for row in self.rows for name in row.callbacks}
        self.prefixes = {name: row for row in self.rows for name in row.prefixes}
        self._models = [(name, row) for row in self.rows for name in row.models]
        self.modules = _packages(row for row in self.rows if row.kind not in TRACKS)
        self.tracking = _packages(row for row in self.rows if row.kind in TRACKS)
        hosts = [(host, row) for row in self.rows for host in row.hosts]
        self._hosts = {host: row for host, row in reversed(hosts) if _is_whole(host)}
        self._patterns = [(host, row) for host, row in hosts if not _is_whole(host)]
        self.host_words = tuple(max(host.split("*"), key=len).strip(".-").encode() for host, _ in hosts)

    def of_class(self, name: str) -> ServiceRow | None:
        """Whose class or function has such a full name."""
        if (row := self.classes.get(name)) or not name.startswith("langchain"):
            return row
        name = _OLD.sub(r"langchain_community.\1.\2", name)
        return self.classes.get(name) or self.classes.get(_INSIDE.sub(r"\1.\2", name))

    def behind(self, address: str) -> ServiceRow | None:
        """Who answers at an address, where the catalogue knows it."""
        host = host_of(address).lower()
        return self._hosts.get(host) or next((row for known, row in self._patterns if _is_at(host, known)), None)

    def region(self, address: str) -> str | None:
        """The region that the name of a host tells, as in `bedrock-runtime.eu-central-1.amazonaws.com`."""
        host = host_of(address).lower()
        for known, _ in self._patterns:
            if "*" in known and fnmatchcase(host, known):
                before, _, after = known.partition("*")
                return host[len(before) : len(host) - len(after)]
            if known[0] == "-" and host.endswith(known):
                return host.removesuffix(known)
        return None

    def asked(self, name: str) -> tuple[ServiceRow | None, str]:
        """Who runs a model as gateways and libraries name it, and its name there: `openai/gpt-4o`, `openai:gpt-4o`."""
        first, colon, rest = name.partition(":")
        if colon and "/" not in first and (row := self.prefixes.get(f"{first}:") or self.prefixes.get(first)):
            return row, rest
        first, slash, rest = name.partition("/")
        if not slash:
            return self.model(name), name
        row = self.prefixes.get(first)
        return (self.cloud if row and row.id == OLLAMA and in_cloud(rest) else row), rest

    def model(self, name: str) -> ServiceRow | None:
        """Who runs a model of such a name, where it is written without whoever runs it."""
        return next((row for known, row in self._models if fnmatchcase(name, known)), None)

    def permission(self, action: str) -> ServiceRow | None:
        """Whose models an action of a cloud's permissions lets somebody ask; what lets do everything says nothing."""
        if action == "*":
            return None
        known = (row for name, row in self._permissions if fnmatchcase(action, f"{name}*") or fnmatchcase(name, action))
        return next(known, None)

    def artefact(self, name: str) -> ArtefactRow | None:
        """What kind of file has such a name, or such a pattern of names."""
        last = name.rpartition("/")[2]
        return next((row for row in self._artefacts for one in row.names if fnmatchcase(last, one)), None)

    def image(self, image: str) -> ServiceRow | None:
        """Whose software a container is."""
        name = image.partition("@")[0]
        name = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
        return next((row for row in self.rows if name in row.images), None)


def _packages(rows: Iterable[ServiceRow]) -> frozenset[bytes]:
    return frozenset(name.partition(".")[0].encode() for row in rows for name in row.classes)


def _is_at(host: str, known: str) -> bool:
    if "*" in known:
        return fnmatchcase(host, known)
    return host.endswith(known)


def _is_whole(host: str) -> bool:
    """Whether this is the name of one host, and not what many begin or end with."""
    return host[0] not in ".-" and "*" not in host
