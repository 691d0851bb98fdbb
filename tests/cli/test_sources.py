"""Which files are deployments."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fedpolicy.sources import EXCLUDED, HIDDEN, INSTALLED, LINK, STDIN, Search, Skipped, find, read, skipped_words

SPEC = "fedpolicy: 1\nname: x\n"


def no_stdin():
    raise AssertionError


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(*names, text=SPEC):
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")


def found(*paths):
    return [source.name for source in find(paths or ["."], no_stdin)]


def test_files_are_found_by_name():
    names = ["a.fedpolicy.yaml", "b.fedpolicy.yml", "c.fedpolicy.json", "fedpolicy.yaml", "fedpolicy.yml"]
    write(*names, "fedpolicy.toml", "notes.json", "x.fedpolicy.txt", text="nothing here")

    assert found() == names


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("fedpolicy: 1\n", True),
        ("# hello\n---\nname: x\nfedpolicy: 1\n", True),
        ('"fedpolicy": 1\n', True),
        ("'fedpolicy' : 1\r\n", True),
        ("\ufefffedpolicy: 1\n", True),
        ("fedpolicy:\n", True),
        ("fedpolicy:1\n", False),
        ("  fedpolicy: 1\n", False),
        ("# fedpolicy: 1\n", False),
        ("fedpolicy_rules: 1\n", False),
        ("", False),
    ],
)
def test_yaml_is_found_by_its_top_level_key(text, is_one):
    write("deployment.yaml", "other.yml", text=text)
    write("fedpolicy.yaml")

    assert found() == ["deployment.yaml", "fedpolicy.yaml", "other.yml"] if is_one else ["fedpolicy.yaml"]


def test_folders_are_searched_in_order_and_deep():
    write("b/deployment.yaml", "a/z/deployment.yaml", "a/b/deployment.yaml", "top.yaml")

    assert found() == ["top.yaml", "a/b/deployment.yaml", "a/z/deployment.yaml", "b/deployment.yaml"]


def test_hidden_folders_and_what_is_installed_are_left_out():
    write(".tox/d.yaml", "node_modules/d.yaml", "venv/d.yaml", "deep/env/lib/d.yaml", "src/d.yaml", ".hidden.yaml")
    write("venv/pyvenv.cfg", "deep/env/pyvenv.cfg", "venv/bin/python", "deep/env/Scripts/python.exe", text="")

    assert found() == ["src/d.yaml"]


def test_what_is_left_out_is_told():
    write("node_modules/d.yaml", "venv/d.yaml", ".tox/d.yaml", "drafts/d.yaml", "drafts/no.yaml", "src/d.yaml")
    write("venv/pyvenv.cfg", "venv/bin/python", "drafts/no.yaml", "src/__pycache__/x", text="")
    Path("src/out").symlink_to("/usr")
    told: list[Skipped] = []
    search = Search(exclude=["drafts"], skip=told.append)

    assert [source.name for source in find(["."], no_stdin, search)] == ["src/d.yaml"]
    assert sorted((one.path, one.why) for one in told) == [
        ("./.tox", HIDDEN),
        ("./drafts/d.yaml", EXCLUDED),
        ("./node_modules", INSTALLED),
        ("./src/out", LINK),
        ("./venv", INSTALLED),
    ]
    assert skipped_words(told) == (
        "1 hidden folder, 2 folders of installed packages, 1 excluded deployment, 1 link that leads out"
    )


def test_arguments_keep_their_order_and_a_file_is_read_once():
    write("a.yaml", "b.yaml", "dir/c.yaml")

    assert found("b.yaml", ".", "a.yaml", "./dir/../b.yaml") == ["b.yaml", "a.yaml", "dir/c.yaml"]


def test_a_loop_of_links_ends_and_a_linked_file_is_read_once():
    write("a/d.yaml")
    Path("a/up").symlink_to("..")
    Path("z.yaml").symlink_to("a/d.yaml")

    assert found() == ["z.yaml"]


def test_a_folder_that_is_a_link_is_searched_when_it_is_named():
    write("real/d.yaml")
    Path("link").symlink_to("real")

    assert found("link") == ["link/d.yaml"]


def test_a_named_file_needs_no_key():
    write("plain.txt", text="anything")

    assert next(find(["plain.txt"], no_stdin)).text == b"anything"


def test_names_are_said_as_seen_from_here(here):
    write("dir/d.yaml")

    assert found(str(here / "dir" / "d.yaml"), "./dir/d.yaml") == ["dir/d.yaml"]


def test_what_lies_elsewhere_keeps_its_name(here, monkeypatch):
    write("d.yaml", "sub/x.yaml")
    monkeypatch.chdir(here / "sub")

    assert found("../d.yaml", str(here / "sub" / "x.yaml")) == ["../d.yaml", "x.yaml"]
    assert read(str(here / "d.yaml")).name == (here / "d.yaml").as_posix()


def test_standard_input_is_read_for_a_dash():
    (source,) = find(["-"], lambda: b"fedpolicy: 1")

    assert (source.name, source.text) == (STDIN, b"fedpolicy: 1")


@pytest.mark.parametrize(
    ("path", "message", "advice"),
    [
        ("deploment.yaml", "`deploment.yaml` does not exist", "did you mean `deployment.yaml`?"),
        ("xyz", "`xyz` does not exist", "check the path"),
        ("no/such.yaml", "`no/such.yaml` does not exist", "there is no folder `no` either"),
        (
            "deployment.yaml/x",
            "`deployment.yaml/x` cannot be read: Not a directory",
            "check the path and its permissions",
        ),
        ("empty", "no deployment found in the folder `empty`", "name the file, call it `fedpolicy.yaml`"),
    ],
)
def test_what_cannot_be_used_is_said_with_advice(path, message, advice):
    write("deployment.yaml")
    Path("empty").mkdir()

    (source,) = find([path], no_stdin)

    assert source.error.message == message
    assert source.error.help.startswith(advice)
    assert (path == "empty") == ("`fedpolicy init` writes one" in source.error.help)


def test_the_others_are_read_all_the_same():
    write("a.yaml")

    assert [bool(source.error) for source in find(["gone.yaml", "a.yaml"], no_stdin)] == [True, False]


def test_a_broken_link_with_the_right_name_is_said():
    Path("fedpolicy.yaml").symlink_to("nowhere")

    (source,) = find(["."], no_stdin)

    assert source.error.message == "`fedpolicy.yaml` does not exist"


def test_a_link_to_nothing_is_not_a_wrong_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.yaml").symlink_to("nowhere.yaml")

    error = read("link.yaml").error

    assert (error.message, error.help) == (
        "`link.yaml` does not exist",
        "it is a link to a file that is not there",
    )


def test_an_endless_file_ends():
    assert read("/dev/zero").error.message == "`/dev/zero` cannot be read: it is not a plain file"


def test_a_folder_that_cannot_be_read_is_said(monkeypatch):
    def refuse(path, *_args, **_more):
        raise PermissionError(13, "Permission denied", str(path))

    write("dir/d.yaml")
    monkeypatch.setattr(os, "scandir", refuse)

    messages = [source.error.message for source in find(["dir"], no_stdin)]

    assert messages == ["the folder `dir` cannot be read: Permission denied"]


def test_a_link_to_itself_and_what_is_no_file_are_left_alone():
    write("a.yaml")
    Path("b.yaml").symlink_to("b.yaml")
    Path("loop").symlink_to("loop")
    os.mkfifo("fedpolicy.yaml")
    os.mkfifo("pipe.yaml")

    assert found() == ["a.yaml"]


def test_only_what_may_be_ours_is_opened(monkeypatch):
    write("a.yaml", "data.csv", "deep/model.safetensors", "deep/x.json", ".x.yaml", text="x")
    opened = []
    real = os.open

    def open_(path, *arguments, **more):
        opened.append(Path(path).name)
        return real(path, *arguments, **more)

    monkeypatch.setattr(os, "open", open_)

    assert [source.error.message for source in find(["."], no_stdin)] == ["no deployment found in the folder `.`"]
    assert set(opened) == {"a.yaml", "x.json"}


def test_of_a_huge_file_no_more_is_read_than_a_deployment_may_have(monkeypatch):
    monkeypatch.setattr("fedpolicy.sources.header.MOST_BYTES", 20)
    write("early.yaml", text="fedpolicy: 1\n" + "x" * 50)
    write("late.yaml", text="# " + "x" * 50 + "\nfedpolicy: 1\n")

    assert found() == ["early.yaml"]


def test_one_folder_that_cannot_be_read_hides_no_other(monkeypatch):
    write("a/d.yaml", "b/d.yaml", "c.yaml")
    real = os.scandir

    def refuse(path):
        if str(path).endswith("/a"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    sources = list(find(["."], no_stdin))

    assert [source.name for source in sources] == ["c.yaml", "b/d.yaml", "a"]
    assert sources[2].error.message == "the folder `a` cannot be read: Permission denied"


def test_a_file_that_cannot_be_looked_into_is_not_taken_for_ours(monkeypatch):
    def refuse(path, *_, **__):
        raise PermissionError(13, "Permission denied", str(path))

    write("a.yaml", "fedpolicy.yaml")
    monkeypatch.setattr(os, "open", refuse)

    assert [source.error.message for source in find(["."], no_stdin)] == [
        "`fedpolicy.yaml` cannot be read: Permission denied"
    ]
