"""Datasets: one element per entry of `datasets`, all its instances together, and what their permits allow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from fedpolicy.analysis.exposure import Reading
from fedpolicy.analysis.openness import contents
from fedpolicy.graph.jobs import UNKNOWN
from fedpolicy.graph.lookup import family_of, ordered
from fedpolicy.language.model.dataset import Dataset, Permit, RiskAppetite
from fedpolicy.policy.elements.shared import any_in_eea, boolean, data_fields, in_eea, number, open_field, texts, words
from fedpolicy.policy.elements.usage import used_of
from fedpolicy.policy.fields import Kind, Missing, Presence, Subject, Type, fields_of
from fedpolicy.policy.world import Territories, World
from fedpolicy.records import dataclass, replace


def _days_left(world: World, family: str) -> int | Missing | None:
    """How many days the permit of a dataset still holds; missing where its end, or the day itself, is not known."""
    dataset = world.deployment.datasets[family]
    if dataset.permit is None or dataset.permit.expires is None or not world.today:
        return None
    return (dataset.permit.expires - date.fromisoformat(world.today)).days


def has_permit(world: World, families: Iterable[str]) -> bool:
    """Whether any of these datasets has a permit that holds."""
    return bool(list(_permits(world, families)))


def _outside(world: World, parties: Sequence[str], families: Iterable[str]) -> list[str] | Missing:
    """Those of some parties whose people some permit does not name; missing where one names nobody."""
    found: list[str] = []
    missing: list[str] = []
    for family, permit in _permits(world, families):
        if permit.people is None:
            missing.append(f"datasets.{family}.permit.people")
        else:
            found += [party for party in parties if party not in permit.people]
    return ordered(found) if found or not missing else Missing(tuple(sorted(missing)))


def _smallest_group(world: World, family: str) -> int | Missing | None:
    """
    The units of one instance; of all together, where the risk appetite counts over the federation.

    Where it does not say how it counts, the smaller one is enough where it is not too few.
    """
    dataset = world.deployment.datasets[family]
    appetite = dataset.risk_appetite
    if dataset.subjects is None or appetite is None:
        return None
    together = dataset.subjects * _holders(world, family)
    if appetite.min_count_scope is not None:
        return together if appetite.min_count_scope == "federation" else dataset.subjects
    if appetite.min_count is None or dataset.subjects < appetite.min_count <= together:
        return Missing((f"datasets.{family}.risk_appetite.min_count_scope",))
    return dataset.subjects


def _largest_share(world: World, family: str) -> float:
    """The share of one instance, where all are alike."""
    return 1.0 / max(1, _holders(world, family))


def _holders(world: World, family: str) -> int:
    """How many places hold it, cohorts counted in full."""
    graph = world.graph
    items = (graph.data[number] for number in graph.numbers(world.lookup.instances_of([family])))
    return sum(graph.vertices[item.place].weight for item in items)


def _permits(world: World, families: Iterable[str]) -> Iterable[tuple[str, Permit]]:
    for family in families:
        dataset = world.deployment.datasets.get(family)
        permit = dataset.permit if dataset else None
        if permit is not None and not permit.ended(world.today):
            yield family, permit


PERMITS = (
    boolean("under_permit", "some of the data have a permit that holds", lambda v: has_permit(v.world, v.families)),
    open_field(
        "outside_permit",
        Type.LIST,
        "those of these parties whose people the permits of the data do not name",
        lambda v: _outside(v.world, v.parties, v.families),
    ),
)


@dataclass(frozen=True, slots=True)
class DatasetView:
    """One entry of `datasets`."""

    world: World
    id: str
    dataset: Dataset
    only: tuple[str, ...] | None = None  # the owners that a law protects, where a rule looks at them alone
    others: tuple[str, ...] = ()  # beside these, the owners of whom nobody says whether it does

    @property
    def families(self) -> tuple[str, ...]:
        """The dataset itself."""
        return (self.id,)

    @property
    def owners(self) -> list[str]:
        """Who owns an instance."""
        return self.world.owners([self.id]) if self.only is None else list(self.only)


def _trained_by(view: DatasetView) -> Presence:
    """The tasks that train on it; not known where nobody says what the only ones do."""
    tasks = view.world.deployment.tasks
    methods = {name: task.method for name, task in tasks.items() if view.id in view.world.use_data(f"tasks.{name}")}
    found = [
        f"tasks.{name}" for name, one in methods.items() if one != UNKNOWN and view.world.catalog.methods[one].trains
    ]
    unsure = tuple(f"tasks.{name}.method" for name, one in methods.items() if one == UNKNOWN)
    return Missing(unsure) if unsure and not found else ordered(found)


def _trained_into(view: DatasetView) -> Iterable[str]:
    study = view.world.study
    learned = {name: contents(study.graph, study.exposure, name, Reading.LOW) for name in view.world.models}
    return (name for name, instances in learned.items() if view.id in map(family_of, instances))


def _releases_to(view: DatasetView) -> Presence:
    releases = view.dataset.releases
    return None if releases is None else ordered(to for release in releases for to in release.to)


def _exceeded(view: DatasetView) -> str:
    """What of the risk appetite is exceeded, in words."""
    appetite, units = view.dataset.risk_appetite, _smallest_group(view.world, view.id)
    if appetite is None:
        return ""
    scope = {"local": "at each place", "federation": "at all places together", None: "however they are counted"}
    few = isinstance(units, int) and appetite.min_count is not None and units < appetite.min_count
    found = [
        f"is made of {units} units {scope[appetite.min_count_scope]}, and {appetite.min_count} are asked for"
    ] * few
    if _dominated(view):
        share = round(_largest_share(view.world, view.id), 3)
        found.append(f"comes to {share:g} from one place, and at most {appetite.dominance:g} is allowed")
    return "; it ".join(found)


def _too_few(view: DatasetView) -> Presence:
    """Whether a number is made of fewer units than are asked for."""
    appetite, units = view.dataset.risk_appetite, _smallest_group(view.world, view.id)
    if appetite is None or (appetite.min_count is None and not appetite.says_unknown("min_count")):
        return False
    if appetite.min_count is None:
        return Missing((f"datasets.{view.id}.risk_appetite.min_count",))
    return units if units is None or isinstance(units, Missing) else units < appetite.min_count


def _leaves(view: DatasetView) -> Presence:
    """Whether another party learns something about it; not known where the facts leave that open."""
    found = view.world.learned.get(view.id, ())
    if any(one.low > 0 for one in found):
        return True
    return Missing(tuple(sorted({fact for one in found for fact in one.missing}))) if found else False


def _used_by(view: DatasetView) -> Presence:
    found = used_of(view.world, view.id, view.owners)
    unsure = [] if found else used_of(view.world, view.id, view.others)
    return Missing(view.world.whereabouts(view.others)) if unsure else found


def _public_owner(view: DatasetView) -> Presence:
    lookup = view.world.lookup
    if any("public-body" in lookup.roles(owner) for owner in view.owners):
        return True
    unsure = [owner for owner in view.others if "public-body" in lookup.roles(owner)]
    return Missing(view.world.whereabouts(unsure)) if unsure else False


def _has_releases(view: DatasetView) -> Presence:
    return None if view.dataset.says_unknown("releases") else view.dataset.releases is not None


def _dominated(view: DatasetView) -> bool | None:
    appetite = view.dataset.risk_appetite
    if appetite is None or appetite.dominance is None:
        return None if appetite and appetite.says_unknown("dominance") else False
    return _largest_share(view.world, view.id) > appetite.dominance


_FIELDS = (
    words("id", "its id", lambda view: view.id),
    texts("owners", "who owns an instance of it", lambda view: view.owners),
    texts(
        "owner_roles",
        "roles of these owners",
        lambda view: ordered(r for o in view.owners for r in view.world.lookup.roles(o)),
    ),
    texts("nodes", "where it is stored", lambda view: ordered(map(family_of, view.dataset.at))),
    *data_fields(of="the dataset"),
    *fields_of(Dataset, lambda view: view.dataset),
    *fields_of(Permit, lambda view: view.dataset.permit, under="permit.", at="permit."),
    open_field(
        "permit.days_left",
        Type.INT,
        "how many days its permit still holds; negative where it has ended",
        lambda view: _days_left(view.world, view.id),
        key="permit.expires",
    ),
    *fields_of(RiskAppetite, lambda view: view.dataset.risk_appetite, under="risk_appetite.", at="risk_appetite."),
    open_field(
        "smallest_group",
        Type.INT,
        "how many units a number of it is made of, counted as `risk_appetite` says",
        lambda view: _smallest_group(view.world, view.id),
        key="subjects",
    ),
    words("exceeded", "what of `risk_appetite` is exceeded, in words", _exceeded),
    open_field(
        "dominated",
        Type.BOOL,
        "one instance gives more than `risk_appetite.dominance` allows, where all are alike",
        _dominated,
        key="risk_appetite.dominance",
    ),
    number(
        "largest_share",
        "the share of one instance where all are alike",
        lambda view: _largest_share(view.world, view.id),
    ),
    boolean("under_permit", "it has a permit that holds", lambda view: has_permit(view.world, [view.id])),
    boolean("has_risk_appetite", "`risk_appetite` is stated", lambda view: view.dataset.risk_appetite is not None),
    open_field(
        "too_few",
        Type.BOOL,
        "a number of it is made of fewer units than `risk_appetite` asks",
        _too_few,
        key="subjects",
    ),
    open_field("has_releases", Type.BOOL, "the owner states limits", _has_releases, key="releases"),
    open_field(
        "releases_to", Type.LIST, "the parties to which the owner allows anything", _releases_to, key="releases"
    ),
    open_field(
        "owner_jurisdictions", Type.LIST, "where its owners are", lambda view: view.world.jurisdictions(view.owners)
    ),
    open_field("owners_in_eea", Type.BOOL, "all its owners are in the EEA", lambda v: in_eea(v.world, v.owners)),
    open_field("eea_owner", Type.BOOL, "some owner of it is in the EEA", lambda v: any_in_eea(v.world, v.owners)),
    open_field("used_by", Type.LIST, "tasks and calls that use it, such as tasks.adapt", _used_by),
    open_field("public_owner", Type.BOOL, "a public body is among its owners", _public_owner),
    texts("learned_by_models", "models that surely contain something of it", _trained_into),
    open_field("trained_by", Type.LIST, "tasks that train on it, such as tasks.adapt", _trained_by),
    open_field("leaves_owner", Type.BOOL, "another party learns something about it", _leaves),
)


def _subjects(world: World) -> Sequence[Subject]:
    return [
        Subject(id=f"datasets.{name}", path=("datasets", name), data=DatasetView(world, name, dataset))
        for name, dataset in sorted(world.deployment.datasets.items())
    ]


def _within(world: World, subject: Subject, territories: Territories) -> Iterable[Subject]:
    """The same dataset with the owners whom a law protects, or may protect, where it surely protects none."""
    view: DatasetView = subject.data
    found = world.protected(view.owners, territories)
    if found.all:
        doubt = () if found.sure else world.whereabouts(found.unsure)
        others = found.unsure if found.sure else ()
        yield replace(subject, data=replace(view, only=found.all, others=others), doubt=doubt)


KIND = Kind(
    name="dataset",
    about="an entry of `datasets`, all its instances together",
    fields=_FIELDS,
    subjects=_subjects,
    within=_within,
)
