"""Settings that stand in a file."""

import json

import pytest

from fedpolicy.config import has_table


def rules_of(result):
    return {finding["rule"] for finding in json.loads(result.stdout)["findings"]}


@pytest.fixture
def configured(run, example, tmp_path):
    del example

    def write(text, name="fedpolicy.toml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return run

    return write


def test_the_file_sets_packs_rules_and_when_to_fail(configured):
    run = configured('fail_on = "never"\n[rules.releases-exceeded]\nenabled = false\n')
    result = run("check", "--format", "json")

    assert result.exit_code == 0
    assert "releases-exceeded" not in rules_of(result)
    assert "private-data-to-closed-model" in rules_of(result)


def test_the_command_line_has_the_last_word(configured):
    run = configured('fail_on = "never"\nselect = ["releases-exceeded"]\n')

    assert run("check").exit_code == 0
    assert run("check", "--fail-on", "high").exit_code == 1
    assert rules_of(run("check", "--select", "model-unpinned", "--format", "json")) == {"model-unpinned"}


def test_severity_and_params_of_a_rule(configured):
    run = configured(
        '[rules.private-data-to-closed-model]\nseverity = "low"\nparams = {max_level = "verbatim"}\n'
        '[rules.releases-exceeded]\nseverity = "info"\n'
    )
    found = json.loads(run("check", "--format", "json").stdout)["findings"]
    severities = {finding["rule"]: finding["severity"] for finding in found}

    assert "private-data-to-closed-model" not in severities
    assert severities["releases-exceeded"] == "info"


def test_a_pyproject_with_our_table_counts_and_one_without_does_not(configured, tmp_path):
    (tmp_path / "deep").mkdir()
    run = configured("[tool.other]\n", "deep/pyproject.toml")
    configured('[tool.fedpolicy]\nfail_on = "never"\n', "pyproject.toml")

    assert run("check", "deep/../deployment.yaml").exit_code == 0
    assert 'fail_on     = "never"         # pyproject.toml' in run("config", "show").stdout


def test_isolated_and_another_file(configured, tmp_path):
    run = configured('fail_on = "never"\n')
    (tmp_path / "strict.toml").write_text('fail_on = "info"\n', encoding="utf-8")

    assert run("check", "--isolated").exit_code == 1
    assert run("check", "--config", "strict.toml").exit_code == 1
    assert run("check").exit_code == 0


def test_a_search_leaves_out_what_is_excluded(configured, tmp_path):
    run = configured('exclude = ["drafts/**", "*.old.yaml"]\n')
    (tmp_path / "drafts").mkdir()
    for name in ("drafts/broken.yaml", "broken.old.yaml"):
        (tmp_path / name).write_text("fedpolicy: 1\nname: [\n", encoding="utf-8")

    assert run("check").exit_code == 1
    assert run("check", "drafts/broken.yaml").exit_code == 2
    assert run("check", "--isolated").exit_code == 2


def test_show_tells_every_value_and_where_it_comes_from(configured):
    run = configured('max_epsilon = 3\n[rules.releases-exceeded]\nseverity = "low"\n')

    assert run("config", "show").stdout.splitlines() == [
        'packs                   = ["federation"]      # default',
        "catalogs                = []                  # default",
        "select                  = []                  # default",
        "ignore                  = []                  # default",
        "exclude                 = []                  # default",
        "gitignore               = true                # default",
        'jobs                    = "auto"              # default',
        "timeout                 = 300.0               # default",
        'fail_on                 = "high"              # default',
        "strict                  = false               # default",
        "max_epsilon             = 3.0                 # fedpolicy.toml",
        "max_nodes               = 50000               # default",
        "waivers                 = not set             # default",
        "baseline                = not set             # default",
        'rules.releases-exceeded = {severity = "low"}  # fedpolicy.toml',
    ]


def test_every_mistake_is_told_with_its_place(configured):
    run = configured(
        'packs = ["federation", {path = "ours", sha256 = "xyz"}]\nfail_onn = "high"\nfail_on = "hgh"\nstrict = "yes"\n'
        "max_epsilon = -3\n[rules.closed-model]\nenabld = false\n"
    )
    result = run("check")

    assert result.exit_code == 2
    for place, message in (
        ("1:40", "packs.1.sha256: `xyz` is not a SHA-256"),
        ("2:1", "unknown key `fail_onn`"),
        ("3:1", "`hgh` is not a value of `fail_on`"),
        ("4:1", "`yes` does not fit here"),
        ("5:1", "`-3` is not above 0"),
        ("7:1", "unknown key `enabld`"),
    ):
        assert f" --> fedpolicy.toml:{place}" in result.stderr
        assert message in " ".join(result.stderr.split())


def test_a_file_that_names_no_pack_is_told(configured):
    result = configured("fail_on = 'high'\npacks = []\n")("check", "--format", "json")

    assert result.exit_code == 2
    assert result.stderr == (
        "error: packs: no pack is named, so nothing would be checked\n --> fedpolicy.toml:2:1\n"
        "  |\n2 | packs = []\n  | ^^^^^\n  |\n"
        "  = help: name one, such as federation, or remove the key\n\n"
    )


def test_a_rule_that_does_not_exist_is_told_and_one_of_another_pack_is_not(configured):
    run = configured("[rules.releases-exceded]\nenabled = false\n")
    result = run("check")

    assert result.exit_code == 2
    assert "did you mean `releases-exceeded`?" in result.stderr


def test_what_is_no_toml(configured):
    result = configured("strict = true\npacks = [\n")("check")

    assert result.exit_code == 2
    assert "this is not TOML: Invalid value at the end of the file\n --> fedpolicy.toml:2:1\n" in result.stderr


def test_a_link_that_leads_nowhere_is_no_missing_file(run, example, tmp_path):
    del example
    (tmp_path / "fedpolicy.toml").symlink_to("moved.toml")
    result = run("check")

    assert result.exit_code == 2
    assert "`fedpolicy.toml` cannot be read" in result.stderr


def test_a_named_file_that_is_not_there(run, example):
    del example
    result = run("check", "--config", "nowhere.toml")

    assert result.exit_code == 2
    assert "`nowhere.toml` cannot be read" in result.stderr


def test_a_pinned_pack_that_has_changed_is_refused(configured, tmp_path):
    run = configured("")
    run("new", "rule", "keep-short", "--pack", "ours")
    digest = run("pack", "digest", "ours").stdout.strip()
    configured(f'fail_on = "never"\npacks = ["federation", {{path = "ours", sha256 = "{digest}"}}]\n')
    assert run("check").exit_code == 0

    rule = tmp_path / "ours" / "keep-short.yaml"
    rule.write_text(rule.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    result = run("check")

    assert result.exit_code == 2
    assert "the pack `ours` is not the one that is pinned" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("[tool.fedpolicy]", True),
        ("[ tool . 'fedpolicy' ]", True),
        ('["tool"."fedpolicy".rules.x]', True),
        ("[tool]\nfedpolicy.strict = true", True),
        ("[tool.other]\n[tool]\nfedpolicy = {strict = true}", True),
        ("tool = {fedpolicy = {strict = true}}", True),
        ("tool.fedpolicy.strict = true", True),
        ("\"tool\" . 'fedpolicy' .\tstrict = true", True),
        ('["to\\u006fl".fedpolicy]', True),
        ('[tool."fed\\U00000070olicy"]', True),
        ('[project]\nname = "fedpolicy"\ndependencies = ["fedpolicy"]', False),
        ('[tool.other]\nfedpolicy = 1\nabout = "tool.fedpolicy"', False),
        ('[other]\ntool = "fedpolicy"', False),
        ("[tool.fedpolicy", True),  # no TOML: to go on without it would judge by other settings than are written
        ("[tool.fedpolicy]\nstrict = true\nstrict = false", True),
        ("[tool.other\nabout = 'tool.fedpolicy'", False),
    ],
)
def test_our_table_is_found_however_toml_spells_it_and_nowhere_else(text, ours):
    assert has_table(text.encode()) is ours
