"""Pages lead where they say, and the page on the language knows every key, every method and every payload."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from functools import cache
from urllib.parse import unquote

import jsonschema

from fedpolicy.catalog import load_catalog
from fedpolicy.language.model import Deployment
from fedpolicy.language.model.shape import entries_under, entry_shape
from fedpolicy.language.reading.source import read
from tests.house.language import table as _table
from tests.house.language import tables
from tests.house.pages import ROOT, blocks, named, pages

LANGUAGE = ROOT / "docs" / "language.md"
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)


@cache
def anchors(page):
    """The ids that headings get, as the builder of the documentation makes them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    plain = (
        unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode() for heading in _HEADING.findall(text)
    )
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in plain}


def links(page):
    return _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8")))


def test_every_link_leads_somewhere():
    broken = []
    for page, link in [(one, link) for one in pages() for link in links(one)]:
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append((named(page), link))
    assert broken == []


def test_pages_of_the_documentation_link_to_pages_only():
    """What is outside `docs` is not on the site."""
    docs = ROOT / "docs"
    inside = [(page, link) for page in sorted(docs.glob("**/*.md")) for link in links(page) if ":" not in link]
    assert len(inside) > 100
    outside = [
        (named(page), link)
        for page, link in inside
        if not (page.parent / link.partition("#")[0]).resolve().is_relative_to(docs)
    ]
    assert outside == []


def test_the_examples_in_the_page_on_the_language_are_valid():
    schema = json.loads((ROOT / "schemas" / "deployment.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    found = blocks(LANGUAGE.read_text(encoding="utf-8"), "yaml")
    assert len(found) > 8
    for block in found:
        source = read(block, "language.md")
        assert not source.errors
        # A block shows a part of a deployment; what is the same in all of them is left out.
        part = {"fedpolicy": 1, "name": "part", **json.loads(json.dumps(source.documents[0].tree))}
        assert [error.message for error in validator.iter_errors(part)] == [], block


def test_the_page_on_the_language_names_every_key():
    text = LANGUAGE.read_text(encoding="utf-8")
    said = [*re.findall(r"`([^`\n]+)`", text), *blocks(text, "yaml")]
    named_keys = {word for part in said for word in re.findall(r"\w+", part)}
    keys = {key for entry in entries_under(Deployment) for key in entry_shape(entry)} - {"kind"}
    assert keys - named_keys == set()


def test_the_tables_of_the_language_are_those_of_its_declarations_and_of_the_catalogue(request):
    text = LANGUAGE.read_text(encoding="utf-8")
    current = text
    for name, table in {**tables(), "methods": methods(), "payloads": payloads()}.items():
        current = _written(current, name, table)
    if request.config.getoption("--update-golden"):
        LANGUAGE.write_text(current, encoding="utf-8")
    assert LANGUAGE.read_text(encoding="utf-8") == current


def test_the_rule_in_the_page_on_contributing_is_the_real_one(request):
    page = ROOT / "CONTRIBUTING.md"
    rule = (ROOT / "policies" / "federation" / "model-unpinned.yaml").read_text(encoding="utf-8")
    text = page.read_text(encoding="utf-8")
    current = _written(text, "rule", f"```yaml\n{rule.partition('references:')[0]}```\n")
    if request.config.getoption("--update-golden"):
        page.write_text(current, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == current


def _written(text, name, table):
    begin, end = f"<!-- {name}: written by tests/house -->\n", f"<!-- end of {name} -->\n"
    before, _, rest = text.partition(begin)
    _, mark, after = rest.partition(end)
    assert mark, f"the marks of {name} are missing"
    return f"{before}{begin}\n{table}\n{end}{after}"


def methods():
    groups = defaultdict(list)
    for name in sorted(catalog := load_catalog().methods):
        row = catalog[name]
        needs = "the provider trains" if row.hosted else row.needs
        groups[needs, row.up or "-", row.down or "-", ", ".join(row.to_runner) or "-"].append(f"`{name}`")
    lines = [f"| {', '.join(names)} | {' | '.join(key)} |" for key, names in sorted(groups.items())]
    return _table(
        ("method", "needs of the model", "sends up", "sends back", "sends to the party that runs a remote model"), lines
    )


def payloads():
    catalog = load_catalog()
    groups = defaultdict(list)
    for name in sorted(catalog.payloads):
        groups[catalog.levels[catalog.payloads[name].level].rank, catalog.payloads[name].level].append(f"`{name}`")
    lines = [f"| `{level}` | {', '.join(names)} |" for (_, level), names in sorted(groups.items(), reverse=True)]
    return _table(("level", "payloads"), lines)
