"""
Repositories that list models: the documentation of Mistral, models.dev, and the Model Openness Tool.

They are read from clones. What they said last stays in `tools/indexes.json`, so that a machine that reaches no
repository writes the same rows.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import tarfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fedpolicy.catalog.read import compose_shipped, plain
from fedpolicy.records import dataclass
from tools.hub import Page
from tools.wheels import Facts, Said

LAST = Path(__file__).with_name("indexes.json")
_HUB = re.compile(r"https://huggingface\.co/((?!papers/|datasets/|spaces/)[\w.-]+/[\w.-]+)/?")
_NAME = re.compile(r"^ {2}name: '([^']+)'", re.MULTILINE)
_NAMES = re.compile(r"apiNames: \[([^\]]*)\]")
_RETIRED = re.compile(r"retirementDate: '([\d-]+)'")
_INSTEAD = re.compile(r"replacement: '([^']+)'")
# Names of licences there that no name of ours is; names of ours have no spaces.
_LICENCES = {
    "Apache 2.0": "apache-2.0",
    "CC BY-NC 4.0": "cc-by-nc-4.0",
    "MNPL": "mnpl",
    "MRL": "mrl",
    "ChatGLM-6B License": "chatglm-6b",
    "Databricks Open Model License": "databricks-open-model-license",
    "DeepSeek License Agreement": "deepseek",
    "Falcon-180B TII License": "falcon-180b-license",
    "Llama 3.1 Community License": "llama3.1",
    "Llama 3.1 Community License Agreement": "llama3.1",
    "Llama 3.2 Community License": "llama3.2",
    "Meta Llama 3 Community License Agreement": "llama3",
}
_PARTS = {"Model architecture": "architecture", "Inference code": "inference_code", "Training code": "training_code"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """A repository at one commit, and the day of that; `path` is None where it was not reached this time."""

    repo: str
    commit: str
    day: str
    path: Path | None = None

    def source(self, member: str) -> str:
        """What a row says of a fact from a file of this repository."""
        return f"https://github.com/{self.repo} @{self.commit} {member}"

    def texts(self, folder: str) -> Iterator[tuple[str, str]]:
        """The files of a folder, in order."""
        packed = _git(self.path or Path(), "archive", "HEAD", folder)
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            for member in sorted((one for one in archive if one.isfile()), key=lambda one: one.name):
                found = archive.extractfile(member)
                yield member.name, found.read().decode("utf-8") if found else ""


def cloned(repo: str, folder: Path) -> Clone | None:
    """The clone of a repository in a folder, brought there where it is not; None where it cannot be reached."""
    path = folder / repo
    if not path.exists():
        words = ["git", "clone", "--quiet", "--depth", "1", f"https://github.com/{repo}", str(path)]
        done = subprocess.run(words, capture_output=True, check=False, env=os.environ | {"GIT_TERMINAL_PROMPT": "0"})  # noqa: S603
        if done.returncode:
            return None
    commit, day = _git(path, "log", "-1", "--format=%H %cs").decode().split()
    return Clone(repo=repo, commit=commit[:7], day=day, path=path)


def _git(path: Path, *words: str) -> bytes:
    return subprocess.run(["git", "-C", str(path), *words], capture_output=True, check=True).stdout  # noqa: S603, S607


def mistral_names(clone: Clone) -> Iterator[Said]:
    """Names of Mistral's interface, with their days and successors; of a name in several files the last day counts."""
    pages = [(member, text) for member, text in clone.texts("src/schema/models/models") if _NAMES.search(text)]
    first = {_NAME.findall(text)[0]: _names(text)[0] for _, text in pages if _names(text)}
    found: dict[str, Said] = {}
    for member, text in pages:
        facts: Facts = {"mode": _mode(text), "route": "mistral"}
        ends, instead = _RETIRED.search(text), _INSTEAD.search(text)
        if ends:
            facts |= {"shutdown_on": ends[1], "replaced_by": first.get(instead[1]) if instead else None}
        for name in _names(text):
            before = found.get(name)
            if before is None or _last(facts) > _last(before.facts):
                found[name] = Said(origin=clone, member=member, name=name, facts=facts)
    # A name that moved on to a model of another kind did not end with the model that it left.
    yield from (found[name] for name in sorted(found) if found[name].facts["mode"])
    for member, text in pages:
        yield from _mistral_weights(clone, member, text)


