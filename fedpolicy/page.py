"""What reports for people and authorities are made of, as plain data: a page, and a record of processing."""

from __future__ import annotations

from fedpolicy.records import dataclass


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A party: its id, its name where the file states one, its countries (ISO 3166-1 alpha-2)."""

    id: str
    name: str
    countries: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The name and the id."""
        return f"{self.name} ({self.id})" if self.name != self.id else self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class DataCategory:
    """A category of data; `dpv` is its term in the Data Privacy Vocabulary."""

    id: str
    title: str
    personal: bool
    special: bool
    dpv: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """
    Somebody who can learn something: in which capacity, up to which level.

    `outside` are its countries that are not in the EEA, with what the catalogue says of an adequacy decision; `tools`
    are the transfer agreements that the file names.
    """

    who: Who
    role: str
    level: str
    outside: tuple[tuple[str, str], ...] = ()
    tools: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A safeguard of an activity: its kind, on whom it rests, and where it stands in the file."""

    kind: str
    rests_on: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What one element of the file does with data of its controllers, by the fields of GDPR Article 30(1)."""

    id: str
    title: str
    line: int
    controllers: tuple[Who, ...]
    joint: tuple[str, ...]
    purposes: tuple[str, ...]
    bases: tuple[str, ...]
    exceptions: tuple[str, ...]
    datasets: tuple[str, ...]
    subjects: tuple[str, ...]
    kinds: tuple[DataCategory, ...]
    recipients: tuple[Recipient, ...]
    erasure: tuple[str, ...]
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """
    Somebody who learns something and owns none of the data: for whom, in which activities (GDPR Article 30(2)).

    `agreements` are those on processing that it has, with the controllers that have one; `without` are the others.
    """

    who: Who
    controllers: tuple[str, ...]
    activities: tuple[str, ...]
    agreements: tuple[tuple[str, str], ...]
    without: tuple[str, ...]
    outside: tuple[tuple[str, str], ...]
    tools: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Responsibility:
    """A control: on whom it rests, who may change it, what the file contributes to it, and what remains to be shown."""

    control: str
    where: str
    line: int
    contribution: str
    gap: str
    rests_on: tuple[str, ...] = ()
    changed_by: tuple[str, ...] = ()
    consent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ropa:
    """All activities of a deployment, of all controllers or of one, and who answers for which control."""

    owner: str
    activities: tuple[Activity, ...]
    processors: tuple[Processor, ...]
    responsibilities: tuple[Responsibility, ...]
