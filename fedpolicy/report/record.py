"""A deployment as a record of processing: activities by the fields of GDPR Article 30, and who answers for what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from fedpolicy.analysis.facts import LEVELS, Disclosure
from fedpolicy.page import Activity, DataCategory, Measure, Processor, Recipient, Responsibility, Ropa, Who
from fedpolicy.report import amount, listing

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.graph import DataItem
    from fedpolicy.language.model.entry import Entry
    from fedpolicy.language.model.party import Agreement
    from fedpolicy.language.model.safeguards import Safeguard
    from fedpolicy.language.reading import Document

_SECTIONS = ("tasks", "api_calls", "flows")
_Path = tuple[str | int, ...]
_GOVERNED = (
    ("withdrawal", "when a participant may leave"),
    ("task_approval", "who approves a task before it runs"),
    ("safeguards_set_by", "who sets the parameters of safeguards"),
    ("audit_log", "whether there is a log, and whether it can be changed"),
    ("unlearning", "how a contribution is removed from a model"),
    ("incident_contact", "whom to tell about an incident"),
    ("dpia", "the data protection impact assessment"),
    ("leakage_audit", "the report of an attack on the result"),
)


def record_of(study: Study, document: Document, owner: str = "") -> Ropa:
    """All activities with personal data, of all who own some or of one, in the order of the file's sections."""
    made = _Making(study, document, owner)
    activities = tuple(made.activities())
    return Ropa(
        owner=owner,
        activities=activities,
        processors=tuple(made.processors(activities)),
        responsibilities=(*made.of_safeguards(), *made.of_governance()),
    )


def declared_safeguards(document: Document) -> Iterator[tuple[_Path, Safeguard]]:
    """Every safeguard that the file declares, and where."""
    for section in _SECTIONS:
        for name, entry in sorted(getattr(document.deployment, section).items()):
            for place, spec in enumerate(getattr(entry, "safeguards", None) or ()):
                yield (section, name, "safeguards", place), spec


def resting(study: Study) -> dict[_Path, set[str]]:
    """On whom each safeguard rests, by where it is declared."""
    found: dict[_Path, set[str]] = {}
    for flow in study.graph.flows:
        for guard in flow.guards:
            found.setdefault(guard.path, set()).update(guard.rests_on)
    return found


