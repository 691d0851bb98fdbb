"""The fuzzer finds faults that are planted, says where, and makes them small."""

from __future__ import annotations

import os
import subprocess
import sys
from random import Random
from types import SimpleNamespace

import pytest
import yaml

import fuzz.__main__
from fedpolicy.errors import Problems
from fuzz.bytestream import Choices, first_inputs, input_of
from fuzz.command import Broken
from fuzz.corpus import FOLDERS, LEAK, ROOT, read_corpus, repository
from fuzz.guided import options, parsed, seed_number
from fuzz.guides import Guidance, guide
from fuzz.mutation import retold
from fuzz.page import PAGE, page
from fuzz.session import STEP, Finding, Session, again, breaks, inputs_of, write
from fuzz.smallest import smallest
from fuzz.target import Box, targets

pytestmark = pytest.mark.no_cover  # hundreds of deployments

FEW = 3  # steps of 16 inputs


@pytest.fixture
def found(source):
    """Plant a fault in a function, and give the findings of a few steps until one breaks this law."""

    def search(law, *, wanted=1, seconds=20.0):
        findings = []
        session = Session("tests", seconds, findings.append, source=source, shrink=1.0)
        for number in range(FEW):
            session.step(number)
            if sum(one.broken.law == law for one in findings) >= wanted:
                return [one for one in findings if one.broken.law == law]
        pytest.fail(f"no `{law}` in {FEW * STEP} inputs: {findings}")

    return search


def test_a_document_that_is_dropped_is_found(found, monkeypatch):
    from fedpolicy import api, check  # noqa: PLC0415  what is broken here

    real = check.load_text
    nothing = type(real(LEAK, "d.yaml", api.load_catalog()))()

    def dropping(text, name, *others):
        # What is drafted of a configuration is read under that one's name, and its text is not what was drawn.
        drawn = name in {"clean.yaml", "leak.yaml"} or name.startswith("d")
        return nothing if drawn and b"aggregator" in bytes(text) else real(text, name, *others)

    monkeypatch.setattr(check, "load_text", dropping)
    monkeypatch.setattr(api, "load_text", dropping)
    finding = found("vanished")[0]

    assert any(b"aggregator" in text for text in finding.files.values())


@pytest.mark.slow
def test_a_stage_that_raises_is_found_with_its_place(found, monkeypatch):
    from fedpolicy.graph import builder  # noqa: PLC0415  what is broken here

    real = builder.Builder.add

    def raising(*given, **named):
        if {"prompts", "updates", "records"} & set(map(str, (*given, *named.values()))):
            raise ZeroDivisionError("planted")
        return real(*given, **named)

    monkeypatch.setattr(builder.Builder, "add", raising)
    finding = found("crash")[0]

    assert "ZeroDivisionError" in str(finding.broken) + finding.broken.site


def test_an_endless_loop_is_found(monkeypatch):
    from fedpolicy import check  # noqa: PLC0415  what is broken here

    def endless(*_given):
        while True:
            pass

    monkeypatch.setattr(check, "check_file", endless)
    monkeypatch.setattr("fedpolicy.batch.run.check_file", endless, raising=False)
    broken = breaks("beside", {"d.yaml": LEAK}, 0.0, 0.3)

    assert broken is not None
    assert (broken.law, broken.detail) == ("hang", "more than 0.3 s of processor time")


def test_a_random_report_is_found(monkeypatch):
    from fedpolicy.cli import gate  # noqa: PLC0415  what is broken here

    real = gate.write_all
    drawn = iter(range(9))
    monkeypatch.setattr(gate, "write_all", lambda texts: real([(out, f"{text}{next(drawn)}") for out, text in texts]))
    broken = breaks("same-bytes", {"d.yaml": LEAK}, 0.0, 20.0)

    assert broken is not None
    assert broken.law == "different"


def test_a_leak_that_a_clean_file_hides_is_found(monkeypatch):
    from fedpolicy.cli import gate as checking  # noqa: PLC0415  what is broken here

    real = checking._answer  # noqa: SLF001
    monkeypatch.setattr(checking, "_answer", lambda report, *more: 0 if len(report.files) > 1 else real(report, *more))
    broken = breaks("beside", {"d.yaml": LEAK}, 0.0, 20.0)

    assert broken is not None
    assert str(broken) == "lowered: exit code 0, and 1 without clean.yaml"


