"""`fedpolicy test` on the files of a change, as a hook names them."""

from __future__ import annotations

import json

import pytest

from tests.house.pages import ROOT

RULE = (ROOT / "policies" / "federation" / "model-unpinned.yaml").read_text(encoding="utf-8")


@pytest.fixture
def pack(run, tmp_path):
    """A pack in the current folder."""
    del run
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "_pack.yaml").write_text("pack: house\ntitle: Ours\nabout: Ours.\n", encoding="utf-8")
    (tmp_path / "house" / "model-unpinned.yaml").write_text(RULE, encoding="utf-8")


@pytest.mark.parametrize(
    "named",
    [
        ["house/_pack.yaml"],
        ["house/model-unpinned.yaml"],
        ["house/_pack.yaml", "house/model-unpinned.yaml"],
        ["house/model-unpinned.yaml", "./house/model-unpinned.yaml", "house"],
    ],
)
def test_a_rule_is_tried_once_however_it_is_named(named, pack, run):
    del pack
    result = run("test", *named, "--no-mutants", "--format", "json")

    assert result.exit_code == 0
    assert result.stdout.count('"rule": "model-unpinned"') == 1


def test_a_pack_file_that_is_missing_is_told(run):
    result = run("test", "nowhere/_pack.yaml")

    assert result.exit_code == 2
    assert "nowhere/_pack.yaml" in result.stderr


def test_the_json_is_json(pack, run):
    del pack

    assert json.loads(run("test", "house/_pack.yaml", "--no-mutants", "--format", "json").stdout)
