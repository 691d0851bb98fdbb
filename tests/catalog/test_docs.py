"""The page for users says what is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fedpolicy.catalog import load_catalog
from fedpolicy.catalog.rows import ROWS
from fedpolicy.errors import Problems

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "catalog.md").read_text(encoding="utf-8")


def block(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


def test_the_example_is_a_catalogue_file(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(block("yaml"), encoding="utf-8")

    catalog = load_catalog([path])

    assert catalog.model("charite/german-notes-7b").provider == "charite-ai"
    assert catalog.provider("charite-ai").jurisdiction == "DE"
    assert catalog.licence("LicenseRef-charite-internal").redistribution == "forbidden"


def test_the_messages_shown_are_real(tmp_path, monkeypatch):
    text = (HERE / "reject" / "unknown-key.yaml").read_text(encoding="utf-8")
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(Problems) as caught:
        load_catalog([Path("own.yaml")])

    assert f"{caught.value}\n" == block("text")


def test_every_section_is_explained():
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == list(ROWS)
