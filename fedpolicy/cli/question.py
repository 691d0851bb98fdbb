"""What a command is asked about: one deployment, how it is read, and where the answer goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fedpolicy.cli.inputs import input_bytes, limit, named
from fedpolicy.cli.options import (
    answer_options,
    catalog_option,
    deployment_option,
    epsilon_option,
    timeout_option,
    together,
)
from fedpolicy.cli.terminal import emit, look_for
from fedpolicy.limits import TIMEOUT
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.language.reading import Document
    from fedpolicy.report import Style
    from fedpolicy.sources import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A deployment, how it is read, and where the answer goes."""

    file: str
    deployment: str = ""
    catalogs: Sequence[Path] = ()
    max_epsilon: float | None = None
    output: str | None = None
    no_color: bool = False

    def study(self) -> tuple[Document, Study]:
        """Read the deployment, ready to be analysed. Raises what cannot be used."""
        from fedpolicy import check  # noqa: PLC0415  help needs no room
        from fedpolicy.settings import Settings  # noqa: PLC0415

        settings = Settings(catalogs=self.catalogs, max_epsilon=self.max_epsilon)
        return check.study_of(self.source(), check.catalog_of(settings), settings, self.deployment)

    def source(self) -> Source:
        """The file as it is. A folder that was named has one deployment."""
        from fedpolicy.sources import find  # noqa: PLC0415  see above

        return next(find([named(self.file)], input_bytes))

    def look(self) -> Style:
        """How the answer looks where it goes."""
        return look_for(self.output, no_color=self.no_color)

    def answer(self, text: str | bytes) -> None:
        """Write the answer. Raises OutputError."""
        emit(text, self.output)


_ASKED = frozenset(Question.__slots__)


def with_question(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command about one FILE have a question for its options, and take no longer than `--timeout`."""

    @timeout_option
    @wraps(command)
    def limited(*, timeout: float | None, **options: Any) -> Any:  # noqa: ANN401  click's
        limit(options["file"], TIMEOUT if timeout is None else timeout)
        question = Question(**{name: options.pop(name) for name in _ASKED & options.keys()})
        return command(question, **options)

    return limited


study_options = together(deployment_option, catalog_option, epsilon_option, answer_options, with_question)
