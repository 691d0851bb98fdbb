"""The notebook of docs/: it runs as a reader would run it, and says what its text promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs/notebooks/who-learns-what.ipynb"
PAGE = Path(__file__).parents[2] / "docs/python.md"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the libraries that run it
def test_the_notebook_runs_from_above_to_below():
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib")
    notebook = nbformat.read(NOTEBOOK, 4)
    assert not any(cell.get("outputs") for cell in notebook.cells)

    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()

    answers = [
        output.get("text") or output["data"].get("text/plain", "")
        for cell in notebook.cells
        for output in cell.get("outputs", ())
    ]
    assert answers[0] == "'clinical-notes'"
    assert re.search(r"openai\s+provider\s+letters@aphp\s+4\s+0", answers[2])
    assert re.search(r"openai\s+letters@aphp, letters@charite, letters@lumc", answers[4])
    assert re.search(r"3\.0\s+inferable\n4\.0\s+bounded", answers[-2])
    assert sum("Figure" in answer for answer in answers) == 2


def test_the_page_runs_and_shows_what_comes_out(monkeypatch, capsys):
    monkeypatch.chdir(PAGE.parents[1])
    first, second = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}

    exec(first, names)  # noqa: S102  a page of ours
    assert f"```\n{capsys.readouterr().out}```" in PAGE.read_text(encoding="utf-8")
    exec(second, names)  # noqa: S102
    assert capsys.readouterr().out.startswith("new.yaml:3:21")
