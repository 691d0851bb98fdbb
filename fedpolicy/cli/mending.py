"""What `fedpolicy repair` does with its options."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fedpolicy import sources
from fedpolicy.cli.configured import choose, find_config
from fedpolicy.cli.errors import CLEAN, FINDINGS
from fedpolicy.cli.terminal import chatter, emit, look_of, stdin_bytes, write
from fedpolicy.cli.trusted import trusted
from fedpolicy.config.find import Config
from fedpolicy.errors import OutputError, SettingsError
from fedpolicy.repair.answer import Choice, Request, repair
from fedpolicy.repair.change import costs_of
from fedpolicy.repair.changes import kinds
from fedpolicy.report.repair import Proposal, Repairs, as_json, as_text
from fedpolicy.report.style import PLAIN
from fedpolicy.suggest import advise

__all__ = ["mend"]

_STDIN = "-"


def mend(file: str, form: str, output: str | None, number: int | None, options: Mapping[str, Any]) -> int:
    """
    Search, write one proposal into the file if that is asked for, write the answer, and give the exit code.

    Raises SettingsError for options that fit nothing, UnwritableError and OutputError for what cannot be written.
    """
    config = find_config(options["config"], isolated=options["isolated"])
    choices = choose(config, options)
    _must_differ(file, output)
    source = _source(file, number)
    request = Request(
        source=source,
        settings=trusted(choices, config, options),
        costs=_costs(config, options["costs"]),
        choice=Choice(
            fail_on=choices.fail_on, strict=choices.strict, findings=options["findings"], rules=options["wanted"]
        ),
        deployment=options["deployment"],
        proposals=max(options["proposals"], number or 1),
        rechecks=options["rechecks"],
        fills=options["fills"],
    )
    repairs = repair(request)
    if number is not None and repairs.proposals:
        _write(Path(file), source, _chosen(repairs, number))
    look = PLAIN if output else look_of(sys.stdout, no_color=options["no_color"])
    emit(as_json(repairs) if form == "json" else as_text(repairs, look), output)
    return CLEAN if repairs.complete else FINDINGS


def _must_differ(file: str, output: str | None) -> None:
    if output and file != _STDIN and Path(output).resolve() == Path(file).resolve():
        message = f"`{file}` is what is to be repaired, and the answer would replace it"
        raise SettingsError(message, help="name another file for --output; --write changes the deployment itself")


def _source(file: str, number: int | None) -> sources.Source:
    if file != _STDIN:
        return sources.read(file)
    if number is not None:
        raise SettingsError("standard input cannot be written to", help="name a file, or leave out --write")
    return sources.Source(name=sources.STDIN, text=stdin_bytes())


def _costs(config: Config, given: Mapping[str, float]) -> dict[str, float]:
    """The command line over the configuration over what kinds cost by themselves."""
    costs = costs_of(kinds())
    own = config.file.repair.costs if config.file else {}
    for kind in (*own, *given):
        if kind not in costs:
            raise SettingsError(f"there is no kind of change `{kind}`", help=advise(kind, sorted(costs)))
    return {**costs, **own, **given}


def _chosen(repairs: Repairs, number: int) -> Proposal:
    if number > len(repairs.proposals):
        found = len(repairs.proposals)
        advice = f"there {'is' if found == 1 else 'are'} {found}; nothing was written"
        raise SettingsError(f"there is no proposal {number}", help=advice)
    chosen = repairs.proposals[number - 1]
    if chosen.unwritable is not None:
        raise chosen.unwritable
    if chosen.blanks:
        blank = chosen.blanks[0]
        message = f"proposal {number} needs a value that only you know: `{blank.path}`, {blank.what}"
        raise SettingsError(message, help=f"add --fill {blank.path}=VALUE; nothing was written")
    return chosen


def _write(path: Path, source: sources.Source, proposal: Proposal) -> None:
    """Put what was proved in the place of what was read, whole or not at all."""
    if not path.is_file() or not os.access(path, os.W_OK):
        raise OutputError(f"`{source.name}` cannot be written", help="it is no plain file, or you may not change it")
    if path.read_bytes() != source.text:
        raise OutputError(f"`{source.name}` has changed in the meantime", help="run it again; nothing was written")
    write(path, proposal.text or "")
    chatter(f"{source.name}: proposal {proposal.number} is written\n")
