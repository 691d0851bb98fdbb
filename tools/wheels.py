"""Packages as archives: which versions are the newest, when they were uploaded, and what their files say of models."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from zipfile import ZipFile

from fedpolicy.records import dataclass

PACKAGES = ("anthropic", "litellm", "llmfit", "mteb", "openai", "transformers")
Facts = dict[str, Any]
_BULLET = re.compile(r"^- ", re.MULTILINE)
_ENDS = re.compile(r"shutdown\s+date:\s+(\d{4}-\d{2}-\d{2})")
_QUOTED = re.compile(r'"([^"\n]+)"')
_LIMIT = 64 * 1024 * 1024  # bytes of one file in an archive
_TABLE = '[\n  {\n    "name": "'  # how the table of models begins that the program llmfit carries
# Licences that the Hub itself names; another name without a version is its maker's own and can mean several texts.
_HUB_NAMES = {"bigcode-openrail-m", "bigscience-openrail-m", "creativeml-openrail-m", "gemma", "mit", "openrail++"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """One package: its name, version, the day of its upload, and its archive. It is read, never imported."""

    name: str
    version: str
    day: str
    path: Path

    def source(self, member: str) -> str:
        """What a row says of a fact from a file of this package."""
        return f"https://pypi.org/project/{self.name}/{self.version}/ {member}"

    def text(self, member: str, errors: str = "strict") -> str:
        """One file of the archive."""
        with ZipFile(self.path) as archive:
            if archive.getinfo(member).file_size > _LIMIT:
                raise SystemExit(f"{self.path.name}: {member} is larger than {_LIMIT:,} bytes; look at it by hand")
            return archive.read(member).decode("utf-8", errors)

    def members(self, pattern: str) -> list[str]:
        """The files of the archive whose path matches, in order."""
        with ZipFile(self.path) as archive:
            return sorted(name for name in archive.namelist() if PurePosixPath(name).match(pattern))


class Origin(Protocol):
    """Where facts are from: a package or a repository, and its day."""

    @property
    def day(self) -> str:
        """The day on which it said so."""

    def source(self, member: str) -> str:
        """What a row says of a fact from one of its files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one file of one package or repository says of one model; `facts` are keys of the catalogue."""

    origin: Origin
    member: str
    name: str
    facts: Facts


def newest(folder: Path, names: Sequence[str] = PACKAGES) -> list[Wheel]:
    """Lock the newest versions, and bring their wheels into a folder, each checked against its digest."""
    lock = _run(["uv", "pip", "compile", "-", "--no-deps", "--no-header", "--format", "pylock.toml"], "\n".join(names))
    return [_wheel(folder, package) for package in tomllib.loads(lock)["packages"]]


def _wheel(folder: Path, package: Mapping[str, Any]) -> Wheel:
    files = {PurePosixPath(wheel["url"]).name: wheel for wheel in package["wheels"]}
    wanted = f"{package['name']}=={package['version']}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    if not any((folder / name).exists() for name in files):
        _run([*pip, "--dest", str(folder), wanted])
    name, entry = next((name, wheel) for name, wheel in files.items() if (folder / name).exists())
    if hashlib.sha256((folder / name).read_bytes()).hexdigest() != entry["hashes"]["sha256"]:
        raise SystemExit(f"{name} is not the file that the index lists: remove it and run this again")
    day: datetime = entry["upload-time"]
    return Wheel(name=package["name"], version=package["version"], day=day.date().isoformat(), path=folder / name)


def _run(words: Sequence[str], given: str = "") -> str:
    done = subprocess.run(words, input=given, capture_output=True, text=True, check=False)  # noqa: S603  our own words
    if done.returncode:
        raise SystemExit(f"{' '.join(words[:4])} ... failed: {done.stderr.strip()}")
    return done.stdout


def openai_names(wheel: Wheel) -> Iterator[Said]:
    """Names that the SDK types, and the days in the docstring that follows them."""
    for member in ("openai/types/shared/chat_model.py", "openai/types/embedding_model.py"):
        tree = ast.parse(wheel.text(member))
        names = [name for node in ast.walk(tree) if isinstance(node, ast.Subscript) for name in _texts(node.slice)]
        ends = _days(tree)
        mode = "embedding" if "embedding" in member else "chat"
        for name in dict.fromkeys(names):
            facts = {"mode": mode, **({"shutdown_on": ends[name]} if name in ends else {})}
            yield Said(origin=wheel, member=member, name=name, facts=facts)


def _days(tree: ast.Module) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            for bullet in _BULLET.split(node.value.value):
                if day := _ENDS.search(bullet):
                    found |= dict.fromkeys(_QUOTED.findall(bullet), day[1])
    return found


def anthropic_names(wheel: Wheel) -> Iterator[Said]:
    """Names that the SDK types, and those that it warns of, with their days."""
    member, warned = "anthropic/types/model.py", "anthropic/_data/deprecated_models.py"
    tree = ast.parse(wheel.text(member))
    for name in dict.fromkeys(
        n for node in ast.walk(tree) if isinstance(node, ast.Subscript) for n in _texts(node.slice)
    ):
        yield Said(origin=wheel, member=member, name=name, facts={"mode": "chat"})
    for node in ast.walk(ast.parse(wheel.text(warned))):
        if isinstance(node, ast.Dict):
            pairs = zip(map(_text, node.keys), map(_text, node.values), strict=True)
            for name, said in pairs:
                if name and said:
                    yield Said(origin=wheel, member=warned, name=name, facts={"shutdown_on": _written_day(said)})


def _written_day(said: str) -> str:
    """`January 22nd, 2027` as ISO 8601."""
    plain = re.sub(r"(\d)(?:st|nd|rd|th)", r"\1", said)
    return datetime.strptime(plain, "%B %d, %Y").date().isoformat()  # noqa: DTZ007  a day has no zone


def litellm_routes(wheel: Wheel) -> Iterator[Said]:
    """Names by route, with their modes, days and successors."""
    member = "litellm/model_prices_and_context_window_backup.json"
    for name, entry in json.loads(wheel.text(member)).items():
        mode = entry.get("mode")
        if mode == "chat" and "text" not in entry.get("supported_output_modalities", ["text"]):
            mode = "sound"  # speech and music
        facts = {"mode": mode, "route": entry.get("litellm_provider")}
        facts |= {"shutdown_on": entry.get("deprecation_date"), "replaced_by": entry.get("successor_model")}
        yield Said(origin=wheel, member=member, name=name, facts={key: value for key, value in facts.items() if value})


def mteb_models(wheel: Wheel) -> Iterator[Said]:
    """Embedding models whose weights can be had: licence, size, whether training code and data are published."""
    for member in wheel.members("mteb/models/model_implementations/*.py"):
        tree = ast.parse(wheel.text(member))
        known = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ModelMeta":
                said = {key.arg: _constant(key.value, known) for key in node.keywords if key.arg}
                if said.get("open_weights") is True and isinstance(said.get("name"), str):
                    facts = {"weights": "open", "mode": "embedding", **said}
                    facts["training_code"] = "open" if said.get("public_training_code") else None
                    yield Said(origin=wheel, member=member, name=str(said["name"]), facts=facts)


def transformers_models(wheel: Wheel) -> Iterator[Said]:
    """Checkpoints whose architecture the library has: one a configuration."""
    for member in wheel.members("transformers/models/*/configuration_*.py"):
        for name in re.findall(r'^@auto_docstring\(checkpoint="([\w.-]+/[\w.-]+)"', wheel.text(member), re.MULTILINE):
            facts = {"architecture": "open", "inference_code": "open"}
            yield Said(origin=wheel, member=str(PurePosixPath(member).parent), name=name, facts=facts)


def llmfit_licences(wheel: Wheel) -> Iterator[Said]:
    """Licences that the Hub states, in the table that the program carries; nothing of it runs."""
    for member in wheel.members("*.data/scripts/*"):
        program = wheel.text(member, errors="replace")
        start = program.find(_TABLE)
        if start < 0:
            raise SystemExit(f"{wheel.path.name}: {member} has no table of models any more; look at it by hand")
        rows, _ = json.JSONDecoder().raw_decode(program, start)
        for row in rows:
            if clear_licence(row.get("license")):
                yield Said(origin=wheel, member=member, name=row["name"], facts={"license": row["license"]})


def clear_licence(name: Any) -> bool:  # noqa: ANN401  any fact
    """Whether the name of a licence on a card can mean one text only: one of the Hub's own, or with a version."""
    return isinstance(name, str) and (name in _HUB_NAMES or bool(re.search(r"\d", name)))


def _constant(node: ast.expr, known: Mapping[str, ast.expr]) -> Any:  # noqa: ANN401  any constant
    node = known.get(node.id, node) if isinstance(node, ast.Name) else node
    return node.value if isinstance(node, ast.Constant) else None


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _texts(node: ast.expr) -> list[str]:
    return [text for item in (node.elts if isinstance(node, ast.Tuple) else [node]) if (text := _text(item))]
