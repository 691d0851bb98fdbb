"""The rules that a run uses: packs as pinned, with what a configuration says of rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from fedpolicy.errors import FedPolicyError, Problems, SettingsError
from fedpolicy.files import Files
from fedpolicy.policy.digest import digest_of
from fedpolicy.policy.housekeeping import OWN_IDS
from fedpolicy.policy.load import load_rules, shipped_ids, shipped_packs
from fedpolicy.policy.models import Rule
from fedpolicy.resources import policies_dir
from fedpolicy.spec.suggest import advise

__all__ = ["Wanted", "changed", "chosen_rules"]


class Wanted(Protocol):
    """What a run says of rules; see `fedpolicy.pipeline.Settings`."""

    @property
    def packs(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def pins(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def params(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def severities(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def configured(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def disabled(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def select(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def ignore(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def files(self) -> Files: ...  # noqa: D102


def chosen_rules(wanted: Wanted) -> tuple[Rule, ...]:
    """
    Load the packs, refuse one that is not as pinned, and apply what is said of single rules.

    What a configuration says of a rule of another shipped pack is left alone. Raises Problems.
    """
    errors = [error for pack, pin in wanted.pins.items() for error in _changed_pack(pack, pin)]
    if errors:
        raise Problems(errors)
    if not wanted.configured:
        return load_rules(
            wanted.packs, params=wanted.params, select=wanted.select, ignore=wanted.ignore, files=wanted.files
        )
    present = {rule.id for rule in load_rules(wanted.packs, files=wanted.files)}
    elsewhere = shipped_ids() - present
    _must_exist(wanted.configured, present | elsewhere | set(OWN_IDS))
    return load_rules(
        wanted.packs,
        params={name: text for name, text in wanted.params.items() if name.partition(".")[0] not in elsewhere},
        severities={rule: word for rule, word in wanted.severities.items() if rule in present},
        select=wanted.select,
        ignore=(*wanted.ignore, *(rule for rule in wanted.disabled if rule in present)),
        files=wanted.files,
    )


def changed(what: str, path: Path, shown: str, pin: str) -> list[FedPolicyError]:
    """What is wrong with a pack or a catalogue that is not as pinned."""
    found = digest_of(path)
    if found == pin:
        return []
    advice = "read what has changed; if it is right, `fedpolicy pack digest` prints the new digest"
    return [SettingsError(f"the {what} `{shown}` is not the one that is pinned: its digest is {found}", help=advice)]


def _changed_pack(pack: str, pin: str) -> list[FedPolicyError]:
    return changed("pack", policies_dir() / pack if pack in shipped_packs() else Path(pack), pack, pin)


def _must_exist(configured: Sequence[str], known: set[str]) -> None:
    errors = [
        SettingsError(f"no rule is called `{name}`", help=advise(name, sorted(known)))
        for name in configured
        if name not in known
    ]
    if errors:
        raise Problems(errors)
