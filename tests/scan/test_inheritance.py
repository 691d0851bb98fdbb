"""What compose takes from other files: it counts for the service, or is told as not read."""

from __future__ import annotations

import pytest
import yaml

from fedpolicy.scan.gather import gather, gather_texts
from fedpolicy.scan.services import Services
from fedpolicy.sources import Search

SERVICES = Services()
ASKS = "OPENAI_API_KEY=sk-not-to-be-kept\nOPENAI_BASE_URL=https://api.openai.com/v1  # theirs\n"
COMMON = (
    "services:\n  base:\n    environment: {MISTRAL_API_KEY: '${KEY}', OPENAI_BASE_URL: 'https://api.openai.com/v1'}\n"
)
UNREAD = "not read: it extends `base` of `{}`, which cannot be read from here"


def gathered(files, folder, monkeypatch, paths=(".",)):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)
    return gather(list(paths), Search(), SERVICES)


def said(found, file="compose.yml"):
    return sorted(
        f"{fact.evidence.span.line} {fact.evidence.subject} {fact.evidence.attribute} = {fact.evidence.value}"
        for fact in found.facts
        if fact.file == file and fact.evidence.attribute != "env_file"
    )


def unread(found):
    return [f"{one.span.file}:{one.span.line}: {one.why}" for one in found.not_read]


CALLS = ["2 call:openai from = service:app", "2 secret:OPENAI_API_KEY held_by = service:app"]


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("{env_file: site/app.env}", CALLS),
        ("{env_file: [{path: ./site/app.env, required: false}]}", CALLS),
        ("{env_file: site/app.env, environment: {OPENAI_BASE_URL: 'http://vllm:8000/v1'}}", CALLS[1:]),
        ("{env_file: [site/app.env, site/own.env]}", CALLS[1:]),
        ("{env_file: absent.env}", []),
        ("{env_file: ../app.env}", []),
        ("{env_file: '${SITE}/app.env'}", []),
        ("{}", []),
    ],
)
def test_files_of_variables_count_for_their_service(service, expected, tmp_path, monkeypatch):
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "app.env").write_text(ASKS, encoding="utf-8")
    files = {
        "compose.yml": f"services:\n  app: {service}\n",
        "site/app.env": ASKS,
        "site/own.env": "OPENAI_BASE_URL=http://vllm:8000/v1\n",
    }
    found = gathered(files, inside, monkeypatch)
    assert (said(found), unread(found)) == (expected, [])
    assert "not-to-be-kept" not in repr(found.facts)
    texts = gather_texts({name: text.encode() for name, text in files.items()}, SERVICES)
    assert (said(texts), unread(texts)) == (expected, [])


def test_a_folder_that_leads_out_is_not_followed(tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "app.env").write_text(ASKS, encoding="utf-8")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "site").symlink_to(tmp_path / "out")
    files = {"compose.yml": "services:\n  app: {env_file: site/app.env}\n"}
    assert said(gathered(files, tmp_path / "inside", monkeypatch)) == []


def test_variables_of_a_service_that_is_extended_count_for_who_extends_it(tmp_path, monkeypatch):
    own = "environment: {OPENAI_BASE_URL: 'http://vllm:8000/v1'}"
    services = (
        f"  a: {{extends: {{file: sub/common.yml, service: base}}}}\n  b: {{extends: a}}\n  c: {{extends: a, {own}}}\n"
    )
    found = gathered({"compose.yml": f"services:\n{services}", "sub/common.yml": COMMON}, tmp_path, monkeypatch)
    assert said(found) == [
        "2 call:mistral used = None",
        "2 call:openai from = service:a",
        "2 secret:MISTRAL_API_KEY held_by = service:a",
        "3 call:mistral used = None",
        "3 call:openai from = service:b",
        "3 secret:MISTRAL_API_KEY held_by = service:b",
        "4 call:mistral used = None",
        "4 secret:MISTRAL_API_KEY held_by = service:c",
    ]
    assert unread(found) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("services:\n  a: {extends: {file: no.yml, service: base}}\n", [UNREAD.format("no.yml")]),
        ("services:\n  a: {extends: {file: ../common.yml, service: base}}\n", [UNREAD.format("../common.yml")]),
        ("services:\n  a: {extends: {file: broken.yml, service: base}}\n", [UNREAD.format("broken.yml")]),
        ("services:\n  a: {extends: gone}\n", ["not read: it extends `gone`, which cannot be read from here"]),
        ("services:\n  a: {extends: a}\n", ["not read: it extends `a`, which cannot be read from here"]),
        ("include:\n  - gone.yml\n", ["not read: it includes `gone.yml`, which is not among the files that are read"]),
        ("include:\n  - {path: [common.yml, oci://x/y]}\n", [
            "not read: it includes `oci://x/y`, which is not among the files that are read"
        ]),
        ("include:\n  - ./common.yml\n", []),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_in_is_told_as_not_read(text, expected, tmp_path, monkeypatch):
    files = {"compose.yml": text, "common.yml": COMMON, "broken.yml": "a: [\n"}
    found = gathered(files, tmp_path, monkeypatch)
    assert unread(found) == [f"compose.yml:2: {why}" for why in expected]


def test_a_file_that_is_included_and_was_not_named_is_told(tmp_path, monkeypatch):
    text = yaml.safe_dump({"include": ["common.yml"], "services": {"a": {"image": "x:1"}}})
    found = gathered({"compose.yml": text, "common.yml": COMMON}, tmp_path, monkeypatch, ["compose.yml"])
    assert unread(found) == [
        "compose.yml:2: not read: it includes `common.yml`, which is not among the files that are read"
    ]
