"""The wheel carries what fedpolicy needs away from its source, the sdist what is needed to build and test it."""

from __future__ import annotations

import tarfile
import zipfile

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from fedpolicy import __version__
from fedpolicy.cli.commands import app
from fedpolicy.cli.completions import TABLE, table_source
from fedpolicy.policy.bundle import bundle_of
from fedpolicy.policy.load import load_rules, shipped_packs
from fedpolicy.records import FORMS, forms_source
from tests.house.pages import ROOT

# `.ci/run` installs both and uses them; these tests only look inside, so that a missing file shows at once.


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"])
    with zipfile.ZipFile(path) as archive:
        yield {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    (path,) = SdistBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("sdist")), versions=["standard"])
    with tarfile.open(path) as archive:
        yield {name.partition("/")[2] for name in archive.getnames()}


def shipped(folder, *patterns):
    return sorted(path.relative_to(ROOT).as_posix() for pattern in patterns for path in (ROOT / folder).glob(pattern))


@pytest.mark.parametrize(("folder", "pattern"), [("policies", "**/*.yaml"), ("schemas", "*.json")])
def test_the_wheel_carries_data_from_beside_the_package(wheel, folder, pattern):
    expected = {f"fedpolicy/_data/{name}": (ROOT / name).read_bytes() for name in shipped(folder, pattern)}
    assert expected
    assert {name: content for name, content in wheel.items() if name in expected} == expected


def test_the_wheel_carries_every_pack_compiled(wheel):
    expected = {
        f"fedpolicy/_data/bundles/{pack}.py": bundle_of(pack, load_rules([pack])).encode() for pack in shipped_packs()
    }
    assert expected
    assert {name: content for name, content in wheel.items() if "/bundles/" in name} == expected


def test_the_wheel_carries_what_there_is_to_complete(wheel):
    assert wheel[f"{TABLE.replace('.', '/')}.py"] == table_source(app).encode()


def test_the_wheel_carries_what_makes_objects(wheel):
    assert wheel[f"{FORMS.replace('.', '/')}.py"] == forms_source().encode()


def test_the_wheel_carries_the_whole_package_and_nothing_else(wheel):
    expected = set(shipped("fedpolicy", "**/*.py", "**/*.yaml", "py.typed"))
    assert "fedpolicy/catalog/models.yaml" in expected
    assert expected - set(wheel) == set()
    assert {name.partition("/")[0] for name in wheel} == {"fedpolicy", f"fedpolicy-{__version__}.dist-info"}


def test_the_wheel_offers_the_command_and_the_licence(wheel):
    info = f"fedpolicy-{__version__}.dist-info"
    assert b"fedpolicy = fedpolicy.cli:main" in wheel[f"{info}/entry_points.txt"]
    assert wheel[f"{info}/licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()


def test_the_sdist_can_be_built_and_tested(sdist):
    needed = [
        "pyproject.toml",
        "hatch_build.py",
        "Makefile",
        "mkdocs.yml",
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "LICENSE",
        ".ci/run",
    ]
    folders = ("fedpolicy", "policies", "schemas", "examples", "tests", "docs", "benchmarks")
    needed += [name for folder in folders for name in shipped(folder, "**/*.py", "**/*.yaml", "**/*.json", "**/*.md")]
    assert set(needed) - sdist == set()