class _Making:
    """What the parts of one record share."""

    def __init__(self, study: Study, document: Document, owner: str) -> None:
        self._study = study
        self._document = document
        self._file = document.deployment
        self._owner = owner
        self._owner_of = study.lookup.owner_of
        self._items = {item.id: item for item in study.graph.data if owner in ("", self._owner_of[item.id])}
        self._agreements = [one for one in self._file.agreements.values() if not one.ended(study.settings.today)]
        self._rests = resting(study)

    def activities(self) -> Iterator[Activity]:
        """One for each element that does something with personal data, or for a dataset that rests with others."""
        found: dict[str, list[Disclosure]] = {}
        for one in self._study.disclosures:
            for origin in {path[-1].origin if path else "" for path in one.paths} or {""}:
                for name in [origin] if origin else sorted({f"datasets.{item.family}" for item in self._of(one)}):
                    found.setdefault(name, []).append(one)
        named = [f"{section}.{name}" for section in _SECTIONS for name in sorted(getattr(self._file, section))]
        for name in [*named, *sorted(key for key in found if key.startswith("datasets."))]:
            learned = found.get(name, [])
            items = [*self._declared(name), *(item for one in learned for item in self._of(one))]
            personal = [item for item in dict.fromkeys(items) if self._is_personal(item)]
            if personal:
                yield self._activity(name, personal, learned)

    def _activity(self, name: str, items: Sequence[DataItem], learned: Sequence[Disclosure]) -> Activity:
        section, _, own = name.partition(".")
        entry = getattr(self._file, section)[own]
        families = sorted({item.family for item in items})
        datasets = [self._file.datasets[family] for family in families]
        owners = sorted({self._owner_of[item.id] for item in items} - {""})
        return Activity(
            id=name,
            title=self._title(section, entry),
            line=self._document.spans.key((section, own)).line,
            controllers=tuple(map(self._who, owners)),
            joint=tuple(sorted(key for key, one in self._file.agreements.items() if _joins(one, owners))),
            purposes=_stated([getattr(entry, "purpose", None), *(one.purpose for one in datasets)]),
            bases=_stated(one.lawful_basis for one in datasets),
            exceptions=_stated(one.special_basis for one in datasets),
            datasets=tuple(families),
            subjects=tuple(self._subjects(families)),
            kinds=tuple(self._kinds(items)),
            recipients=tuple(self._recipients(learned, owners, families)),
            erasure=tuple(self._erasure(name, entry, families)),
            measures=tuple(self._measures(section, own)),
        )

    def _title(self, section: str, entry: Entry) -> str:
        if section != "tasks":
            return {"api_calls": "Call of a service", "flows": "Transfer", "datasets": "Storage"}[section]
        method = str(getattr(entry, "method", ""))
        row = self._study.catalog.methods.get(method)
        return row.title if row else method

    def _erasure(self, name: str, entry: Entry, families: Iterable[str]) -> Iterator[str]:
        for family in families:
            days = self._file.datasets[family].retention_days
            if days is not None:
                yield f"{family}: {amount(days, 'day')}"
        kept = getattr(entry, "retention_days", None)
        if kept is not None and not name.startswith("datasets."):
            yield f"at the recipient: {amount(kept, 'day')}"

    def _declared(self, name: str) -> Iterator[DataItem]:
        section, _, own = name.partition(".")
        entry = getattr(self._file, section)[own]
        said = {*(getattr(entry, "data", None) or ()), *(getattr(entry, "sends", None) or ())}
        yield from (item for item in self._items.values() if item.family in said or item.id in said)

    def _subjects(self, families: Iterable[str]) -> Iterator[str]:
        for family in families:
            one = self._file.datasets[family]
            if one.subjects is not None:
                yield f"{one.subjects:,} {one.unit or 'record'}s in each instance of {family}"

    def _kinds(self, items: Iterable[DataItem]) -> Iterator[DataCategory]:
        for name in dict.fromkeys(name for item in items for name in item.categories):
            row = self._study.catalog.categories.get(name)
            if row:
                yield DataCategory(
                    id=name, title=row.title, personal=row.personal, special=row.special, dpv=row.dpv or ""
                )
            else:
                yield DataCategory(id=name, title=name, personal=True, special=False)

    def _recipients(
        self, learned: Iterable[Disclosure], owners: Sequence[str], families: Sequence[str]
    ) -> Iterator[Recipient]:
        levels: dict[tuple[str, str], int] = {}
        for one in learned:
            for party in {self._study.lookup.party(name) for name in one.parties} - {self._owner}:
                levels[party, one.role] = max(levels.get((party, one.role), 0), one.high)
        for (party, role), level in sorted(levels.items()):
            who = self._who(party)
            yield Recipient(
                who=who,
                role=role,
                level=LEVELS[level],
                outside=tuple(self._outside(who)),
                tools=tuple(self._tools(party, owners, families)),
            )

    def _outside(self, who: Who) -> Iterator[tuple[str, str]]:
        for code in who.countries:
            row = self._study.catalog.countries.get(code)
            today = self._study.settings.today
            if row is None:
                yield code, "adequacy not known"
            elif not row.eea:
                ended = bool(row.adequacy_until and today and row.adequacy_until < today)
                yield code, f"adequacy {'ended' if ended else row.adequacy or 'not known'}"

    def _tools(self, party: str, owners: Sequence[str], families: Sequence[str]) -> Iterator[tuple[str, str]]:
        for one in self._agreements:
            between = {*one.between, *(owners if "participants" in one.between else ())}
            covered = one.covers is None or set(one.covers) & set(families)
            if one.kind == "transfer" and party in between and between.intersection(owners) and covered:
                yield one.mechanism or "not stated", one.reference or ""

    def _measures(self, section: str, own: str) -> Iterator[Measure]:
        for path, spec in declared_safeguards(self._document):
            if path[:2] == (section, own):
                who = tuple(sorted({self._study.lookup.party(name) for name in self._rests.get(path, ())}))
                yield Measure(kind=spec.kind, rests_on=who, line=self._document.spans.key(path).line)
        said = getattr(getattr(self._file, section)[own], "transport", None)
        transport = said or self._file.transport
        if transport not in (None, "none"):
            where = (section, own, "transport") if said else ("transport",)
            yield Measure(kind=f"transport {transport}", rests_on=(), line=self._document.spans.key(where).line)

    def processors(self, activities: Sequence[Activity]) -> Iterator[Processor]:
        """Those who learn something about data and own none, with the agreements on processing that they have."""
        owners = set(self._owner_of.values())
        parties = {one.who: one for activity in activities for one in activity.recipients if one.who.id not in owners}
        for who, one in sorted(parties.items(), key=lambda pair: pair[0].id):
            if who.id == "public":
                continue
            mine = [activity for activity in activities if any(each.who == who for each in activity.recipients)]
            controllers = sorted({each.id for activity in mine for each in activity.controllers})
            signed = self._signed(who.id, controllers)
            yield Processor(
                who=who,
                controllers=tuple(controllers),
                activities=tuple(activity.id for activity in mine),
                agreements=tuple((f"{key} ({reference})" if reference else key, listing(sorted(with_)))
                                 for key, reference, with_ in signed),
                without=tuple(sorted(set(controllers).difference(*(with_ for _, _, with_ in signed)))),
                outside=one.outside,
                tools=one.tools,
            )  # fmt: skip

    def _signed(self, party: str, controllers: Sequence[str]) -> list[tuple[str, str, set[str]]]:
        """The agreements on processing that a party has: id, reference, and the controllers that are in it."""
        found = []
        for key, one in sorted(self._file.agreements.items()):
            if one in self._agreements and one.kind == "data_processing" and party in one.between:
                whole = "participants" in one.between
                found.append(
                    (key, one.reference or "", set(controllers) if whole else set(one.between) & set(controllers))
                )
        return found

    def of_safeguards(self) -> Iterator[Responsibility]:
        """What each safeguard contributes, in whose hands it is, and for whom it does not count."""
        for path, spec in declared_safeguards(self._document):
            where = ".".join(map(str, path))
            row = self._study.catalog.safeguards.get(spec.kind)
            agreed = spec.approved_by
            yield Responsibility(
                control=row.title if row else spec.kind.replace("_", " "),
                where=where,
                line=self._document.spans.key(path).line,
                rests_on=tuple(sorted({self._study.lookup.party(name) for name in self._rests.get(path, ())})),
                changed_by=tuple(spec.controlled_by or ()),
                consent=f"{agreed.at_least} of {listing(agreed.of)}" if agreed else "",
                contribution=row.how if row else "not stated",
                gap="; ".join(self._gaps(where, spec)),
            )

    def _gaps(self, where: str, spec: Safeguard) -> Iterator[str]:
        for level in ("declared", "guaranteed"):
            reasons: dict[str, set[str]] = {}
            for one in self._study.disclosures:
                owners = {self._owner_of[item.id] for item in self._of(one)}
                for entry in one.not_counted:
                    if entry.safeguard == where and entry.level == level and owners:
                        reasons.setdefault(entry.why, set()).update(owners)
            for why, owners in sorted(reasons.items()):
                yield f"does not count for data of {listing(sorted(owners))}: {why}"
        if spec.controlled_by is None:
            yield "who may change it is not stated"
        yield "that it runs as declared is not shown by this file"

    def of_governance(self) -> Iterator[Responsibility]:
        """What the deployment as a whole has agreed on, and what it leaves open."""
        for key, about in _GOVERNED:
            value = getattr(self._file.governance, key, None)
            said = isinstance(value, str)
            claim = self._document.claims.get(f"governance.{key}")
            shown = f" ({claim.evidence}: {claim.reference})" if claim and claim.reference else ""
            yield Responsibility(
                control=about,
                where=f"governance.{key}",
                line=self._document.spans.at(("governance", key) if said else ("name",)).line,
                contribution=f"{str(value).replace('_', ' ')}{shown}" if said else "",
                gap=f"not stated: {about}" if not said else "that the evidence says so" if shown else "evidence",
            )

    def _of(self, one: Disclosure) -> list[DataItem]:
        return [self._items[name] for name in one.datasets if name in self._items]

    def _is_personal(self, item: DataItem) -> bool:
        rows = [self._study.catalog.categories.get(name) for name in item.categories]
        return not rows or any(row is None or row.personal for row in rows)

    def _who(self, name: str) -> Who:
        entry = self._file.parties.get(name)
        principal = self._study.graph.principals.get(name)
        countries = tuple(sorted(principal.jurisdictions or ())) if principal else ()
        return Who(id=name, name=(entry.name if entry else None) or name, countries=countries)


def _joins(one: Agreement, owners: Sequence[str]) -> bool:
    return one.kind == "joint_controllers" and ("participants" in one.between or set(owners) <= set(one.between))


def _stated(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if isinstance(value, str) and value))
