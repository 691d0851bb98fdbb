"""Safeguards on both sides: what is declared for a task, what its job runs, and what shows that it is not the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator

from fedpolicy.findings import Span, Verdict
from fedpolicy.language.model.safeguards import DifferentialPrivacy, Safeguard, SecureAggregation
from fedpolicy.scan import NONE, Evidence, Strength, count
from fedpolicy.scan.drift import Drift
from fedpolicy.scan.drift.sides import DeclaredSide, FoundSide
from fedpolicy.scan.members import switched_off
from fedpolicy.scan.rules import claims_without_code, encrypting

_NO_NOISE = ("PercentilePrivacy", "ExcludeVars", "ConvertWeights")
_SEEN = (  # what configurations show
    "differential_privacy", "homomorphic_encryption", "secure_aggregation", "filter", "end_to_end_encryption",
)  # fmt: skip
_NUMBERS = ("noise_multiplier", "clipping_norm")
_COMPARED = (*_NUMBERS, "where", "mechanism")
Reason = tuple[str, Span]


def protection(declared: DeclaredSide, found: FoundSide, task: str, job: str) -> Iterator[Drift]:
    """What is declared and runs otherwise, or is shown by no file; and what runs and is not declared."""
    said = declared.deployment.tasks[task].safeguards
    runs = found.deployment.tasks[job].safeguards if found.deployment else ()
    told: set[Span | None] = set()
    for place, one in enumerate(said):
        for drift in _declared(declared, found, (task, job), place, _like(one, runs)) if one.kind in _SEEN else ():
            told.add(drift.found)
            yield drift
    if [one.kind for one in said] != ["unknown"]:
        yield from _beyond(declared, found, (task, job), told)


def loose_protection(declared: DeclaredSide, found: FoundSide) -> Iterator[Drift]:
    """Safeguards of which no file says what they protect; their numbers, where one task alone declares such a one."""
    said = tuple(found.said)
    tasks = declared.deployment.tasks
    each = [(name, at, one) for name, task in tasks.items() for at, one in enumerate(task.safeguards)]
    kinds = Counter(one.kind for *_, one in each)
    for name, place, one in each:
        if one.kind in _SEEN and (reason := _without(one, found, said, None, set())):
            message = f"{_word(one)} is declared, but {reason[0]}"
            at = ("tasks", name, "safeguards", place)
            yield declared.drift("safeguard-differs", f"tasks.{name}", message, *at, found=reason[1], what=_word(one))
        elif isinstance(one, DifferentialPrivacy) and kinds[one.kind] == 1:
            yield from _numbers_of_code(declared, said, (name, name), place)
        elif isinstance(one, SecureAggregation) and kinds[one.kind] == 1:
            yield from _fewer_in_a_sum(declared, said, (name, name), place)


def _beyond(
    declared: DeclaredSide, found: FoundSide, names: tuple[str, str], told: Container[Span | None]
) -> Iterator[Drift]:
    task, job = names
    if found.deployment is None or found.draft is None:
        return
    known = {_key(one) for one in declared.deployment.tasks[task].safeguards}
    for place, one in enumerate(found.deployment.tasks[job].safeguards):
        at = found.at("tasks", job, "safeguards", place)
        if one.kind in _SEEN and _key(one) not in known and at not in told:
            yield _undeclared(declared, names, _word(one), at)
    kinds = {kind for kind, _ in known}
    kinds |= {one.kind for one in found.deployment.tasks[job].safeguards} - {"unknown"}
    for kind, at in _coded(found.draft.jobs[job].said).items():
        if kind not in kinds and "unknown" not in kinds and at not in told:
            yield _undeclared(declared, names, kind.replace("_", " "), at)


def _coded(job: tuple[Evidence, ...]) -> dict[str, Span]:
    """What a job adds of which a draft cannot say all that the language asks: the first place of each kind."""
    found: dict[str, Span] = {}
    for one in job:
        adds = one.attribute in ("used", "noise_multiplier") and one.value not in (NONE, "0", "0.0")
        runs = one.kind == "safeguard" and one.name in _SEEN and adds and one.strength is not Strength.DECLARED
        if runs and not switched_off(one.name, job):
            found.setdefault(one.name, one.span)
    return found


def _undeclared(declared: DeclaredSide, names: tuple[str, str], what: str, at: Span) -> Drift:
    task, job = names
    message = f"{what} protects the job {job}, but is not declared"
    return declared.drift(
        "safeguard-not-declared", f"tasks.{task}", message, "tasks", task, "safeguards", found=at, what=what
    )


def _declared(
    declared: DeclaredSide, found: FoundSide, names: tuple[str, str], place: int, runs: Safeguard | None
) -> Iterator[Drift]:
    task, job = names
    one = declared.deployment.tasks[task].safeguards[place]
    element, at, what = f"tasks.{task}", ("tasks", task, "safeguards", place), _word(one)
    said = found.draft.jobs[job].said if found.draft else ()
    known = {_key(other)[1] for other in declared.deployment.tasks[task].safeguards} - {""}
    if reason := _without(one, found, said, runs, known):
        message = f"{what} is declared, but {reason[0]}"
        yield declared.drift("safeguard-differs", element, message, *at, found=reason[1], what=what)
    elif runs is None and not _may_be(one, found, said):
        message = f"{what} is declared, but no file shows it"
        yield declared.drift("safeguard-not-found", element, message, *at, what=what, verdict=Verdict.UNKNOWN)
    elif isinstance(one, DifferentialPrivacy) and isinstance(runs, DifferentialPrivacy):
        yield from _numbers(declared, found, names, place, runs)
    elif isinstance(one, DifferentialPrivacy):
        yield from _numbers_of_code(declared, said, names, place)
    elif isinstance(one, SecureAggregation):
        yield from _fewer_in_a_sum(declared, said, names, place)


def _fewer_in_a_sum(
    declared: DeclaredSide, said: tuple[Evidence, ...], names: tuple[str, str], place: int
) -> Iterator[Drift]:
    """A secure sum of Flower's goes on with as few clients as can bring back the masks of those who are lost."""
    least = getattr(declared.deployment.tasks[names[0]].safeguards[place], "min_clients", None)
    for one in said:
        coded = one.subject == "safeguard:secure_aggregation" and one.attribute == "threshold"
        if coded and least is not None and 1 < count(one.value) < least:
            message = (
                f"secure aggregation is set to go on with {one.value} clients, but `min_clients: {least}` is declared"
            )
            path = ("tasks", names[0], "safeguards", place, "min_clients")
            what = "secure aggregation min_clients"
            yield declared.drift("safeguard-differs", f"tasks.{names[0]}", message, *path, found=one.span, what=what)


