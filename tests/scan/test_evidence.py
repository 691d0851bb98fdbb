from pathlib import Path

import pytest
import yaml

from fedpolicy.scan.importers import importers
from fedpolicy.scan.reading import File
from fedpolicy.scan.reading.embedded import embedded_files
from fedpolicy.scan.services import Services

SERVICES = Services()
HERE = Path(__file__).parent
CASES = [
    pytest.param(case, path.stem, id=f"{path.stem}: {case['about']}")
    for path in sorted((HERE / "evidence").glob("*.yaml"))
    for case in yaml.safe_load_all(path.read_text(encoding="utf-8"))
]


def told(file, framework):
    names = [name for name in importers() if name.split("_")[0] == framework]
    found = [one for name in names if importers()[name].wants(file) for one in importers()[name].read(file)]
    for part in embedded_files(file):
        found += [
            part.placed(one)
            for name in names
            if importers()[name].wants(part.file)
            for one in importers()[name].read(part.file)
        ]
    return found


@pytest.mark.parametrize(("case", "framework"), CASES)
def test_an_importer_says_this_and_no_more(case, framework):
    beside = {name: text.encode() for name, text in case.get("beside", {}).items()}
    found = told(File(case["file"], case["text"].encode(), SERVICES, beside.get), framework)
    said = [f"{one.span.line} {one.subject} {one.attribute} = {one.value or 'unknown'}" for one in found]
    assert sorted(said) == sorted(case["says"])
    assert not [one for one in found if "not-to-be-kept" in repr(one)]
