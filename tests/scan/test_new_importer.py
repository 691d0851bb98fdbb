"""An importer is one new file: the one that docs/architecture.md shows."""

from __future__ import annotations

import pytest

from fedpolicy.scan import importers as folder
from fedpolicy.scan.gather import gather
from fedpolicy.scan.importers import importers
from fedpolicy.scan.services import Services
from fedpolicy.sources import Search
from tests.house.pages import ROOT, blocks

MARK = "# fedpolicy/scan/importers/inhouse.py\n"


@pytest.fixture
def inhouse(tmp_path, monkeypatch):
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    (text,) = [block for block in blocks(page, "python") if block.startswith(MARK)]
    (tmp_path / "added").mkdir()
    (tmp_path / "added" / "inhouse.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(tmp_path / "added")])
    importers.cache_clear()
    yield tmp_path
    importers.cache_clear()


def test_it_is_found_by_its_name_and_its_facts_are_told(inhouse, monkeypatch):
    monkeypatch.chdir(inhouse)
    (inhouse / "site").mkdir()
    (inhouse / "site" / "federation.yaml").write_text("network:\n  tls: false\n", encoding="utf-8")
    found = gather(["site"], Search(), Services())
    told = [(one.importer, one.evidence.subject, one.evidence.value, str(one.evidence.span)) for one in found.facts]
    assert told == [("inhouse", "federation", "none", "site/federation.yaml:2:8")]
