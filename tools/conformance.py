"""
The conformance suite: small deployments, and what the language means by them, as data that any engine can read.

    python -m tools.conformance              writes conformance/cases anew from the cases of the tests and the examples
    python -m tools.conformance --answer F   answers for input files, one line of JSON each, as conformance/run.py asks

What is written is what this version computes; a change of it is a change of the language, and is read line by line.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from fedpolicy import api
from fedpolicy.analysis.facts import LEVELS
from fedpolicy.graph.masks import bits

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "conformance" / "cases"
DAY = "2026-11-28"
_DEEP = 3
_LARGEST = 60_000  # characters of an answer; what is larger shows nothing more
_SOURCES = ("tests/analysis/cases", "tests/graph/cases", "tests/repair/cases")


def inputs() -> Iterator[tuple[str, str, str]]:
    """Each case: its name, what it is about, and its text."""
    for folder in _SOURCES:
        for path in sorted((ROOT / folder).glob("*.yaml")):
            head, _, text = path.read_text(encoding="utf-8").rpartition("\n---\n")
            yield f"{path.parent.parent.name}-{path.stem}", str(yaml.safe_load(head).get("about", "")), text
    for path in sorted((ROOT / "examples").glob("*/deployment.yaml")):
        yield f"example-{path.parent.name}", "A published system; see its README.", path.read_text(encoding="utf-8")


def answer(text: str) -> dict[str, Any]:
    """The facts and the findings of an input; errors alone where it has some."""
    settings = api.Settings(today=DAY, packs=("federation",))
    report = api.check([], settings, [api.Source(name="input.yaml", text=text.encode("utf-8"))])
    if report.errors or any(file.errors for file in report.files):
        errors = [*report.errors, *(error for file in report.files for error in file.errors)]
        return {"errors": sorted({error.path for error in errors})}
    facts = [_facts(document) for document in api.loads(text, "input.yaml")]
    found = sorted(map(_finding, report.findings), key=json.dumps)
    return {"facts": facts, "findings": found}


def _facts(document: api.Document) -> dict[str, Any]:
    study = api.facts(document)
    rows = [{key: _word(key, value) for key, value in row.items()} for row in api.exposures(study)]
    return {
        "deployment": document.deployment.name,
        "exposures": sorted(rows, key=json.dumps),
        "models": [{"id": one.id, "lowest": one.lowest, "highest": one.highest} for one in study.models],
        "flows": sorted(_flow(study, flow) for flow in study.graph.flows),
    }


def _word(key: str, value: str | int | None) -> str | None:
    if key in {"party", "role", "dataset"} or value is None:
        return None if value is None else str(value)
    return LEVELS[int(value)]


def _flow(study: api.Study, flow: Any) -> str:  # noqa: ANN401  not of the public interface
    if flow.data is None:
        return f"{flow.source} -{flow.payload}-> {flow.target}"
    data = ", ".join(sorted(study.graph.data[place].id for place in bits(flow.data)))
    return f"{flow.source} -{flow.payload}-> {flow.target}: {data}"


def _finding(one: api.Finding) -> Mapping[str, Any]:
    return {
        "rule": one.rule,
        "verdict": str(one.verdict),
        "severity": one.severity.label,
        "elements": sorted(one.elements),
        "missing": sorted(one.missing),
    }


def write(folder: Path = CASES) -> int:
    """Write all cases anew, and count them; what has mistakes or is large is none."""
    shutil.rmtree(folder, ignore_errors=True)
    count = 0
    for name, about, text in inputs():
        found = answer(text)
        if "errors" in found or len(json.dumps(found)) > _LARGEST:
            continue
        place = folder / name
        place.mkdir(parents=True)
        (place / "input.yaml").write_text(f"# {about}\n{text}" if about else text, encoding="utf-8")
        for part in ("facts", "findings"):
            (place / f"{part}.json").write_text(shown(found[part]) + "\n", encoding="utf-8")
        count += 1
    return count


def shown(found: Any, inside: str = "") -> str:  # noqa: ANN401  JSON
    """JSON with one row a line, which people read and compare more easily."""
    more = inside + " "
    if isinstance(found, list) and found and isinstance(found[0], dict | str) and not inside.startswith(" " * _DEEP):
        rows = [more + shown(value, more) for value in found]
        return "[\n" + ",\n".join(rows) + f"\n{inside}]"
    if isinstance(found, dict) and "exposures" in found:
        pairs = [f"{more}{json.dumps(key)}: {shown(value, more)}" for key, value in found.items()]
        return "{\n" + ",\n".join(pairs) + f"\n{inside}}}"
    return json.dumps(found, ensure_ascii=False)


def main() -> None:
    """Write the suite, or answer for the files that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answer", nargs="+", type=Path, metavar="FILE", help="answer for these inputs")
    given = parser.parse_args()
    if not given.answer:
        print(f"{write()} cases in {CASES.relative_to(ROOT)}")
    for path in given.answer or ():
        print(json.dumps({"input": str(path), **answer(path.read_text(encoding="utf-8"))}))


if __name__ == "__main__":
    main()
