"""`fedpolicy enforce`: write down what enforces a declaration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.cli.errors import CLEAN, FINDINGS
from fedpolicy.cli.options import FILE, catalog_option, debug_option, deployment_option
from fedpolicy.cli.question import Question, with_question
from fedpolicy.cli.terminal import chatter, emit, write
from fedpolicy.enforce import load_target, target_ids
from fedpolicy.errors import InputError

if TYPE_CHECKING:
    from fedpolicy.enforce.plan import Enforced


@click.command("enforce")
@click.argument("file", type=FILE)
@click.option("--target", required=True, type=click.Choice(target_ids()), help="What is to enforce it.")
@click.option("--party", default="", metavar="PARTY", help="Only for the nodes of this party; by default for all.")
@click.option(
    "--address",
    "addresses",
    multiple=True,
    metavar="NAME=WHERE",
    help="Where a node or a party is found: a host, or a range of addresses; may be repeated.",
)
@click.option(
    "--algorithm", "algorithms", multiple=True, metavar="IMAGE", help="A program that may run; may be repeated."
)
@click.option("--output", "-o", metavar="FILE", help="Write it to this file instead of standard output.")
@click.option("--force", is_flag=True, help="Replace the file, if it is there.")
@click.option("--strict", is_flag=True, help="Exit with 1 where the target cannot express something.")
@deployment_option
@catalog_option
@debug_option
@with_question
def command(question: Question, target: str, *, strict: bool, **options: Any) -> int:  # noqa: ANN401  click's
    """
    Compile a declaration into what enforces it.

    \b
    Targets:
      networkpolicy     Kubernetes: everything denied but the declared flows
      nvflare-privacy   a site's privacy.json for NVIDIA FLARE
      vantage6          policies and whitelist of a node
      egress-allowlist  hosts that nodes may talk to, one a line

    What a target cannot express is said on standard error, and the rest is written.
    """  # noqa: D301  click reads the \b itself
    done = _enforced(question, target, options)
    if question.output in (None, "-"):
        emit(done.text, None)
    else:
        _keep(Path(str(question.output)), done.text, force=options["force"])
    for one in done.left_out:
        chatter(f"note: {one.span}: {one.message}{f' ({one.help})' if one.help else ''}\n")
    return FINDINGS if strict and done.left_out else CLEAN


def _enforced(question: Question, target: str, options: Mapping[str, Any]) -> Enforced:
    from fedpolicy.enforce.plan import Plan

    addresses = _addresses(options["addresses"])
    document, study = question.study()
    plan = Plan(document, study, party=options["party"], addresses=addresses, algorithms=options["algorithms"])
    return load_target(target).write(plan)


def _addresses(given: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in given:
        name, _, where = one.partition("=")
        if not name or not where or where.split() != [where]:
            raise InputError(f"`{one}` says no address", help="write NAME=WHERE, as openai=203.0.113.0/24")
        found.setdefault(name, []).append(where)
    return found


def _keep(target: Path, text: str, *, force: bool) -> None:
    if target.exists() and not force:
        raise InputError(f"`{target.as_posix()}` is already there", help="--force replaces it")
    write(target, text)
    chatter(f"wrote {target.as_posix()}\n")