def _mistral_weights(clone: Clone, member: str, text: str) -> Iterator[Said]:
    for listed in re.findall(r"\n    \{\n      name: 'Weights',(.*?)\n    \}", text, re.DOTALL):
        said = dict(re.findall(r"^ {6}(license|url|parameters): '([^']+)'", listed, re.MULTILINE))
        place, size = _HUB.fullmatch(said.get("url", "")), said.get("parameters", "")
        if place:
            facts: Facts = {"published": True, "mode": _mode(text)}
            facts["license"] = _LICENCES.get(said.get("license", ""))
            facts["n_parameters"] = round(float(size) * 1e9) if re.fullmatch(r"[\d.]+", size) else None
            yield Said(origin=clone, member=member, name=place[1], facts=facts)


def models_dev(clone: Clone) -> Iterator[Said]:
    """Models of models.dev whose weights are on the Hub."""
    for member, text in clone.texts("models"):
        row = tomllib.loads(text) if member.endswith(".toml") else {}
        for place in (_HUB.fullmatch(str(one.get("url"))) for one in row.get("weights", ())):
            if place and row.get("open_weights") is True:
                mode = "chat" if row.get("modalities", {}).get("output") == ["text"] else None
                yield Said(origin=clone, member=member, name=place[1], facts={"weights": "open", "mode": mode})


def _names(text: str) -> list[str]:
    return [name for listed in _NAMES.findall(text) for name in re.findall(r"'([^']+)'", listed)]


def _mode(text: str) -> str | None:
    modes = {"'chat-completions'": "chat", "'embeddings'": "embedding"}
    return next((mode for feature, mode in modes.items() if feature in text), None)


def _last(facts: Facts) -> str:
    return str(facts.get("shutdown_on", "9999"))


def openness_rows(clone: Clone) -> Iterator[Said]:
    """
    Models of the Model Openness Tool that name their place on the Hub, and which of their parts are published.

    What it does not list may be published all the same: it lists no data for the small Pythias.
    """
    for member, text in clone.texts("models"):
        release = plain(compose_shipped(text)).get("release", {}) if member.endswith(".yml") else {}
        place = _HUB.fullmatch(str(release.get("huggingface")))
        if place and release.get("type") == "language":
            yield Said(origin=clone, member=member, name=place[1], facts=_published(release))


def _published(release: Mapping[str, Any]) -> Facts:
    parts = {part["name"]: part for part in release.get("components") or ()}
    facts: Facts = {key: "open" for name, key in _PARTS.items() if name in parts}
    if "Datasets" in parts:
        facts["training_data"] = "described"  # some are listed; whether all can be had, it does not say
    weights = parts.get("Model parameters (Final)")
    if weights is not None:
        whole = (release.get("license") or {}).get("distribution") or {}
        said = str(weights.get("license") or whole.get("name") or "").strip()
        facts |= {"published": True, "license": _LICENCES.get(said, said)}
    return {**facts, "mode": "chat" if "decoder" in str(release.get("architecture")) else None}


def renewed(said: Mapping[str, list[Said]], last: Path = LAST) -> None:
    """Keep what the repositories say now."""
    rows = [
        json.dumps(
            {"repo": repo, "commit": getattr(one.origin, "commit", ""), "day": one.origin.day, "member": one.member}
            | {"name": one.name, "facts": {key: value for key, value in sorted(one.facts.items()) if value}},
            ensure_ascii=False,
        )
        for repo, found in sorted(said.items())
        for one in found
    ]
    last.write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")


def kept(last: Path = LAST) -> dict[str, list[Said]]:
    """What the repositories said when they were last reached."""
    found: dict[str, list[Said]] = {}
    for row in json.loads(last.read_text(encoding="utf-8")) if last.exists() else ():
        # Pages have no commit.
        origin = (
            Clone(repo=row["repo"], commit=row["commit"], day=row["day"]) if row["commit"] else Page(day=row["day"])
        )
        one = Said(origin=origin, member=row["member"], name=row["name"], facts=row["facts"])
        found.setdefault(row["repo"], []).append(one)
    return found