def _numbers(
    declared: DeclaredSide, found: FoundSide, names: tuple[str, str], place: int, runs: DifferentialPrivacy
) -> Iterator[Drift]:
    task, job = names
    one = declared.deployment.tasks[task].safeguards[place]
    entry = ("tasks", job, "safeguards", found.deployment.tasks[job].safeguards.index(runs) if found.deployment else 0)
    said = found.draft.jobs[job].said if found.draft else ()
    numbers = {fact.attribute: fact.span for fact in reversed(said) if fact.subject == f"safeguard:{one.kind}"}
    for key in _COMPARED:
        ours, theirs = getattr(one, key), getattr(runs, key)
        if ours is not None and key in runs.stated and ours != theirs:
            message = f"{_word(one)} is configured with `{key}: {theirs}`, but {ours} is declared"
            path, there = ("tasks", task, "safeguards", place, key), numbers.get(key) or found.at(*entry)
            what = f"{_word(one)} {key}"
            yield declared.drift("safeguard-differs", f"tasks.{task}", message, *path, found=there, what=what)


def _numbers_of_code(
    declared: DeclaredSide, said: tuple[Evidence, ...], names: tuple[str, str], place: int
) -> Iterator[Drift]:
    """Noise that code adds in a way that no draft says in full: its numbers, where the code states one for each."""
    one = declared.deployment.tasks[names[0]].safeguards[place]
    for key in _NUMBERS:
        facts = [fact for fact in said if (fact.subject, fact.attribute) == (f"safeguard:{one.kind}", key)]
        theirs = {_float(fact.value) for fact in facts if fact.strength is not Strength.DECLARED}
        ours = getattr(one, key)
        if ours is not None and None not in theirs and theirs - {float(ours)}:
            fact = next(fact for fact in facts if _float(fact.value) != float(ours))
            how = "coded" if fact.strength is Strength.WIRED else "configured"
            message = f"{_word(one)} is {how} with `{key}: {fact.value}`, but {ours} is declared"
            path, what = ("tasks", names[0], "safeguards", place, key), f"{_word(one)} {key}"
            yield declared.drift("safeguard-differs", f"tasks.{names[0]}", message, *path, found=fact.span, what=what)


