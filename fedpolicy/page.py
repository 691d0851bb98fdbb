"""A page for people, as plain data: sections of paragraphs, tables, lists, code and pictures, in any markup."""

from __future__ import annotations

from fedpolicy.records import dataclass

__all__ = ["Block", "Code", "Items", "Page", "PageSection", "Paragraph", "Picture", "Table", "Tile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A few sentences."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under heads; the first cell of a row names it."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Lines as they are, such as a diff."""

    text: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A map or plot as SVG, with its words escaped already, and a sentence for those who do not see it."""

    svg: str
    title: str
    kind: str = "map"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSection:
    """One thing that a page tells; `folded` shows its title until somebody asks for more."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A number that somebody looks for first; `bad` marks one that should be lower."""

    value: str
    label: str
    bad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """
    The whole page; `verdict` is a word and `lead` says it in sentences.

    `marks` stand small beside them, such as digests; `foot` says what the page rests on.
    """

    title: str
    verdict: str
    lead: tuple[str, ...]
    sections: tuple[PageSection, ...]
    tiles: tuple[Tile, ...] = ()
    marks: tuple[str, ...] = ()
    foot: tuple[str, ...] = ()
    signed: bool = False


Block = Paragraph | Items | Table | Code | Picture | PageSection
