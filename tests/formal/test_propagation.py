"""The proof in formal/ is checked by Coq, without axioms, and its model says what the product says."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest

from fedpolicy import api

SOURCE = Path(__file__).parents[2] / "formal/Propagation.v"
COQC = shutil.which("coqc")
THEOREMS = re.findall(r"^Theorem (\w+)", SOURCE.read_text(encoding="utf-8"), re.MULTILINE)
GRAPHS, PLACES = 60, 8
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(COQC is None, reason="Coq is not installed (Debian: apt install coq)"),
]


@pytest.fixture(scope="module")
def proved(tmp_path_factory):
    """A folder in which the proof was checked."""
    folder = tmp_path_factory.mktemp("formal")
    shutil.copy(SOURCE, folder)
    done = subprocess.run([COQC, "-q", SOURCE.name], cwd=folder, capture_output=True, check=False, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return folder


HEAD = "Require Import Propagation.\nFrom Coq Require Import List.\nImport ListNotations.\n"


def coq(folder, name, text):
    (folder / f"{name}.v").write_text(HEAD + text, encoding="utf-8")
    done = subprocess.run([COQC, "-q", f"{name}.v"], cwd=folder, capture_output=True, check=False, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_is_taken_for_granted(proved):
    assert len(THEOREMS) == 10
    assert "Admitted" not in SOURCE.read_text(encoding="utf-8")

    said = coq(proved, "Granted", "".join(f"Print Assumptions {name}.\n" for name in THEOREMS))

    assert said.split("\n") == ["Closed under the global context"] * len(THEOREMS) + [""]


def drawn(rng):
    """Flows between places, each from where as much has come to as it says; place 0 has everything."""
    levels = {name: api.LEVELS.index(row.level) for name, row in api.load_catalog().payloads.items()}
    known = ("records", "embeddings", "metrics", "logits")  # weights of one owner are a single update besides
    flows, held = [], [4] + [0] * (PLACES - 1)
    for place in [*range(1, PLACES), *(rng.randrange(PLACES) for _ in range(rng.randrange(8)))]:
        source = rng.choice([one for one in range(PLACES) if held[one] and one != place])
        payload = rng.choice([one for one in known if levels[one] <= held[source]])
        flows.append((source, place, payload, levels[payload]))
        held[place] = max(held[place], min(held[source], levels[payload]))
    rng.shuffle(flows)
    return flows


def declared(flows):
    """The same as a deployment; what each party can learn is what its place holds."""
    lines = ["fedpolicy: 1", "name: drawn", "parties:", "  p0: {role: participant}"]
    lines += [f"  p{place}: {{role: processor}}" for place in range(1, PLACES)]
    lines += ["nodes:", "  n0: {kind: client, party: p0}"]
    lines += [f"  n{place}: {{kind: store, party: p{place}}}" for place in range(1, PLACES)]
    lines += ["datasets: {d: {at: n0, categories: [health], subjects: 1000000}}", "flows:"]
    lines += [
        f"  f{at}: {{from: n{one}, to: n{other}, payload: {payload}, data: d}}"
        for at, (one, other, payload, _) in enumerate(flows)
    ]
    return "\n".join(lines) + "\n"


def learned(text):
    (document,) = api.loads(text, "drawn.yaml")
    rows = api.exposures(api.facts(document))
    found = {row["party"]: row["declared"] for row in rows}
    assert all(row["declared_low"] == row["declared"] for row in rows)
    return [4, *(found.get(f"p{place}", 0) for place in range(1, PLACES))]


def test_the_model_and_the_product_agree(proved):
    rng = Random("formal")  # noqa: S311  the same graphs each time
    graphs = [drawn(rng) for _ in range(GRAPHS)]
    start = "; ".join(["4", *["0"] * (PLACES - 1)])
    text = ""
    for flows in graphs:
        edges = "; ".join(f"capped {one} {other} {level}" for one, other, _, level in flows)
        text += f"Eval vm_compute in table {PLACES} [{edges}] [{start}].\n"

    said = [
        [int(number) for number in re.findall(r"\d+", row)]
        for row in re.findall(r"= \[([^\]]*)\]", coq(proved, "Drawn", text))
    ]

    assert len(said) == GRAPHS
    for flows, expected in zip(graphs, said, strict=True):
        assert learned(declared(flows)) == expected, declared(flows)
    assert len({tuple(row) for row in said}) > GRAPHS // 2
