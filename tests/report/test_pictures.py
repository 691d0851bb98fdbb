"""Pictures, as mermaid itself reads them."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from fedpolicy import api
from fedpolicy.findings import SourceFile
from fedpolicy.report.drawing import as_mermaid
from fedpolicy.report.formats import load_format
from fedpolicy.report.sketch import sketch_of
from fedpolicy.report.summarise import summarise

HERE = Path(__file__).parent
MODULES = Path(os.environ.get("NODE_MODULES") or HERE.parents[1] / "node_modules")
READY = shutil.which("node") and all((MODULES / name).is_dir() for name in ("mermaid", "jsdom"))


@pytest.mark.skipif(not READY, reason="`npm install mermaid jsdom` here, or say where they are in NODE_MODULES")
def test_mermaid_reads_every_picture(made, tmp_path):
    odd = replace(made.SCORE, source='a"] --> evil["', target="`# <b>&'x\ny;", payload='p|q" end %% {{}}')
    words = [replace(made.SCORE, source=word, target="end", payload=word) for word in ("end", "subgraph", "x@{a: b}")]
    long = [replace(made.SCORE, source=f"a{number}", target=f"a{number + 1}") for number in range(40)]
    findings = [
        replace(made.CLOSED, paths=(tuple(path),), elements=(str(number),))
        for number, path in enumerate(([odd], words, long))
    ]
    reports = [made.full(), summarise(findings, [], [SourceFile(name=made.FILE)])]
    files = []
    for number, report in enumerate(reports):
        files.append(tmp_path / f"{number}.md")
        files[-1].write_text(load_format("markdown").render(report), encoding="utf-8")
    (document,) = api.load(HERE.parents[1] / "examples" / "clinical-notes" / "deployment.yaml")
    sketch = sketch_of(api.facts(document))
    evil = 'a"] --> b["`x`\n end %% {{}} #lt;'
    strange = tuple(replace(box, parties=(evil,), role=evil, holds=(evil,)) for box in sketch.boxes)
    for number, one in enumerate((sketch, replace(sketch, boxes=strange))):
        files.append(tmp_path / f"graph-{number}.md")
        files[-1].write_text(f"```mermaid\n{as_mermaid(one)}```\n", encoding="utf-8")
    done = subprocess.run(
        ["node", HERE / "mermaid.mjs", MODULES, *files], capture_output=True, encoding="utf-8", check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == "6\n"
