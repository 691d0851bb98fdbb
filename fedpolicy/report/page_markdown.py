"""A page as Markdown that forges, wikis and converters read."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.page import Block, Code, Items, Page, Paragraph, Picture, Section, Table
from fedpolicy.report.markup import line, prose, row

__all__ = ["page_markdown"]


def page_markdown(page: Page) -> str:
    """Write the page; a picture is told by its sentence, since its SVG is for other readers."""
    parts = [f"# {prose(page.title)}", *(prose(text) for text in page.lead)]
    if page.marks:
        parts.append(f"sha256: {'; '.join(map(prose, page.marks))}")
    if page.tiles:
        heads, values = zip(*((prose(tile.label), prose(tile.value)) for tile in page.tiles), strict=True)
        parts.append("\n".join([row(*heads), row(*("---" for _ in heads)), row(*values)]))
    for section in page.sections:
        parts += _section(section, 2)
    if page.signed:
        parts.append("Name, role, date, signature: ____________________________________________")
    parts += [f"*{prose(text)}*" for text in page.foot]
    return "\n\n".join(parts) + "\n"


def _section(section: Section, depth: int) -> Iterator[str]:
    yield f"{'#' * depth} {prose(section.title)}"
    for block in section.blocks:
        yield from _block(block, depth)


def _block(block: Block, depth: int) -> Iterator[str]:
    if isinstance(block, Section):
        yield from _section(block, depth + 1)
    elif isinstance(block, Paragraph):
        yield prose(block.text)
    elif isinstance(block, Items):
        yield "\n".join(line(prose(text)) for text in block.items)
    elif isinstance(block, Table):
        cells = [row(*(prose(cell) or " " for cell in cells)) for cells in block.rows]
        yield "\n".join([row(*map(prose, block.heads)), row(*("---" for _ in block.heads)), *cells])
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