def test_a_draft_that_contradicts_its_files_is_found(monkeypatch):
    from fedpolicy.scan import draft  # noqa: PLC0415  what is broken here

    files = {"jobs/lung-he/app/custom/trainer.py": repository()["jobs/lung-he/app/custom/trainer.py"]}
    assert breaks("draft", files, 0.5, 60.0) is None

    monkeypatch.setattr(draft, "_numbered", lambda name, _number: name)
    files["ask.py"] = b'from openai import OpenAI\nOpenAI().chat.completions.create(model="gpt-5.1", messages=[])\n'
    broken = breaks("draft", files, 0.5, 60.0)

    assert broken is not None
    assert str(broken) == "draft: what it has written has mistakes"


def test_the_same_seed_gives_the_same_inputs(source):
    def drawn(seed):
        kinds = ["deployment", *{one.input for one in targets().values() if not one.input.startswith("foreign")}]
        return [source.draw(kind, Random(f"{seed}{kind}")) for kind in kinds]  # noqa: S311

    assert drawn("tests") == drawn("tests")
    assert drawn("tests") != drawn("others")
    assert inputs_of(source, "tests", 3, "loader") == inputs_of(source, "tests", 3, "loader")
    assert {name for name, _ in inputs_of(source, "tests", 3, "loader")} == {"loader"}


@pytest.mark.slow
def test_inputs_are_of_every_kind_and_many_are_sound(source):
    from fedpolicy import api  # noqa: PLC0415  the product

    def sound(text):
        try:
            return bool(api.loads(text))
        except Problems:
            return False

    deployments = [source.draw("deployment", Random(number)).text for number in range(80)]  # noqa: S311

    assert set(read_corpus()) == {one.input for one in targets().values()} - {"bytes", "texts"} - {
        one.input for one in targets().values() if one.input.startswith("foreign")
    }
    assert len(set(deployments)) > 0.9 * len(deployments)
    assert sum(map(sound, deployments)) > 0.4 * len(deployments)


@pytest.mark.parametrize("pattern", [pattern for patterns in FOLDERS.values() for pattern in patterns])
def test_seeds_are_where_the_corpus_looks_for_them(pattern):
    assert list(ROOT.glob(pattern))


def test_what_breaks_is_made_small():
    text = b"a: 1\nb: 2\nbad: 3\nc: 4\n"

    assert smallest({"one": text, "two": b"x"}, lambda files: b"bad" in files.get("one", b""), 5.0) == {"one": b"bad"}


def test_a_reproducer_can_be_run_again(tmp_path, monkeypatch, source):
    from fedpolicy.cli import gate as checking  # noqa: PLC0415  what is broken here

    findings = []
    session = Session("x", 20.0, findings.append, source=source, shrink=0.0)
    with monkeypatch.context() as patched:
        patched.setattr(checking, "exit_code", lambda *_, **__: 3)
        session.judge("beside", {"d.yaml": LEAK}, Random(1))  # noqa: S311
        place = write(findings[0], tmp_path, "python -m fuzz --seed x, step 0")
        assert again(place, 20.0) is not None

    assert again(place, 20.0) is None
    assert (place / "d.yaml").read_bytes() == LEAK
    assert "here: fedpolicy check --isolated --today 2026-11-28 --jobs 1 d.yaml" in (place / "README.txt").read_text(
        encoding="utf-8"
    )


def test_a_box_tells_crashes_apart(tmp_path, monkeypatch):
    from fedpolicy.cli import gate  # noqa: PLC0415  what is broken here

    monkeypatch.setattr(gate, "choices_of", lambda *_, **__: 1 / 0)
    with pytest.raises(Broken) as raised:
        Box(tmp_path, {"d.yaml": LEAK}).fill().run("check", "d.yaml")

    assert raised.value.signature == "crash check ZeroDivisionError fedpolicy/cli/gate.py _check"


@pytest.mark.slow
def test_a_run_prints_its_seed_and_what_it_did(tmp_path):
    command = [
        sys.executable,
        "-m",
        "fuzz",
        "--seed",
        "7",
        "--steps",
        "1",
        "--seconds",
        "60",
        "--found",
        tmp_path / "f",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False, env={**os.environ})

    assert done.stderr == ""
    assert done.stdout.startswith("seed 7\n")
    assert "\nreading " in done.stdout
    assert done.stdout.endswith(" inputs judged; 0 found\n"), done.stdout


def test_the_page_is_what_targets_and_measurements_say():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m fuzz --page"
    assert {one["target"] for one in yaml.safe_load((ROOT / "fuzz/history.yaml").read_text(encoding="utf-8"))} <= set(
        targets()
    )


