"""Two states of files, and a state that is proposed: differences mirror, and repairs clear what they say."""

from __future__ import annotations

from fedpolicy.comparison import compare
from fedpolicy.report.diff import Comparison
from fedpolicy.settings import Settings
from fedpolicy.sources import Source
from fuzz.command import Broken, Vacuous, bounded
from fuzz.drawn import drawn
from fuzz.reading import loaded, sound
from fuzz.target import Box, Target

_LINES = 12
_SETTINGS = Settings(today="2026-11-28")


def diff(box: Box) -> None:
    """A file does not differ from itself; what the way there introduces, the way back resolves."""
    name, text = box.only
    if box.run("diff", name, name, "--isolated").code == 1:
        raise Broken("differs", ("diff", name, name), "a file differs from itself")
    box.run("diff", "leak.yaml", name, "--isolated", "--format", box.rng.choice(("text", "json", "markdown")))
    sound(box)
    other = _fewer(box)
    with bounded(("diff", name), box.seconds):
        there, back = _between(text, other), _between(other, text)
    if there.errors or back.errors or not there.deployments:
        raise Vacuous
    for ahead, behind in ((there, back), (back, there)):
        gained, lost = _marks(ahead, resolved=False), _marks(behind, resolved=True)
        if gained != lost:
            raise Broken(
                "mirror", ("diff", name), f"one way introduces {sorted(gained ^ lost)}, the other does not resolve"
            )


def _fewer(box: Box) -> bytes:
    """The text without one of its lines, which can be read still. Raises Vacuous where none is found soon."""
    name, text = box.only
    lines = text.splitlines(keepends=True)
    for start in box.rng.sample(range(len(lines)), min(len(lines), _LINES)):
        other = b"".join(lines[:start] + lines[start + 1 :])
        if loaded(Box(box.folder, {name: other}, box.rng, box.seconds))[0]:
            return other
    raise Vacuous


def _between(old: bytes, new: bytes) -> Comparison:
    return compare([Source(name="d.yaml", text=old)], [Source(name="d.yaml", text=new)], _SETTINGS)


def _marks(found: Comparison, *, resolved: bool) -> set[tuple[str, str, str]]:
    """Findings that one way brings or takes, of deployments that both states have."""
    return {
        (one.rule, one.fingerprint, one.verdict.value)
        for difference in found.differences
        if difference.state == "changed"
        for one in (difference.resolved if resolved else difference.introduced)
    }


def repair(box: Box) -> None:
    """What a repair writes is a deployment still, and the exit code says the same with and without writing."""
    _, text = box.only
    sound(box)
    options = ("--isolated", "--rechecks", "8", "--fail-on", box.rng.choice(("high", "low")))
    code = box.run("repair", *box.files, *options, "--format", "json").code
    ours = Box(box.folder, {"d.yaml": text}, box.rng, box.seconds).fill()
    wrote = box.run("repair", "d.yaml", *options, "--write")
    after = (box.folder / "d.yaml").read_bytes()
    ours.fill()
    if after == text:
        raise Vacuous
    command = ("repair", "d.yaml", "--write")
    if wrote.code != code:
        raise Broken("repaired", command, f"exit code {wrote.code}, and {code} without --write")
    if not loaded(Box(box.folder, {"d.yaml": after}, box.rng, box.seconds))[0]:
        raise Broken("repaired", command, "what it has written has mistakes")


TARGETS = (
    Target(
        name="diff",
        kind="law",
        holds="a text does not differ from itself; what one way introduces the way back resolves",
        input="deployment",
        judge=diff,
        heavy=True,
    ),
    Target(
        name="changes",
        kind="law",
        holds="facts do not differ from themselves, and a difference mirrors its reverse",
        input="bytes",
        judge=drawn(
            "analysis.test_change_laws:test_nothing_differs_from_itself",
            "analysis.test_change_laws:test_a_difference_mirrors_its_reverse",
        ),
    ),
    Target(
        name="repair",
        kind="law",
        holds="a proved repair clears what it says, by a check of its text, and introduces nothing as severe",
        input="bytes",
        judge=drawn(
            "repair.test_laws:test_a_proved_repair_introduces_nothing_as_severe_and_clears_what_it_says",
            "repair.test_laws:test_no_proposal_is_a_part_of_another_and_the_cheapest_is_first",
            "repair.test_laws:test_what_is_called_optimal_is_the_best_of_all_sets",
        ),
        heavy=True,
    ),
    Target(
        name="repair-written",
        kind="law",
        holds="what `repair --write` writes can be read, and the exit code is that without it",
        input="deployment",
        judge=repair,
        heavy=True,
    ),
)
