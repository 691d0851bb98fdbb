"""What was worked out for one file is gone when the next one begins: estates need no collection of garbage."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from fedpolicy.check import check_file, judge_of
from fedpolicy.settings import Settings
from fedpolicy.sources import Source

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("example", ["clean-open-weight", "clinical-notes"])
def test_a_checked_file_leaves_no_circle_of_objects(example):
    text = (EXAMPLES / example / "deployment.yaml").read_bytes()
    judge, _ = judge_of(Settings(overview=""))
    check_file(Source(name="first.yaml", text=text), judge)
    gc.collect()
    gc.disable()
    try:
        checked = check_file(Source(name="second.yaml", text=text), judge)
        left = gc.collect()
    finally:
        gc.enable()

    assert checked.names
    assert left == 0
