"""A bundle of compiled rules says what the rule files say, and is not used where it might not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fedpolicy import check, sources
from fedpolicy.files import bundles_dir, policies_dir
from fedpolicy.policy import bundle
from fedpolicy.policy.bundle import bundle_of
from fedpolicy.policy.load import load_rules, shipped_packs
from fedpolicy.report.formats import load_format
from fedpolicy.settings import Settings

ROOT = Path(__file__).parents[2]
FEDERATION = policies_dir() / "federation"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    for pack in shipped_packs():
        (folder / f"{pack}.py").write_text(bundle_of(pack, load_rules([pack])), encoding="utf-8")
    return folder


@pytest.fixture
def use(built, monkeypatch):
    return lambda: monkeypatch.setattr(bundle, "bundles_dir", lambda: built)


def comparable(rules):
    """Programs of the library equal nothing but themselves; what they say is tested by what they find."""
    return [
        replace(
            rule,
            match=rule.match and replace(rule.match, program=None),
            require=replace(rule.require, program=None),
            graver=rule.graver and replace(rule.graver, program=None),
            slight=rule.slight and replace(rule.slight, program=None),
        )
        for rule in rules
    ]


def report():
    found = sources.find([str(ROOT / "examples")], lambda: b"")
    return load_format("json").render(check.report_on(found, Settings(packs=shipped_packs())))


def test_a_checkout_has_no_bundles():
    assert bundles_dir() is None
    assert bundle.bundled("federation", FEDERATION) is None


@pytest.mark.parametrize("pack", shipped_packs())
def test_a_bundle_holds_the_rules_of_the_files(pack, use):
    read = load_rules([pack])
    use()
    kept = bundle.bundled(pack, policies_dir() / pack)

    assert comparable(kept) == comparable(read)
    assert kept


def test_both_find_the_same_in_every_example(use, monkeypatch):
    read = report()
    use()
    monkeypatch.setattr("fedpolicy.policy.load._load", None)  # no rule file is read any more

    assert report() == read
    assert '"verdict": "fail"' in read


def test_what_users_set_holds_for_compiled_rules(use):
    rule = next(rule for rule in load_rules(["federation"]) if rule.params)
    name = f"{rule.id}.{rule.params[0].name}"
    text = {"level": "verbatim", "list": "a, b", "bool": "true", "text": "x"}.get(rule.params[0].type, "3")
    chosen = {"params": {name: text}, "severities": {rule.id: "info"}, "select": [f"{rule.id[:-1]}*"]}
    read = load_rules(["federation"], **chosen)
    use()

    assert comparable(load_rules(["federation"], **chosen)) == comparable(read)


@pytest.mark.parametrize("key", ["fedpolicy", "cel-expr-python", "files"])
def test_a_bundle_of_another_version_is_not_used(key, tmp_path, built, monkeypatch):
    text = (built / "federation.py").read_text(encoding="utf-8")
    known = {}
    exec(text, known)  # noqa: S102  our own text
    known["TREE"]["made"][key] = "another"
    (tmp_path / "federation.py").write_text(f"TREE = {known['TREE']!r}", encoding="utf-8")
    monkeypatch.setattr(bundle, "bundles_dir", lambda: tmp_path)

    assert bundle.bundled("federation", FEDERATION) is None


def test_a_rule_file_that_was_changed_counts(tmp_path, use):
    use()
    changed = shutil.copytree(FEDERATION, tmp_path / "federation")
    file = min(changed.glob("[a-z]*.yaml"))
    file.write_text(file.read_text(encoding="utf-8") + "# ours\n", encoding="utf-8")

    assert bundle.bundled("federation", FEDERATION) is not None
    assert bundle.bundled("federation", changed) is None


@pytest.mark.parametrize("content", [b"", b"TREE = {", b"TREE = {None: Non", b"\0", b"\xff"])
def test_a_broken_bundle_is_not_used(content, tmp_path, monkeypatch):
    (tmp_path / "federation.py").write_bytes(content)
    monkeypatch.setattr(bundle, "bundles_dir", lambda: tmp_path)

    assert bundle.bundled("federation", FEDERATION) is None


def test_a_bundle_has_the_same_bytes_every_time(built):
    assert bundle_of("federation", load_rules(["federation"])) == (built / "federation.py").read_text(encoding="utf-8")
