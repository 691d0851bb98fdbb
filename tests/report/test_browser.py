"""Pages in a real browser: nothing is loaded, a click does what it says, and axe finds nothing to object to."""

from __future__ import annotations

import os
import re
import shutil
from hashlib import sha256
from html import escape
from pathlib import Path

import pytest
from click.testing import CliRunner

from fedpolicy import __version__
from fedpolicy.cli.commands import app

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "clinical-notes" / "deployment.yaml"
MODULES = Path(os.environ.get("NODE_MODULES") or ROOT / "node_modules")
AXE = MODULES / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="install chromium (Debian: apt install chromium)")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The page of a check, the page of one participant, and one with hostile names."""
    folder = tmp_path_factory.mktemp("pages")
    text = EXAMPLE.read_text(encoding="utf-8")
    evil = f"'<script>document.title=1</script>{'x' * 10_000}'"
    (folder / "evil.yaml").write_text(text.replace("contracts/dpa.pdf", evil, 1), encoding="utf-8")
    day = ("--today", "2026-11-28")
    run = CliRunner().invoke
    run(app, ["check", str(EXAMPLE), "--format", "html", *day, "--output", str(folder / "check.html")])
    run(app, ["site", str(EXAMPLE), "charite", "--format", "html", *day, "--output", str(folder / "site.html")])
    run(app, ["check", str(folder / "evil.yaml"), "--format", "html", *day, "--output", str(folder / "evil.html")])
    report = run(app, ["check", str(EXAMPLE), "--fixes", *day], env={"FORCE_COLOR": "1", "COLUMNS": "100"}).stdout
    (folder / "terminal.html").write_text(terminal(report.replace(f"{EXAMPLE.parent}/", "")), encoding="utf-8")
    return folder


def terminal(text):
    """What a terminal shows, as a page: bold, dim and the colours that reports use."""
    looks = {"1": "font-weight:700", "2": "color:#888", "31": "color:#d33", "32": "color:#2a2", "33": "color:#c80",
             "34": "color:#58f", "35": "color:#b5b", "36": "color:#0aa"}  # fmt: skip
    lines = [re.sub(r"\x1b\[([\d;]+)m", lambda found: "</span>" if found[1] == "0" else
             f'<span style="{";".join(looks[code] for code in found[1].split(";"))}">', escape(line))
             for line in text.splitlines()]  # fmt: skip
    body = "\n".join(["$ fedpolicy check deployment.yaml --fixes", *lines])
    look = "margin:0;padding:14px;height:100vh;background:#16181c;color:#ddd;font:13px monospace"
    return f'<body style="margin:0"><pre style="{look}">{body}</pre>'


def opened(browser, path, **context):
    """A page from disk, and every request that it makes and message that it logs."""
    page = browser.new_context(**context).new_page()
    heard = []
    page.on("request", lambda request: heard.append(request.url) if not request.url.startswith("file:") else None)
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.goto(path.as_uri())
    return page, heard


@pytest.mark.parametrize("name", ["check", "site"])
def test_a_page_opens_from_disk_and_loads_nothing(name, browser, pages):
    page, heard = opened(browser, pages / f"{name}.html", viewport={"width": 400, "height": 800})

    assert page.inner_text("h1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert heard == []


@pytest.mark.parametrize(("name", "scheme"), [("check", "light"), ("check", "dark"), ("site", "light")])
@pytest.mark.skipif(not AXE.is_file(), reason="`npm install axe-core` here, or say where it is in NODE_MODULES")
def test_axe_has_nothing_to_object_to(name, scheme, browser, pages):
    page, _ = opened(browser, pages / f"{name}.html", color_scheme=scheme, bypass_csp=True)
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("axe.run().then(found => found.violations.map(one => [one.id, one.nodes[0].html]))")

    assert found == []


def test_a_click_on_a_party_shows_what_is_its_own_and_a_second_one_everything(browser, pages):
    page, heard = opened(browser, pages / "check.html", viewport={"width": 1280, "height": 900})
    row = page.locator("#learns tbody tr", has_text="hetzner")
    box = page.locator("[data-party=openai]")

    box.click()
    assert "dim" in row.get_attribute("class")
    assert page.locator(".map path.flow.dim").count() == 2
    box.press("Enter")
    assert "dim" not in row.get_attribute("class")
    before = page.locator(".map svg").get_attribute("viewBox")
    page.get_by_role("button", name="Zoom in").click()
    assert page.locator(".map svg").get_attribute("viewBox") != before
    page.get_by_role("button", name="Whole map").click()
    assert page.locator(".map svg").get_attribute("viewBox") == before
    assert heard == []


def test_a_click_on_a_dataset_shows_where_it_goes(browser, pages):
    page, heard = opened(browser, pages / "check.html", viewport={"width": 1280, "height": 900})

    page.locator("[data-dataset=letters]").click()
    dim = page.locator(".map path.flow.dim title").all_text_contents()
    assert dim == ["openai to aphp, charite and lumc: completions, api_calls.translate",
                   "openai to aphp, charite and lumc: completions, tasks.score"]  # fmt: skip
    assert page.locator("#learns tbody tr.dim").count() == 0, "all rows are about letters"
    assert page.get_by_role("status").text_content() == "Shown: letters. Click again for everything."
    page.locator("[data-dataset=letters]").press(" ")
    assert page.locator(".map .dim").count() == 0
    assert heard == []


def test_a_click_on_a_finding_leads_to_its_cause(browser, pages):
    page, heard = opened(browser, pages / "check.html", viewport={"width": 1280, "height": 900})
    link = page.get_by_text("critical: private-data-to-closed-model").first

    link.click()
    cause = page.locator(f"[id='{page.url.partition('#')[2]}']")
    assert cause.locator("h3").inner_text() == "1. models.judge: openai/gpt-4o run by openai"
    assert "chosen" in cause.get_attribute("class")
    assert cause.locator("h3").bounding_box()["y"] < 900, "the page has gone there"
    left = page.locator(".map path.flow:not(.dim) title").all_text_contents()
    assert left == ["aphp, charite and lumc to openai: prompts, api_calls.translate, verbatim",
                    "aphp, charite and lumc to openai: prompts, tasks.score, verbatim"]  # fmt: skip
    assert heard == []


def test_the_band_has_the_digests_and_the_budget_its_plot(browser, pages):
    page, _ = opened(browser, pages / "check.html")

    marks = page.locator(".band .marks").inner_text()
    assert f"deployment.yaml {sha256(EXAMPLE.read_bytes()).hexdigest()[:12]}" in marks
    rest = [re.sub(r"[0-9a-f]{12}$", "-", part) for part in marks.split("; ")[1:]]
    assert rest == [f"tool fedpolicy {__version__} -", "catalogue as shipped -", "pack federation -"]
    assert page.locator("#budget .plot svg path").count() > 3


SHOTS = {
    "report-wide": ("check", {"viewport": {"width": 1100, "height": 900}}),
    "report-print": ("check", {"viewport": {"width": 696, "height": 1039}}),
    "site-phone": ("site", {"viewport": {"width": 400, "height": 800}}),
    "terminal": ("terminal", {"viewport": {"width": 900, "height": 440}}),
}


@pytest.mark.parametrize("name", SHOTS)
def test_the_pictures_of_the_documentation_can_be_taken(name, browser, pages, tmp_path, request):
    """`--update-golden` takes them anew; two browsers draw a letter differently, so bytes are not compared."""
    source, context = SHOTS[name]
    page, _ = opened(browser, pages / f"{source}.html", **context)
    page.emulate_media(media="print" if name.endswith("-print") else "screen")
    update = request.config.getoption("--update-golden")
    taken = (ROOT / "docs" / "images" if update else tmp_path) / f"{name}.png"
    taken.parent.mkdir(exist_ok=True)
    page.screenshot(path=taken)

    assert (ROOT / "docs" / "images" / f"{name}.png").is_file()
    assert taken.stat().st_size > 10_000


def test_without_script_everything_can_be_read(browser, pages):
    page, _ = opened(browser, pages / "check.html", java_script_enabled=False)

    assert page.locator(".map svg [data-party]").count() == 4
    assert page.get_by_text("Tried on a copy").first.is_visible()


def test_a_hostile_name_is_a_name(browser, pages):
    page, heard = opened(browser, pages / "evil.html", viewport={"width": 400, "height": 800})

    assert page.title() != "1"
    assert "<script>document.title=1</script>xxx" in page.inner_text("#agreements")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert heard == []


@pytest.mark.parametrize("name", ["check", "site"])
def test_a_page_prints_on_two_sheets(name, browser, pages):
    page, _ = opened(browser, pages / f"{name}.html")
    sheets = page.pdf(prefer_css_page_size=True)

    assert 1 <= len(re.findall(rb"/Type /Page\b", sheets)) <= 2
