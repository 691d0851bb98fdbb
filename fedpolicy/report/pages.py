"""
A page as one HTML file, and as Markdown that forges, wikis and converters read.

The HTML needs no network, and has nothing but its own style and script, which its policy names by their digests.
Whatever comes from a deployment is escaped in one place. Without the script everything can be read, and printed.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape
from importlib import resources

from fedpolicy.page import Block, Code, Items, Page, PageSection, Paragraph, Picture, Table, Tile
from fedpolicy.report import clean
from fedpolicy.report.markup import grid, line, prose

_LEVELS = ("none", "bounded", "inferable", "reconstructable", "verbatim")
_SEVERITIES = ("critical", "high", "medium", "low", "info")
_LONG = 12  # characters of a word that stays whole
_PIECES = re.compile(r"[(\[{]?[^\W_]{1,20}[\W_]?|[\W_]{1,20}")  # a bracket stays with what it opens
_MOST = 400  # characters of one cell or title; a name may have ten thousand
_MARKED = {"FAIL": "fail", "ERROR": "fail", "STOPPED": "fail", "OPEN": "open", "OUTSIDE": "open", "PASS": "pass"}


def page_html(page: Page) -> str:
    """Write the page."""
    style, script = (_part(name) for name in ("page.css", "page.js"))
    policy = f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; base-uri 'none'"
    head = [
        "<!doctype html>",
        '<html lang="en">',
        '<head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}; form-action \'none\'">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{_text(page.verdict)}: {_text(page.title)}</title>",
        f"<style>{style}</style></head>",
    ]
    return "\n".join([*head, "<body>", *_body(page), f"<script>{script}</script>", "</body></html>"]) + "\n"


def _body(page: Page) -> Iterator[str]:
    yield '<a class="skip" href="#main">Skip to the content</a>'
    yield from _header(page)
    yield '<nav aria-label="On this page"><ul>'
    yield from (f'<li><a href="#{_id(one.id)}">{_text(one.title)}</a></li>' for one in page.sections)
    yield '</ul></nav><main id="main">'
    yield from _tiles(page.tiles)
    for section in page.sections:
        yield from _section(section, 2)
    if page.signed:
        yield '<p class="sign"><span>Name</span><span>Role</span><span>Date</span><span>Signature</span></p>'
    yield "</main><footer>"
    yield from (f"<p>{_words(text)}</p>" for text in page.foot)
    yield "</footer>"


def _header(page: Page) -> Iterator[str]:
    mark = _MARKED.get(page.verdict, "open")
    yield f'<header class="band {mark}"><p class="word">{_text(page.verdict)}</p><div><h1>{_text(page.title)}</h1>'
    yield from (f"<p>{_words(text)}</p>" for text in page.lead)
    if page.marks:
        yield f'<p class="marks">sha256: {"; ".join(f"<span>{_words(mark)}</span>" for mark in page.marks)}</p>'
    yield "</div></header>"


def _tiles(tiles: Sequence[Tile]) -> Iterator[str]:
    if tiles:
        yield '<ul class="tiles">'
        for tile in tiles:
            kind = ' class="bad"' if tile.bad else ""
            yield f"<li{kind}><b>{_text(tile.value)}</b> <span>{_text(tile.label)}</span></li>"
        yield "</ul>"


def _section(section: PageSection, depth: int) -> Iterator[str]:
    head = f"<h{depth}>{_text(section.title)}</h{depth}>"
    kind = "section" if depth == 2 else "div"  # noqa: PLR2004  the sections of the page itself
    yield f'<{kind} id="{_id(section.id)}">'
    yield f"<details><summary>{head}</summary>" if section.folded else head
    for block in section.blocks:
        yield from _block(block, depth, section.title)
    yield "</details>" if section.folded else ""
    yield f"</{kind}>"


def _block(block: Block, depth: int, title: str) -> Iterator[str]:
    if isinstance(block, PageSection):
        yield from _section(block, depth + 1)
    elif isinstance(block, Paragraph):
        yield f"<p>{_words(block.text)}</p>"
    elif isinstance(block, Items):
        yield "<ul>" + "".join(f"<li>{_words(text)}</li>" for text in block.items) + "</ul>"
    elif isinstance(block, Table):
        yield from _table(block, title)
    elif isinstance(block, Picture):
        yield f'<figure class="{block.kind}">{block.svg}<figcaption>{_words(block.title)}</figcaption></figure>'
    elif isinstance(block, Code):
        yield from _code(block)


def _table(table: Table, title: str) -> Iterator[str]:
    """A caption that repeats the title of its section is for those who hear it."""
    kind = ' class="same"' if table.caption == title else ""
    yield f'<div class="wide" role="region" aria-label="{_text(table.caption)}" tabindex="0"><table>'
    yield f"<caption{kind}>{_text(table.caption)}</caption><thead><tr>"
    yield "".join(f'<th scope="col">{_text(head)}</th>' for head in table.heads)
    yield "</tr></thead><tbody>"
    for first, *rest in table.rows:
        yield f'<tr><th scope="row">{_words(first)}</th>{"".join(map(_cell, rest))}</tr>'
    yield "</tbody></table></div>"


def _cell(text: str) -> str:
    word = text.partition(" ")[0]
    if word in _LEVELS:
        return f'<td class="level l{_LEVELS.index(word)}">{_words(text)}</td>'
    return f'<td class="grade {word}">{_words(text)}</td>' if word in _SEVERITIES else f"<td>{_words(text)}</td>"


def _code(code: Code) -> Iterator[str]:
    lines = []
    for part in code.text.rstrip("\n").split("\n"):
        kind = {"+": "ins", "-": "del"}.get(part[:1])
        shown = escape(clean(part))
        lines.append(f"<{kind}>{shown}</{kind}>" if kind else shown)
    title = f'<p class="quoted">{_words(code.title)}</p>' if code.title else ""
    text = "\n".join(lines)
    yield f'{title}<pre tabindex="0"><code>{text}</code></pre>'


def _words(text: str) -> str:
    """Prose; what stands between backticks is code."""
    parts = _short(text).split("`")
    if len(parts) % 2 == 0:
        return _broken("`".join(parts))
    return "".join(f"<code>{_broken(part)}</code>" if at % 2 else _broken(part) for at, part in enumerate(parts))


def _text(text: str) -> str:
    return escape(_short(text))


def _broken(text: str) -> str:
    """Escaped words; a long one may break where its parts meet, and anywhere if it has none."""
    return " ".join(
        escape(word) if len(word) <= _LONG else "<wbr>".join(map(escape, _PIECES.findall(word)))
        for word in text.split(" ")
    )


def _short(text: str) -> str:
    """On one line, nothing that turns the direction of writing, and no longer than somebody reads."""
    plain = clean(" ".join(text.split()))
    return plain if len(plain) <= _MOST * 4 else f"{plain[: _MOST * 4]}…"


def _id(text: str) -> str:
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in text)


def _part(name: str) -> str:
    return resources.files("fedpolicy.report").joinpath(name).read_text(encoding="utf-8").strip()


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def page_markdown(page: Page) -> str:
    """Write the page; a picture is told by its sentence, since its SVG is for other readers."""
    parts = [f"# {prose(page.title)}", *(prose(text) for text in page.lead)]
    if page.marks:
        parts.append(f"sha256: {'; '.join(map(prose, page.marks))}")
    if page.tiles:
        heads, values = zip(*((prose(tile.label), prose(tile.value)) for tile in page.tiles), strict=True)
        parts.append(grid(heads, [values]))
    for section in page.sections:
        parts += _markdown_section(section, 2)
    if page.signed:
        parts.append("Name, role, date, signature: ____________________________________________")
    parts += [f"*{prose(text)}*" for text in page.foot]
    return "\n\n".join(parts) + "\n"


def _markdown_section(section: PageSection, depth: int) -> Iterator[str]:
    yield f"{'#' * depth} {prose(section.title)}"
    for block in section.blocks:
        yield from _markdown_block(block, depth)


def _markdown_block(block: Block, depth: int) -> Iterator[str]:
    if isinstance(block, PageSection):
        yield from _markdown_section(block, depth + 1)
    elif isinstance(block, Paragraph):
        yield prose(block.text)
    elif isinstance(block, Items):
        yield "\n".join(line(prose(text)) for text in block.items)
    elif isinstance(block, Table):
        yield grid([*map(prose, block.heads)], ([prose(cell) or " " for cell in cells] for cells in block.rows))
    elif isinstance(block, Picture):
        yield f"*{prose(block.title)}*"
    elif isinstance(block, Code):
        fence = "`" * max(3, _longest(block.text) + 1)
        yield f"{fence}diff\n{block.text.rstrip()}\n{fence}"


def _longest(text: str) -> int:
    """The most backticks in a row, which a fence has to outdo."""
    most = run = 0
    for char in text:
        run = run + 1 if char == "`" else 0
        most = max(most, run)
    return most
