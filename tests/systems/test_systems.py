"""
Published systems, read as their authors would: what an expert expects is found, and little else is told.

`expected.yaml` was written before the first run. `judgements.yaml` says of every finding whether it is right, noise or
wrong; a finding that nobody has judged fails the test, and so does a judgement of a finding that is not there any more.
`readings.yaml` does the same for each other pack, and says why where a pack tells nothing of a system.
"""

from collections import Counter
from functools import lru_cache
from inspect import signature
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from fedpolicy.cli.commands import app
from tests.systems.reading import SYSTEMS, findings_on, told_under

HERE = Path(__file__).parent
EXPECTED = yaml.safe_load((HERE / "expected.yaml").read_text(encoding="utf-8"))
JUDGED = yaml.safe_load((HERE / "judgements.yaml").read_text(encoding="utf-8"))
READ = yaml.safe_load((HERE / "readings.yaml").read_text(encoding="utf-8"))
MOST_WRONG, MOST_NOISE = 0.02, 0.05
TODAY = "2026-11-28"
# Who wrote the code that computes what leaves is asked of every deployment that does not say; that came after the
# expectations, which only know that nobody may be accused of it.
ASKED_OF_ALL = {"code-from-untrusted"}
HEAD = """\
# What is told of published systems

Written by `test_systems.py` from `judgements.yaml`; do not edit. Each finding on the examples and on the systems in
this folder is read as the author of the system would: *right* is true and worth telling, *noise* is true and of no use
to the author or told already, *wrong* is not true. A question is right where the source leaves it open and the answer
decides something.

"""

ACCURACY = """\
# How often it is right

Written by `pytest --update-golden tests/systems`; do not edit. Published systems are declared as their sources describe
them, and every finding is read as the author of the system would.

- *Met*: fedpolicy finds what an expert expected. The expectations for the ten systems in `tests/systems/` were
  committed before fedpolicy had read these systems (`expected.yaml`, with the sources and which parts of them were
  opened). The examples have no such list.
- *Right* is true and worth reporting, or a question that the sources leave open; *noise* is true but of no use to the
  author, or reported already; *wrong* is not true. `judgements.yaml` has each one, and says why where it is noise.

The people who write the rules wrote the expectations and judged the findings. A source is often an abstract, so what a
system does beyond that is not known here. Both make the table kinder than a stranger would be; judge it by its rows
([all findings](https://github.com/OWNER/fedpolicy/blob/main/tests/systems/README.md)).

The numbers are those of the pack federation. Every other pack is read on the same systems; the page of findings
has a table, and says where a pack tells nothing and why.

"""


