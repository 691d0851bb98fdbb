"""A source is a commit that has the file, and no row is younger than its oldest commit."""

from __future__ import annotations

import subprocess

import pytest

from tools import sources


@pytest.fixture
def clones(tmp_path, monkeypatch):
    repo = tmp_path / "acme" / "facts"
    repo.mkdir(parents=True)
    (repo / "README.md").write_text("open", encoding="utf-8")
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.setenv(name, "2024-05-06T12:00:00+00:00")
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "--quiet"], ["add", "README.md"], [*who, "commit", "--quiet", "-m", "Facts"]):
        subprocess.run(["git", "-C", str(repo), *words], check=True)
    head = subprocess.run(
        ["git", "-C", str(repo), "rev-parse", "HEAD"], check=True, capture_output=True, encoding="utf-8"
    )
    return tmp_path, head.stdout[:7]


def said(clones, monkeypatch, capsys, source, as_of):
    folder, commit = clones
    own = folder / "models.yaml"
    where = source.format(commit=commit)
    row = f'models:\n  a/b:\n    weights: open\n    source: "{where}"\n    as_of: {as_of}\n'
    own.write_text(row, encoding="utf-8")
    rows = sources.load_catalog([own]).models
    monkeypatch.setattr(sources, "ROWS", {"models": None})
    monkeypatch.setattr(sources, "load_catalog", lambda: type("Catalog", (), {"models": {"a/b": rows["a/b"]}}))
    monkeypatch.setattr("sys.argv", ["sources", str(folder)])
    with pytest.raises(SystemExit) as caught:
        sources.main()
    return caught.value.code, capsys.readouterr().out.replace(commit, "COMMIT").splitlines()


@pytest.mark.parametrize(
    ("source", "as_of", "expected"),
    [
        ("https://github.com/acme/facts @{commit} README.md", "2024-05-06", None),
        (
            "https://github.com/acme/facts @{commit} README.md",
            "2024-05-07",
            "as_of 2024-05-07 is later than acme/facts @COMMIT of 2024-05-06",
        ),
        ("https://github.com/acme/facts @{commit} gone.md", "2024-01-01", "acme/facts @COMMIT has no gone.md"),
        ("https://github.com/acme/facts @0000000 README.md", "2024-01-01", "acme/facts has no commit 0000000"),
    ],
)
def test_a_source_is_held_against_its_commit(clones, monkeypatch, capsys, source, as_of, expected):
    code, lines = said(clones, monkeypatch, capsys, source, as_of)

    assert lines == [*([f"models.a/b: {expected}"] if expected else []), lines[-1]]
    assert lines[-1] == f"{int(bool(expected))} sources do not hold; no clone of nothing else"
    assert code == int(bool(expected))


def test_a_repository_that_is_not_there_is_named(clones, monkeypatch, capsys):
    code, lines = said(clones, monkeypatch, capsys, "https://github.com/acme/other @0000000 README.md", "2024-01-01")

    assert (code, lines) == (0, ["0 sources do not hold; no clone of acme/other"])
