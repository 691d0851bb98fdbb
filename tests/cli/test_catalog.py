"""`fedpolicy catalog`: how old the facts are."""

OWN = """
models:
  acme/old: {weights: open, source: https://acme.example/card, as_of: 2001-01-01}
"""


def test_every_section_is_counted(run):
    lines = run("catalog", "--today", "2026-11-28").stdout.splitlines()

    assert lines[0].split() == ["section", "rows", "median", "age", "older", "than", "half", "a", "year"]
    assert {line.split()[0] for line in lines[1:]} >= {"models", "providers", "licences", "countries"}


def test_the_oldest_row_comes_first(run, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(OWN, encoding="utf-8")

    first, *_, last = run("catalog", "--age", "--today", "2026-11-28", "--catalog", str(own)).stdout.splitlines()

    assert first == "2001-01-01  models.acme/old"
    assert last.endswith("older than half a year on 2026-11-28")


def test_nothing_is_old_before_anybody_looked(run):
    assert run("catalog", "--age", "--today", "2001-01-01").stdout == "0 rows older than half a year on 2001-01-01\n"