def _float(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _without(
    one: Safeguard, found: FoundSide, job: tuple[Evidence, ...], runs: Safeguard | None, known: set[str]
) -> Reason | None:
    """What shows that a declared safeguard is not there; None where nothing does. `known` filters are declared."""
    switch = None if runs else switched_off(one.kind, job)
    off = (f"`{_called(switch.key)}` switches it off", switch.span) if switch else None
    if one.kind == "differential_privacy":
        zero = None if getattr(one, "noise_multiplier", None) == 0 else _zero(job, found)
        return zero or off or (None if runs else _no_noise(found, job, known))
    if one.kind == "homomorphic_encryption" and runs is None:
        return off or _no_encryption(found, job)
    return off or (_unread(found, one.kind) if runs is None else None)


def _called(key: str) -> str:
    """A key as people name it: the last one of its path, with the one before it where it is a switch of that one."""
    *_, section, last = ["", *key.split(".")]
    return f"{section}.{last}" if section and last in ("use", "enabled") else last


def _zero(job: tuple[Evidence, ...], found: FoundSide) -> Reason | None:
    for one in (*job, *(one for one in found.said if one.kind == "scope")):
        if one.value not in ("0", "0.0", "-0.0") or one.strength is Strength.DECLARED:
            continue
        if one.attribute in ("noise", "noise_multiplier"):
            return "the noise is set to 0", one.span
        if one.attribute == "noise_var":  # of SVTPrivacy, whose noise has the scale 2 gamma / noise_var
            return "its filter divides by `noise_var`, which is 0, and so fails", one.span
    return None


def _no_noise(found: FoundSide, job: tuple[Evidence, ...], known: set[str]) -> Reason | None:
    if any(one.subject == "safeguard:differential_privacy" and one.strength is Strength.WIRED for one in job):
        return None  # how much noise the code adds is open; that it adds some is not
    if claim := _unread(found, "differential_privacy"):
        return claim
    for one in (*job, *(one for one in found.said if one.kind == "scope")):
        if one.attribute == "result_filter" and one.value in _NO_NOISE and one.value not in known:
            return f"the filter is {one.value}, which adds no noise", one.span
    return _bare_default(found, job)


def _bare_default(found: FoundSide, job: tuple[Evidence, ...]) -> Reason | None:
    """A job that names no scope falls to the default of the site, which may filter nothing."""
    if not any(one.attribute == "scope" and one.value == "site_default" for one in job):
        return None
    for default in found.stating("default_scope"):
        theirs = [one for one in found.said if one.kind == "scope" and one.span.file == default.span.file]
        filters = [one for one in theirs if one.name == default.value and one.attribute == "result_filter"]
        if filters and all(one.value == NONE for one in filters):
            why = f"the job names no scope, so the site's default `{default.value}` applies, and it filters nothing"
            return why, default.span
    return None


def _no_encryption(found: FoundSide, job: tuple[Evidence, ...]) -> Reason | None:
    filters = [one for one in job if one.attribute == "he_filter"]
    encrypts = next(iter(encrypting(job)), None)
    without = next((one for one in found.stating("he_context") if one.value == NONE), None)
    if encrypts and without:
        return f"{without.span.file} makes no keys (no HEBuilder) for what encrypts", encrypts.span
    if filters and all(one.value == NONE for one in filters):
        return "no filter of the job encrypts", filters[0].span
    return None


def _unread(found: FoundSide, kind: str) -> Reason | None:
    for one, _ in claims_without_code(found.said):
        if one.name == kind:
            return f"only the parameter `{one.key.rpartition('.')[2]}` claims it, and no code reads that", one.span
    return None


def _may_be(one: Safeguard, found: FoundSide, job: tuple[Evidence, ...]) -> bool:
    """Whether code is wired to it, or a switch is on, though a draft cannot say with which numbers."""
    facts = [fact for fact in (*job, *found.said) if fact.subject == f"safeguard:{one.kind}" and fact.value != NONE]
    return any(fact.strength is not Strength.DECLARED for fact in facts)


def _like(one: Safeguard, runs: tuple[Safeguard, ...]) -> Safeguard | None:
    same = [other for other in runs if _key(other) == _key(one)]
    where = getattr(one, "where", None)
    return next((other for other in same if getattr(other, "where", None) == where), same[0] if same else None)


def _key(one: Safeguard) -> tuple[str, str]:
    return one.kind, str(getattr(one, "name", ""))


def _word(one: Safeguard) -> str:
    word = one.kind.replace("_", " ")
    return f"{word} {one.name}" if hasattr(one, "name") else word
