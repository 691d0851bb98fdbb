"""Repositories that list models are read from clones, and what they said last stays."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from fedpolicy.errors import CatalogError, Problems
from tools import generated, hub, indexes, refresh

PAGES = {
    "src/schema/models/models/old.ts": """export default {
  name: 'Old One',
  identifiers: { apiNames: ['old-1', 'one-latest', 'ocr-latest'] },
  capabilities: { features: ['chat-completions'] },
metadata: {retirementDate: '2026-05-31', replacement: 'New One'},
""",
    "src/schema/models/models/new.ts": """export default {
  name: 'New One',
  weights: [
    {
      name: 'Weights',
      license: 'Apache 2.0',
      url: 'https://huggingface.co/acme/New-One',
      parameters: '24',
    }
  ],
  identifiers: { apiNames: ['new-1', 'one-latest'] },
  capabilities: { features: ['chat-completions'] },
""",
    "src/schema/models/models/reader.ts": """export default {
  name: 'Reader',
  identifiers: { apiNames: ['ocr-1', 'ocr-latest'] },
  capabilities: { features: ['ocr'] },
""",
    "models/one.yml": """release:
  type: language
  architecture: transformer decoder
  huggingface: https://huggingface.co/acme/one
  license: {distribution: {name: Apache-2.0}}
  components:
    - {name: Model architecture}
    - {name: Model parameters (Final), license: MIT}
    - {name: Datasets}
""",
    "models/two.yml": "release: {type: language, huggingface: https://huggingface.co/papers/2309.16609}\n",
    "models/acme/four.toml": """open_weights = true
[modalities]
output = ["text"]
[[weights]]
url = "https://huggingface.co/acme/four"
""",
    "models/acme/five.toml": "open_weights = false\nweights = [{url = 'https://huggingface.co/acme/five'}]\n",
    "models/three.yml": "release: {type: image, huggingface: https://huggingface.co/acme/three}\n",
}


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    path = tmp_path_factory.mktemp("clones") / "acme" / "lists"
    for name, text in PAGES.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text, encoding="utf-8")
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "-m", "Lists"]):
        subprocess.run(["git", "-C", str(path), *words], check=True)
    return indexes.cloned("acme/lists", path.parents[1])


def test_a_name_that_a_newer_model_took_over_does_not_end(clone):
    said = {one.name: one.facts for one in indexes.mistral_names(clone)}

    assert said == {
        "new-1": {"mode": "chat", "route": "mistral"},
        "old-1": {"mode": "chat", "route": "mistral", "shutdown_on": "2026-05-31", "replaced_by": "new-1"},
        "one-latest": {"mode": "chat", "route": "mistral"},
        "acme/New-One": {"published": True, "mode": "chat", "license": "apache-2.0", "n_parameters": 24_000_000_000},
    }


def test_weights_on_the_hub_are_open_where_the_list_says_so(clone):
    assert [(one.name, one.facts) for one in indexes.models_dev(clone)] == [
        ("acme/four", {"weights": "open", "mode": "chat"})
    ]


def test_parts_that_are_published_are_told_of_models_on_the_hub(clone):
    said = list(indexes.openness_rows(clone))

    assert [one.name for one in said] == ["acme/one"]
    assert said[0].facts == {
        "architecture": "open",
        "training_data": "described",
        "published": True,
        "license": "MIT",
        "mode": "chat",
    }
    assert said[0].origin.source(said[0].member) == f"https://github.com/acme/lists @{clone.commit} models/one.yml"


def test_what_they_said_last_stays(clone, tmp_path):
    last = tmp_path / "last.json"
    said = {"acme/lists": list(indexes.openness_rows(clone))}
    indexes.renewed(said, last)
    kept = indexes.kept(last)
    indexes.renewed(kept, tmp_path / "again.json")

    assert [(one.name, one.facts, one.origin.day) for one in kept["acme/lists"]] == [
        ("acme/one", said["acme/lists"][0].facts, clone.day)
    ]
    assert (tmp_path / "again.json").read_bytes() == last.read_bytes()


def test_a_repository_that_is_not_reached_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(indexes, "cloned", lambda *_: None)
    monkeypatch.setattr(indexes, "renewed", lambda *_: None)
    monkeypatch.setattr(refresh, "hub_models", lambda *_: None)
    said, unreached = refresh.indexed(tmp_path, ["acme/one"])

    assert unreached == [*refresh.INDEXES, hub.HUB]
    assert said["mistral"]  # as the file beside the reader has it
    assert said["openness"]


def test_a_fact_by_hand_that_a_package_contradicts_is_told_with_its_place(tmp_path):
    path = tmp_path / "models.yaml"
    path.write_text(
        "models:\n  a/b:\n    weights: gated\n    licence: MIT\n    training_data: open\n    parameters_b: 7\n"
        "    source: https://x.example\n    as_of: 2026-01-01\n",
        encoding="utf-8",
    )
    made = {"weights": "open", "licence": "Apache-2.0", "training_data": "described", "parameters_b": 7.24}
    rows = {"a/b": {**made, "source": ["https://pypi.org/project/mteb/9.0/ some.py"]}}

    assert generated.contradicted(rows, path) == [
        "models.yaml:4:14: a/b.licence: MIT by hand, Apache-2.0 in https://pypi.org/project/mteb/9.0/ some.py"
    ]
    assert generated.contradicted({}, path) == []


def test_a_file_of_the_last_time_that_is_no_yaml_is_told_with_its_place(tmp_path):
    path = tmp_path / "models.yaml"
    path.write_text("models:\n  a/b:\n    weights: [open\n    as_of: 2026-01-01\n", encoding="utf-8")

    with pytest.raises(CatalogError) as caught:
        generated.rows_in(path)

    assert str(Problems([caught.value])).startswith("models.yaml:4:10: ")


class Hub(BaseHTTPRequestHandler):
    """Answers as the Hub does."""

    def do_GET(self):
        asked = parse_qs(urlsplit(self.path).query)
        known = asked["author"] == ["acme"] and "gated" in asked["expand"]
        rows = [
            {"id": "acme/one", "gated": "auto", "safetensors": {"total": 7}, "cardData": {"license": "mit"}},
            {"id": "acme/two", "gated": False, "pipeline_tag": "text-generation", "cardData": {"license_name": "own"}},
            {"id": "acme/three", "gated": False, "disabled": True},
            {"id": "acme/silent", "cardData": {"license": "mit"}},
            {"id": "acme/none", "gated": False},
        ]
        at = int(asked.get("cursor", ["0"])[-1])
        self.send_response(429 if asked["author"] == ["busy"] else 200)
        if known and at < 4:
            self.send_header("Link", f'<http://{self.headers["Host"]}{self.path}&cursor={at + 2}>; rel="next"')
        self.end_headers()
        self.wfile.write(
            json.dumps(rows[at : at + 2] if known else []).encode() if "proxy" not in self.path else b"<html>"
        )

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as running:
        thread = Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_the_hub_is_asked_once_an_organisation(server):
    names = ["acme/one", "acme/two", "acme/three", "acme/silent", "far/one", "no-organisation"]
    said = hub.hub_models(names, [], server)
    today = datetime.now(UTC).date()
    old, fresh = (hub.Page(day=(today - timedelta(days=days)).isoformat()) for days in (120, 30))
    before = [replace(said[0], origin=fresh), replace(said[2], origin=old), replace(said[3], origin=fresh, facts={})]

    assert {one.name: one.facts for one in said} == {
        "acme/one": {"license": "mit", "n_parameters": 7, "weights": "gated"},
        "acme/silent": {"license": "mit"},
        "acme/three": {},
        "acme/two": {"mode": "chat", "weights": "open"},  # a name of its own can mean any text
    }
    # What did not change keeps its day for a season.
    again = hub.hub_models(names, before, server)
    assert [one.origin.day for one in again] == [fresh.day, *[today.isoformat()] * 3]


def test_a_hub_that_is_not_there_or_refuses_is_none(server):
    assert hub.hub_models(["acme/one"], [], "http://127.0.0.1:1") is None
    assert hub.hub_models(["acme/one", "busy/one"], [], server) is None
    assert hub.hub_models(["acme/one", "proxy/one"], [], server) is None
