"""SECURITY.md claims nothing that no test shows."""

from __future__ import annotations

import re

import pytest

from tests.house.pages import ROOT

PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE)))
WHO = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)[1:]


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_the_page_names_is_there(name):
    assert re.search(r"^def test_", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)


def test_the_page_names_every_attack():
    attacks = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "attacks").glob("test_*.py")}

    assert attacks - set(NAMED) == set()


@pytest.mark.parametrize("who", WHO)
def test_the_page_says_of_everybody_what_holds_and_what_does_not(who):
    part = PAGE.partition(f"## {who}\n")[2].partition("\n## ")[0]

    assert "**What does not hold.**" in part
    assert re.search(r"`tests/[^`]+`", part.partition("**What does not hold.**")[0])
