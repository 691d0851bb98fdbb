"""Estates that tests make, and what came of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fedpolicy.batch.run import Batch
from fedpolicy.settings import Settings
from fedpolicy.sources import candidates, find

EXAMPLES = Path(__file__).parents[2] / "examples"
CLEAN = (EXAMPLES / "clean-open-weight" / "deployment.yaml").read_text(encoding="utf-8")
LEAKING = (EXAMPLES / "clinical-notes" / "deployment.yaml").read_text(encoding="utf-8")
# The smallest deployment: most of these tests are about who does the work, not about the work.
SMALL = "fedpolicy: 1\nname: {name}\nmodels: {{m: {{}}}}\n"


@pytest.fixture
def estate(tmp_path, monkeypatch):
    """A folder with some of everything, in which the test runs."""
    monkeypatch.chdir(tmp_path)
    write(
        {
            "a/fedpolicy.yaml": CLEAN,
            "b/fedpolicy.yaml": LEAKING,
            "c/fedpolicy.yaml": "fedpolicy: 1\nname: [\n",
            "d/fedpolicy.yaml": SMALL.format(name="d") + "---\n" + SMALL.format(name="e").replace("models", "modles"),
            "e/fedpolicy.yaml": LEAKING.replace("name: clinical-notes", "name: other"),
            "f/fedpolicy.yaml": "",
        }
    )
    (tmp_path / "g").mkdir()
    (tmp_path / "g" / "fedpolicy.yaml").symlink_to("nowhere")
    return tmp_path


def write(files):
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def small(count):
    """So many small deployments, `n00.yaml` and so on."""
    names = [f"n{number:02}.yaml" for number in range(count)]
    write({name: SMALL.format(name=name.removesuffix(".yaml")) for name in names})
    return names


def run_of(*paths, **settings):
    """A run over these paths."""
    return Batch(list(candidates(paths or ["."], lambda: b"")), Settings(**settings))


def sources_of(*names):
    return tuple(find(names, lambda: b""))


def errors_of(report):
    """What is wrong with each file that something is wrong with."""
    return {file.name: [error.message for error in file.errors] for file in report.files if file.errors}
