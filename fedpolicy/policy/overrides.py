"""What settings say against the rules and facts as they come: rules off, severities lowered, facts replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from fedpolicy.catalog.load import Catalog
from fedpolicy.catalog.rows import ROWS
from fedpolicy.errors import Problems
from fedpolicy.findings import Override, Severity
from fedpolicy.policy.housekeeping import OWN_RULES
from fedpolicy.policy.load import load_rules

if TYPE_CHECKING:
    from fedpolicy.settings import Settings

__all__ = ["overrides_of"]


def overrides_of(settings: Settings, catalog: Catalog) -> tuple[Override, ...]:
    """Everything that settings change, in the order in which it is told."""
    return tuple(_found(settings, catalog))


def _found(settings: Settings, catalog: Catalog) -> Iterator[Override]:
    said = settings.configured or settings.select or settings.ignore or settings.params
    grades = _grades(settings) if said else {}
    yield from _names("rules_off", "rules", [one for one in settings.disabled if one in grades], settings)
    ignored = [one for one in grades if any(fnmatchcase(one, pattern) for pattern in settings.ignore)]
    yield from _names("rules_ignored", "ignore", ignored, settings)
    if settings.select:
        left = [one for one in grades if not any(fnmatchcase(one, pattern) for pattern in settings.select)]
        amount = len([one for one in left if one not in OWN_RULES])
        if amount:
            yield Override(what="rules_not_selected", by=_by("select", settings), amount=amount)
    yield from _names("severities_lowered", "rules", _lowered(settings, grades), settings)
    for by, keys in _params(settings, grades).items():
        yield Override(what="parameters_set", by=by, amount=len(keys), names=tuple(sorted(keys)))
    yield from _names("facts_replaced", "catalogs", _replaced(catalog), settings)


def _names(what: str, key: str, names: Sequence[str], settings: Settings) -> Iterator[Override]:
    if names:
        yield Override(what=what, by=_by(key, settings), amount=len(names), names=tuple(sorted(names)))


def _by(key: str, settings: Settings) -> str:
    return settings.origins.get(key, "the settings")


def _grades(settings: Settings) -> dict[str, Severity]:
    """The rules as their packs have them; none where the packs cannot be used, which is said elsewhere."""
    own = {name: rule.severity for name, rule in OWN_RULES.items()}
    try:
        return own | {rule.id: rule.severity for rule in load_rules(settings.packs, files=settings.files)}
    except Problems:
        return {}


def _lowered(settings: Settings, grades: Mapping[str, Severity]) -> list[str]:
    words = {severity.label: severity for severity in Severity}
    return [
        name
        for name, word in settings.severities.items()
        if name in grades and words.get(word, Severity.CRITICAL) < grades[name]
    ]


def _params(settings: Settings, grades: Mapping[str, Severity]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key in settings.params:
        if key.partition(".")[0] in grades:
            found.setdefault(_by(f"params.{key}", settings), []).append(key)
    if settings.max_epsilon is not None:
        found.setdefault(_by("max_epsilon", settings), []).append("max_epsilon")
    return found


def _replaced(catalog: Catalog) -> list[str]:
    return [f"{section}.{key}" for section in ROWS for key in getattr(catalog, section).replaced()]