@lru_cache(maxsize=1)
def told():
    """All findings on all systems."""
    # Until 8.1, click mixed what goes to the two streams unless it was told not to.
    runner = CliRunner(**({"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}))
    return {
        name: findings_on(lambda *words: runner.invoke(app, [*words, "--today", TODAY]), path)
        for name, path in SYSTEMS.items()
    }


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(HERE.parents[1])


UNDER = lru_cache(maxsize=None)(told_under)


def classes(judgements=JUDGED):
    """Of each judged finding, by system: what it is, and why."""
    for name, judged in judgements.items():
        if isinstance(judged, str):
            continue
        for cls in ("right", "noise", "wrong"):
            whys = judged.get(cls) or ()
            for key in whys:
                yield name, key, cls, whys[key] if isinstance(whys, dict) else ""


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_what_an_expert_expects_is_told_and_nothing_that_would_be_wrong(name):
    found = told()[name].values()
    failed = {one["rule"] for one in found if one["verdict"] == "fail"}
    asked = {one["rule"] for one in found if one["verdict"] == "unknown"}
    expected = EXPECTED[name]

    assert set(expected["expects"]) <= failed
    assert (failed | (asked - ASKED_OF_ALL)).isdisjoint(expected["never"])
    assert asked - ASKED_OF_ALL <= set(expected["asks"])
    assert all(source["url"] and source["opened"] for source in expected["sources"])


def test_every_finding_is_judged_once_and_nothing_else():
    assert {name: set(found) for name, found in told().items()} == {
        name: {key for system, key, _, _ in classes() if system == name} for name in JUDGED
    }


@pytest.mark.parametrize("pack", READ)
def test_every_pack_is_read_on_every_system(pack):
    judged = {name: {key for system, key, _, _ in classes(READ[pack]) if system == name} for name in READ[pack]}

    assert {name: set(found) for name, found in UNDER(pack, TODAY).items()} == judged
    assert all(judged[name] or said.endswith(".") for name, said in READ[pack].items())


@pytest.mark.parametrize("judgements", [JUDGED, *READ.values()], ids=["federation", *READ])
def test_few_findings_are_noise_and_hardly_any_is_wrong(judgements):
    count = Counter(cls for _, _, cls, _ in classes(judgements))

    assert count["wrong"] <= MOST_WRONG * count.total()
    assert count["noise"] <= MOST_NOISE * count.total()


def under_other_packs():
    """A table: how many findings and questions of each pack, or why there is none."""
    yield "## Under the other packs"
    yield ""
    yield "Read in the same way (`readings.yaml`). Where a pack tells nothing of a system, the table says why."
    yield ""
    yield "| pack | system | fail | open | noise, wrong, or why there is nothing |"
    yield "|---|---|--:|--:|---|"
    for pack, read in READ.items():
        for name in sorted(read):
            count = Counter(UNDER(pack, TODAY)[name].values())
            less = (f"{cls}: {key}. {why}" for own, key, cls, why in classes(read) if own == name and cls != "right")
            said = read[name] if isinstance(read[name], str) else "<br>".join(less)
            yield f"| {pack} | {name} | {count['fail']} | {count['unknown']} | {said} |"


def test_the_table_is_current(golden):
    count = Counter(cls for _, _, cls, _ in classes())
    sums = ", ".join(f"{count[cls]} {cls}" for cls in ("right", "noise", "wrong"))
    lines = [f"{count.total()} findings on {len(JUDGED)} systems: {sums}.", ""]
    lines += ["| system | rule | about | severity | verdict | is | why |", "|---|---|---|---|---|---|---|"]
    for name, key, cls, why in sorted(classes()):
        one = told()[name][key]
        rule, _, about = key.partition(": ")
        lines.append(f"| {name} | {rule} | {about} | {one['severity']} | {one['verdict']} | {cls} | {why} |")
    lines += ["", *under_other_packs()]

    golden(HEAD + "\n".join(lines) + "\n", HERE / "README.md")


def test_the_page_of_numbers_is_current(golden):
    count = Counter(cls for _, _, cls, _ in classes())
    lines = ["| system | expected | met | findings | right | noise | wrong |", "|---|--:|--:|--:|--:|--:|--:|"]
    wanted = met = 0
    for name in sorted(JUDGED):
        each = Counter(cls for system, _, cls, _ in classes() if system == name)
        row = ["", ""]
        if name in EXPECTED:
            failed = {one["rule"] for one in told()[name].values() if one["verdict"] == "fail"}
            expected = set(EXPECTED[name]["expects"])
            row = [str(len(expected)), str(len(expected & failed))]
            wanted, met = wanted + len(expected), met + len(expected & failed)
        cells = [name, *row, str(each.total()), *(str(each[cls]) for cls in ("right", "noise", "wrong"))]
        lines.append(f"| {' | '.join(cells)} |")
    shares = [f"{100 * count[cls] / count.total():.1f} %" for cls in ("noise", "wrong")]
    sums = (
        f"{met} of {wanted} expectations are met. Of {count.total()} findings on {len(JUDGED)} systems, {shares[0]} are"
        f" noise and {shares[1]} wrong; the tests refuse more than {MOST_NOISE:.0%} and {MOST_WRONG:.0%}."
    )

    golden(f"{ACCURACY}{sums}\n\n" + "\n".join(lines) + "\n", HERE.parents[1] / "docs/accuracy.md")
