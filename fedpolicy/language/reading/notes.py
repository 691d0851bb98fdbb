"""Mistakes in the YAML of a file: those that are noted while reading goes on, and those that end a document."""

from __future__ import annotations

import re
from dataclasses import field

from fedpolicy.errors import FedPolicyError, SpecError
from fedpolicy.language.reading.mistakes import MAX_REPORTED
from fedpolicy.language.reading.text import Text
from fedpolicy.records import dataclass

__all__ = ["Fatal", "Notes"]

_WORD = re.compile(r"\S{0,200}")


class Fatal(Exception):  # noqa: N818  it stops one document, it is not the error itself
    """A document is given up: why, and the offset behind which the next one may start (None: give up the file)."""

    def __init__(self, error: FedPolicyError, resume: int | None) -> None:
        super().__init__(str(error))
        self.error = error
        self.resume = resume


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """Collects the mistakes of one file; the place of each one is the word that starts at an offset."""

    text: Text
    errors: list[FedPolicyError] = field(default_factory=list)

    def add(self, message: str, start: int, advice: str) -> None:
        """Note a mistake; raises Fatal when there are too many of them to be worth reading on."""
        self.errors.append(self.error(message, start, advice))
        if len(self.errors) >= MAX_REPORTED:
            raise self.fatal("too many mistakes; the rest of the file is not read", start, "mend the ones above first")

    def error(self, message: str, start: int, advice: str) -> SpecError:
        """A mistake with its place."""
        word = _WORD.match(self.text.content, start)
        return SpecError(message, span=self.text.span(start, word.end() if word else start), help=advice)

    def fatal(self, message: str, start: int, advice: str, *, resume: int | None = None) -> Fatal:
        """A mistake that ends the document, and the file too where no offset to resume at is given."""
        return Fatal(self.error(message, start, advice), resume)
