"""The site has a page for every rule, whatever builds it; a link that leads nowhere fails the build."""

from __future__ import annotations

import shutil

import pytest
import yaml

from fedpolicy.policy.load import load_rules, shipped_packs
from tests.ci.repositories import run, tool
from tests.house.pages import ROOT

RULES = {(name, rule.id) for name in shipped_packs() for rule in load_rules([name])}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The pages as `make docs` lays them out, in a folder of their own."""
    if tool("zensical") is None:
        pytest.skip("zensical is in the extra `docs`")
    folder = tmp_path_factory.mktemp("site")
    for name in ("docs", "tools"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", folder)
    laid = run(folder, tool("python3") or "python3", "tools/site.py", PYTHONPATH=str(ROOT))
    assert laid.returncode == 0, laid.stdout
    return folder


def test_every_rule_has_a_page_on_the_site(place):
    done = run(place, tool("zensical"), "build", "--strict", "--clean")
    pages = {(page.parent.name, page.stem) for page in (place / "site" / "rules").glob("*/*.html")}

    assert done.returncode == 0, done.stdout
    assert len(RULES) > 100
    assert RULES - pages == set()
    assert {page for page in pages if page[0] in {name for name, _ in RULES} and page[1] != "index"} == RULES


def test_every_page_can_be_found_from_the_navigation(place):
    def names(entries):
        for entry in entries:
            found = entry if isinstance(entry, str) else next(iter(entry.values()))
            yield from [found] if isinstance(found, str) else names(found)

    listed = list(names(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
    there = {page.relative_to(place / "build/pages").as_posix() for page in (place / "build/pages").glob("*.md")}

    assert sorted(set(listed)) == sorted(listed)
    assert there <= set(listed)


def test_a_link_that_leads_nowhere_fails_the_build(place):
    page = place / "build" / "pages" / "limits.md"
    before = page.read_text(encoding="utf-8")
    page.write_text(f"{before}\n[nowhere](missing.md)\n", encoding="utf-8")
    done = run(place, tool("zensical"), "build", "--strict", "--clean")
    page.write_text(before, encoding="utf-8")

    assert done.returncode != 0
    assert "page does not exist" in done.stdout


def test_the_site_loads_nothing_from_elsewhere(place):
    page = (place / "site" / "index.html").read_text(encoding="utf-8")

    assert 'src="http' not in page
    assert 'rel="stylesheet" href="http' not in page