def test_bytes_are_files_or_the_choices_that_draw_one(source):
    first = next(first_inputs(source, "reader"))
    drawn = [input_of(source, "reader", b"\1" + bytes([one]) * 200) for one in (3, 3, 4)]

    assert input_of(source, "reader", first).text == source.seeds("deployment")[0].text
    assert drawn[0] == drawn[1] != drawn[2]
    assert input_of(source, "loader", b"ab").text == b"ab"
    assert input_of(source, "reader", b"") is input_of(source, "importer-nvflare", b"\0") is None
    assert {one.name for one in source.seeds("foreign:nvflare")} >= {
        input_of(source, "importer-nvflare", b"\0\2x").name
    }
    assert Choices(b"\7").getrandbits(2) == 3
    assert Choices(b"").random() == Choices(b"").random()


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["--list"], None, "reader                       differential our reader and pydantic"),
        (["--target", "raeder"], 2, "there is no target `raeder`; python -m fuzz --list says which there are"),
        (["--guided", "--target", "reader"], 2, "atheris is not installed: `make fuzz-guided` makes an environment"),
    ],
)
def test_what_is_asked_is_answered_or_it_is_said_why_not(given, code, said, monkeypatch, capsys):
    monkeypatch.setattr(fuzz.__main__, "without_deadlines", lambda: None)  # of processes of its own
    monkeypatch.setattr(fuzz.__main__, "installed", lambda: False)
    monkeypatch.setattr(sys, "argv", ["fuzz", *given])
    if code is None:
        assert fuzz.__main__.main() == 0
    else:
        with pytest.raises(SystemExit) as ended:
            fuzz.__main__.main()
        assert ended.value.code == code

    assert said in "".join(capsys.readouterr())


def test_what_ended_a_guided_process_is_a_finding(tmp_path, monkeypatch):
    def run(command, **_):
        place = tmp_path / "kept/reader"
        (place / "crash-1").write_bytes(b"\0" + LEAK)
        (place / "counts.json").write_text('{"judged": 50, "vacuous": 2}', encoding="utf-8")
        assert command[1:4] == ["-m", "fuzz.guided", "reader"]
        assert {"--seed=x", f"--corpus={tmp_path}"} < {*command}
        return SimpleNamespace(returncode=77)

    (tmp_path / "kept/reader").mkdir(parents=True)
    monkeypatch.setattr(subprocess, "run", run)
    how = Guidance(
        seconds=1.0, bound=20.0, found=tmp_path / "found", kept=tmp_path / "kept", seed="x", corpus=[tmp_path]
    )
    done, (place,) = guide("reader", how)

    assert (done.judged["reader"], done.vacuous["reader"], done.found["reader"]) == (50, 2, 1)
    assert (place / "d.yaml").read_bytes() == LEAK
    assert not list((tmp_path / "kept/reader").glob("crash-*"))
    told = (place / "README.txt").read_text(encoding="utf-8")
    assert "found by: python -m fuzz --guided --target reader --seed x\n" in told


def test_a_seed_leads_a_guided_run():
    numbers = [options(parsed(["reader", f"--seed={seed}"]))[-1] for seed in ("7", "7", "8", "a3f0")]

    assert numbers[0] == numbers[1] == f"-seed={seed_number('7')}"
    assert len({*numbers}) == 3
    assert all(0 < seed_number(seed) < 2**31 for seed in ("", "0", "a3f0"))


def test_a_step_that_was_lost_names_its_seed_and_is_no_single_input(tmp_path):
    lost = Finding(Broken("hang", (), "step 3 ended without an answer", "step 3"), "", {"00-d.yaml": LEAK})
    place = write(lost, tmp_path, "python -m fuzz --seed x, step 3")
    told = (place / "README.txt").read_text(encoding="utf-8")

    assert "found by: python -m fuzz --seed x, step 3\n" in told
    assert "once more, from the root of the repository: with the same seed, up to that step\n" in told
    with pytest.raises(ValueError, match=r"has all inputs of one step: its README\.txt says which seed leads there"):
        again(place, 20.0)


def test_a_tree_that_names_one_part_in_many_places_is_changed_in_little_room():
    tree = {"n": 1}
    for _ in range(60):
        tree = {"a": tree, "b": tree}

    changed = retold(tree, [{"a": {"b": 2}}], Random(7))  # noqa: S311

    assert isinstance(changed, dict)
    assert changed is not tree
