"""Odd files: somebody else's settings, anchors with a typo, marks between documents, a report over its source."""

import pytest

HEAD = "fedpolicy: 1\nname: x\n"
MODEL = "models: {m: {}}\n"  # there must be something to check
PARTIES = "parties: {a: {role: participant}, b: {role: participant}, hub: {role: coordinator}}\n"
NODES = "nodes: {c: {kind: client, party: [a, b]}, agg: {kind: aggregator, party: hub}}\n"
DATA = "datasets: {d: {at: c, categories: [health]}}\n"
TASK = "{method: fedavg, data: [d], runs_on: c, aggregator: agg, safeguards: [%s]}"


def places(result):
    return [line.strip().removeprefix("--> ") for line in result.stderr.splitlines() if line.strip().startswith("--> ")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fedpolicy:\n  enabled: true\n", False),
        ("image: x\nfedpolicy: {image: y, tag: z}\n", False),
        ("fedpolicy: # of the chart\n  values: 1\n---\nkind: Job\n", False),
        ('{"name": "app", "fedpolicy": {"packs": []}}', False),
        (f"fedpolicy: {{version: 1}}\n{PARTIES}", True),
        (f"{PARTIES}fedpolicy:\n  version: 1\n", True),
        ("fedpolicy:\n", True),
        ("fedpolicy: [1]\n", True),
        ("fedpolicy: two\n", True),
        ("fedpolicy: {a: 1}\n---\nfedpolicy: &v 1\n", True),
        ("fedpolicy:\n  a: [\n", True),
    ],
)
def test_a_search_takes_settings_of_others_for_no_deployment(text, found, run, tmp_path):
    (tmp_path / "fedpolicy.yaml").write_text(HEAD + MODEL, encoding="utf-8")
    (tmp_path / "values.yaml").write_text(text, encoding="utf-8")
    result = run("check", ".", "--fail-on", "never")

    assert ("values.yaml" in result.stderr) is found, result.stderr
    assert result.exit_code == (2 if found else 0)
    assert "values.yaml:" in run("check", "values.yaml").stderr


def test_a_mistake_in_what_is_anchored_is_told_once_at_the_anchor(run):
    uses = "".join(f"  t{number}: {TASK % '*dp'}\n" for number in range(3))
    own = "x-dp: &dp {kind: differential_privacy, mecanism: gaussian}\n"
    result = run("check", "-", input=f"{HEAD}{own}{PARTIES}{NODES}{DATA}tasks:\n{uses}")

    assert result.exit_code == 2
    assert result.stderr.count("unknown key `mecanism`") == 1
    assert "<stdin>:3:40" in result.stderr


def test_an_anchor_with_a_typo_is_one_mistake_at_the_anchor(run):
    uses = "".join(f"  t{number}: {TASK % '*shield'}\n" for number in range(3))
    own = "x-all: &sheild {kind: norm_bound, bound: 1}\n"
    result = run("check", "-", input=f"{HEAD}{own}{PARTIES}{NODES}{DATA}tasks:\n{uses}")

    assert result.exit_code == 2
    assert result.stderr.count("error: ") == 1, result.stderr
    assert "error: nothing uses the anchor `&sheild`, and 3 aliases name `*shield`\n" in result.stderr
    assert "<stdin>:3:8" in result.stderr
    assert "= help: did you mean `&shield`?" in result.stderr


def test_an_alias_of_nothing_is_told_once_however_often_it_stands(run):
    uses = "".join(f"  t{number}: {TASK % '*nowhere'}\n" for number in range(3))
    result = run("check", "-", input=f"{HEAD}{PARTIES}{NODES}{DATA}tasks:\n{uses}")

    assert result.stderr.count("error: ") == 1, result.stderr
    assert "no anchor `&nowhere` stands before this alias (nor before 2 more of it)" in result.stderr
    assert "<stdin>:7:" in result.stderr


def test_keys_of_ones_own_mean_nothing_and_hold_what_is_anchored(run):
    own = "x-role: &role {role: participant}\nx-note: anything\nx-empty:\n"
    result = run("check", "-", input=f"{HEAD}{own}parties: {{a: *role}}\n{MODEL}")

    assert (result.exit_code, result.stderr) == (0, "")
    inside = run("check", "-", input=f"{HEAD}parties: {{a: {{role: participant, x-own: 1}}}}\n")
    assert "unknown key `x-own`" in inside.stderr


@pytest.mark.parametrize("mark", ["---\n\ufeff", "\ufeff---\n"])
def test_a_byte_order_mark_before_a_second_document_is_one_message_with_its_place(mark, run):
    result = run("check", "-", input=f"\ufeff{HEAD}{MODEL}{PARTIES}{mark}fedpolicy: 1\nname: y\n{PARTIES}{MODEL}")

    assert result.exit_code == 2
    assert result.stderr.count("error: ") == 1, result.stderr
    assert "error: a byte order mark (U+FEFF) stands inside the file\n" in result.stderr
    assert f"<stdin>:{6 if mark[0] == '-' else 5}:1" in result.stderr


@pytest.mark.parametrize("output", ["text:d.yaml", "d.yaml", "sarif:other/fedpolicy.yaml", "text:./link.yaml"])
def test_a_report_never_takes_the_place_of_a_deployment(output, run, tmp_path):
    (tmp_path / "other").mkdir()
    for name in ("d.yaml", "other/fedpolicy.yaml"):
        (tmp_path / name).write_text(HEAD + MODEL, encoding="utf-8")
    (tmp_path / "link.yaml").symlink_to("d.yaml")
    result = run("check", "d.yaml", "--output", output)

    name = output.rpartition(":")[2]
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"error: `{name}` is a deployment, and a report would replace it\n" in result.stderr
    assert (tmp_path / "d.yaml").read_text(encoding="utf-8") == HEAD + MODEL
    assert (tmp_path / "other/fedpolicy.yaml").read_text(encoding="utf-8") == HEAD + MODEL


def test_a_report_replaces_an_earlier_report(run, tmp_path):
    (tmp_path / "d.yaml").write_text(HEAD + MODEL, encoding="utf-8")

    assert run("check", "d.yaml", "--output", "json:r.json").exit_code == 0
    assert run("check", "d.yaml", "--output", "json:r.json").exit_code == 0


@pytest.mark.parametrize("text", ["fedpolicy: 1\n", 'fedpolicy: 1\nname: ""\n'])
def test_a_file_without_a_name_never_passes(text, run, tmp_path):
    (tmp_path / "d.yaml").write_text(text, encoding="utf-8")
    result = run("check", "d.yaml")

    assert (result.exit_code, result.stdout) == (2, "ERROR  nothing was evaluated\n")
    assert "--> d.yaml:" in result.stderr
