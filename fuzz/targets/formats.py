"""What a report is written as, one target a format: it is well-formed, and text of others stays text."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import jsonschema
from markdown_it import MarkdownIt

from fedpolicy.limits import HIDING
from fedpolicy.report.formats import format_ids
from fuzz.command import Broken, Vacuous
from fuzz.corpus import EVIL, ROOT
from fuzz.drawn import drawn
from fuzz.target import Box, Target

_CHECK = ("check", "--isolated", "--today", "2026-11-28", "--jobs", "1")
# What steers a terminal, or shows another order of characters than there is.
_STEERING = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{HIDING}]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HTML_OF_OURS = re.compile(r"</?(details|summary|b|br|sub|sup)( open)?/?>|<!-- fedpolicy[\w :-]*-->")
_LABEL = r'"(?:[^"<>]|<br/>)*"'
_MERMAID = re.compile(
    rf"flowchart LR| {{2,4}}\w+\[{_LABEL}\]|  \w+ (?:-->|-\.->)\|{_LABEL}\| \w+|  subgraph \w+\[{_LABEL}\]|  end|"
    r"  (?:style|linkStyle) \w+ [\w:#,-]+"
)
_QUOTED = r'"(?:[^"\\]|\\["\\n])*"'
_ATTRIBUTES = rf"\[\w+=(?:{_QUOTED}|[\w.]+)(?:, \w+=(?:{_QUOTED}|[\w.]+))*\]"
_DOT = re.compile(
    rf" *(?:digraph {_QUOTED} \{{|(?:graph|node|edge) {_ATTRIBUTES}|subgraph \w+ \{{|label={_QUOTED}|color=white|\}}|"
    rf"\w+(?: -> \w+)? {_ATTRIBUTES})"
)
_COMMAND = re.compile(r"::(error|warning|notice)(?: \w+=[^,:]*(?:,\w+=[^,:]*)*)?::")
_ADDRESS = re.compile(r"(?:[\w.~!$&'()*+,;=:@/?#\[\]-]|%[0-9A-F]{2})+", re.ASCII)
_LEVELS = {"none", "note", "warning", "error"}


def written(form: str, box: Box) -> None:
    """The report in this format: well-formed, with nothing active of others, and the exit code of every format."""
    command = (*_CHECK, *box.files, "--format", form)
    found = box.run(*command)
    code = box.run(*_CHECK, *box.files, "--format", "json").code
    if not found.out:
        raise Vacuous  # an extra that is not installed
    if found.code != code:
        raise Broken("format decides", command, f"exit code {found.code}, and {code} as json", form)
    try:
        text = found.out.decode("utf-8")
        for fault in faults(form, text):
            raise Broken("malformed", command, fault, f"{form}: {re.sub('[^a-z ]+', '', fault.lower())[:40]}")
    except (ValueError, ET.ParseError, csv.Error) as error:
        raise Broken("malformed", command, f"{type(error).__name__}: {error}", form) from error


def faults(form: str, text: str) -> Iterator[str]:
    """What is wrong with a report in a format."""
    if not text.endswith("\n"):
        yield "no line end at its end"
    steering = _STEERING.search(text)
    if steering:
        yield f"it holds {steering.group()!r}, near {text[max(steering.start() - 40, 0) : steering.end() + 20]!r}"
    yield from _JUDGES.get(form, _plain)(text)


def picture(box: Box) -> None:
    """A graph as JSON fits its schema; a picture draws what is there and nothing that a text asks for."""
    name, form = box.only[0], box.rng.choice(("json", "mermaid", "dot"))
    found = box.run("graph", name, "--format", form)
    if found.code != 0:
        raise Vacuous
    for fault in _drawn(form, found.out.decode("utf-8")):
        raise Broken("malformed", ("graph", name, "--format", form), fault, form)


def _drawn(form: str, text: str) -> Iterator[str]:
    if form == "json":
        yield from (
            f"{error.json_path}: {error.message:.200}" for error in _schema("graph").iter_errors(json.loads(text))
        )
        return
    line_of, steering = {"mermaid": _MERMAID, "dot": _DOT}[form], _STEERING.search(text)
    if steering:
        yield f"it holds {steering.group()!r}"
    yield from (f"strange in a picture: {line!r:.120}" for line in text.splitlines() if not line_of.fullmatch(line))


def _plain(_text: str) -> Iterator[str]:
    """Text for people: what steers a terminal is looked for in every format."""
    yield from ()


def _json(text: str) -> Iterator[str]:
    report = json.loads(text)
    yield from (f"{error.json_path}: {error.message:.200}" for error in _schema("report").iter_errors(report))


@cache
def _schema(name: str) -> Any:
    schema = json.loads((ROOT / f"schemas/{name}.schema.json").read_text(encoding="utf-8"))
    return jsonschema.validators.validator_for(schema)(schema)


def _sarif(text: str) -> Iterator[str]:
    """What SARIF 2.1.0 requires of what is written: rules and places that are there, levels, and addresses."""
    told = json.loads(text)
    (run,) = told["runs"]
    rules = [one["id"] for one in run["tool"]["driver"]["rules"]]
    if told["version"] != "2.1.0" or len(rules) != len(set(rules)):
        yield f"version {told['version']}, rules {rules}"
    for result in run["results"]:
        index = result.get("ruleIndex", 0)
        if result["ruleId"] not in rules or rules[index] != result["ruleId"] or result["level"] not in _LEVELS:
            yield f"no such rule or level: {result['ruleId']}, {result['level']}"
        if not result["message"].get("text", result["message"].get("markdown")):
            yield "a result without a message"
    for place in _values(run, "physicalLocation"):
        region = place.get("region", {"startLine": 1})
        if region["startLine"] < 1 or region.get("startColumn", 1) < 1:
            yield f"no such place: {region}"
        if not _ADDRESS.fullmatch(place["artifactLocation"]["uri"]):
            yield f"no address: {place['artifactLocation']['uri']!r}"


def _values(tree: Any, key: str) -> Iterator[Any]:
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, value in inside:
        if name == key:
            yield value
        yield from _values(value, key)


def _gitlab(text: str) -> Iterator[str]:
    rows = json.loads(text)
    marks = [row["fingerprint"] for row in rows]
    if len(marks) != len(set(marks)):
        yield "two entries have one fingerprint"
    for row in rows:
        if row["severity"] not in {"info", "minor", "major", "critical", "blocker"}:
            yield f"no such severity: {row['severity']}"
        if not row["description"] or not row["check_name"] or row["location"]["lines"]["begin"] < 1:
            yield f"an entry without a message or a place: {row}"


def _statement(text: str) -> Iterator[str]:
    told = json.loads(text)
    if told["_type"] != "https://in-toto.io/Statement/v1" or not told["subject"]:
        yield "no statement"
    for subject in told["subject"]:
        if not re.fullmatch("[0-9a-f]{64}", subject["digest"]["sha256"]):
            yield f"no digest: {subject}"


def _linked_data(text: str) -> Iterator[str]:
    told = json.loads(text)
    if "@context" not in told:
        yield "no context"
    names = [one["@id"] for one in told.get("@graph", ())]
    if len(names) != len(set(names)):
        yield "two things have one name"


def _oscal(text: str) -> Iterator[str]:
    if "assessment-results" not in json.loads(text):
        yield "no assessment results"


def _junit(text: str) -> Iterator[str]:
    root = ET.fromstring(text)  # noqa: S314  our own
    for suite in root:
        cases = suite.findall("testcase")
        if suite.tag != "testsuite" or int(suite.get("tests", "-1")) != len(cases):
            yield f"a suite counts {suite.get('tests')} tests and has {len(cases)}"


def _table(text: str) -> Iterator[str]:
    rows = list(csv.reader(io.StringIO(text), strict=True))
    if len({len(row) for row in rows}) != 1:
        yield "rows of several lengths"
    yield from (f"a formula: {cell!r:.80}" for row in rows for cell in row if cell.startswith(_FORMULA))


def _commands(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.lstrip().startswith("::") and not _COMMAND.match(line):
            yield f"no command of ours: {line!r:.120}"
        if line.lstrip().startswith("##["):
            yield f"a command of another runner: {line!r:.120}"


def _markdown(text: str) -> Iterator[str]:
    """No image, no link to where somebody else wants, no HTML but ours, and pictures that nobody else draws in."""
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        for one in (token, *(token.children or ())):
            target = str(one.attrGet("href") or one.attrGet("src") or "")
            if one.type == "image" or EVIL in target:
                yield f"active: {one.type} {target!r:.80}"
            if one.type in {"html_block", "html_inline"} and "<" in _HTML_OF_OURS.sub("", one.content):
                yield f"foreign html: {one.content!r:.80}"
        if token.type == "fence" and token.info.strip() == "mermaid":
            strange = [line for line in token.content.splitlines() if not _MERMAID.fullmatch(line)]
            yield from (f"strange in a picture: {line!r:.120}" for line in strange)


class _Page(HTMLParser):
    """What a page does beside showing text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.open: list[str] = []
        self.tags: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count it, and look at its attributes."""
        self.tags[tag] = self.tags.get(tag, 0) + 1
        for name, value in attrs:
            scheme = urlsplit((value or "").strip()).scheme.lower() if name in {"href", "src", "action"} else ""
            if name.startswith("on") or name == "srcdoc" or scheme not in {"", "https"}:
                self.faults.append(f"active: <{tag} {name}={value!r:.80}>")
            leads = name in {"href", "xlink:href"} and EVIL in str(value)
            if leads or name in {"src", "action", "formaction", "data"}:
                self.faults.append(f"it reaches out: <{tag} {name}={value!r:.80}>")


def _page(text: str) -> Iterator[str]:
    page = _Page()
    page.feed(text)
    page.close()
    yield from page.faults
    for tag in ("script", "style"):
        if page.tags.get(tag) != 1:
            yield f"{page.tags.get(tag)} times <{tag}>"
    for tag in ("iframe", "img", "object", "embed", "form", "link", "base", "x-evil"):
        if tag in page.tags:
            yield f"a foreign <{tag}>"
    if "Content-Security-Policy" not in text:
        yield "no policy"


_JUDGES: Mapping[str, Callable[[str], Iterator[str]]] = {
    "json": _json,
    "sarif": _sarif,
    "gitlab": _gitlab,
    "in-toto": _statement,
    "dpv": _linked_data,
    "oscal": _oscal,
    "junit": _junit,
    "csv": _table,
    "ropa-csv": _table,
    "github": _commands,
    "markdown": _markdown,
    "ropa": _markdown,
    "responsibility": _markdown,
    "html": _page,
}


def _format(name: str) -> Target:
    judge: Callable[[Box], None] = partial(written, name)
    return Target(
        name=f"format-{name}",
        kind="law",
        holds=f"a report as {name} is well-formed, text of others stays text, and the exit code is that of json",
        input="texts",
        judge=judge,
        heavy=True,
    )


TARGETS = (
    Target(
        name="written-values",
        kind="law",
        holds="JSON means what it was given and shows all of it; prose breaks where it should",
        input="bytes",
        judge=drawn(
            "report.test_jsontext:test_it_means_what_it_was_given_and_can_be_seen",
            "report.test_style:test_prose_is_broken_as_the_standard_library_breaks_it",
        ),
    ),
    Target(
        name="pictures",
        kind="law",
        holds="a graph fits its schema, and Mermaid and DOT draw what is there and nothing that a text asks for",
        input="texts",
        judge=picture,
    ),
    *map(_format, format_ids()),
)
