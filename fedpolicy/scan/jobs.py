"""What one deployment is made to do: the jobs of NVFLARE, each below a folder of its own, or the app of Flower."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fedpolicy.records import dataclass
from fedpolicy.scan.evidence import Evidence, count
from fedpolicy.scan.groups import Group, Nearest, folders

__all__ = ["Job", "first", "jobs_of", "sites_named"]

_MARKS = ("deploy", "workflow", "recipe", "scope")
_KINDS = ("job", "task", "model", "tracker")
_EVERYWHERE = "@ALL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job: its facts, the place that tells most of it, and the sites where it runs (none named: all)."""

    path: str
    said: tuple[Evidence, ...]
    place: Evidence
    sites: tuple[str, ...]

    def least(self) -> int:
        """With how many sites it goes on at least, as far as it says."""
        found = first(self.said, ("job",), ("min_clients",))
        return count(found.value) if found else 0


def jobs_of(group: Group) -> list[Job]:
    """The jobs that the facts of a deployment tell of, by their folders."""
    if group.framework != "nvflare":
        said = [fact.evidence for fact in group.facts]
        return [_job("train", said)] if any(one.kind in ("app", "node") for one in said) else []
    theirs = [fact for fact in group.facts if fact.importer == "nvflare_jobs" and fact.evidence.kind in _KINDS]
    roots = {_root(fact.file) for fact in theirs if fact.evidence.attribute in _MARKS}
    tops = sorted(one for one in roots if not one or roots.isdisjoint(folders(one)))
    found: dict[str, list[Evidence]] = {}
    code = [fact for fact in group.facts if fact.importer == "python"]
    near = Nearest((f"{top}/", top) for top in tops)
    for fact in (*theirs, *code) if tops else ():
        found.setdefault(near.to(fact.file)[0], []).append(fact.evidence)
    return [_job(top, said) for top, said in sorted(found.items())]


def first(said: Iterable[Evidence], kinds: Sequence[str], attributes: Sequence[str]) -> Evidence | None:
    """The fact with the first of these attributes that has a value."""
    facts = [one for one in said if one.kind in kinds and one.value]
    return next((one for attribute in attributes for one in facts if one.attribute == attribute), None)


def sites_named(said: Iterable[Evidence]) -> tuple[str, ...]:
    """The sites that a map of apps names, the server aside."""
    deployed = {(one.value or "").partition(":")[2] for one in said if one.attribute == "deploy"}
    return () if _EVERYWHERE in deployed else tuple(sorted(deployed - {"", "server"}))


def _job(path: str, said: Sequence[Evidence]) -> Job:
    place = (
        first(said, ("job", "app"), ("workflow", "recipe", "serverapp", "agentapp", "framework", "deploy")) or said[0]
    )
    return Job(path=path, said=tuple(said), place=place, sites=sites_named(said))


def _root(file: str) -> str:
    """The folder of a job: that of its meta file, which is above its apps, which are above their configurations."""
    folder, _, name = file.rpartition("/")
    if name.startswith("config_fed_"):
        app = folder.removesuffix("/config")
        return app.rpartition("/")[0] or app
    return folder
