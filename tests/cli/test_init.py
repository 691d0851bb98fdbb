"""`fedpolicy init`: a first declaration from answers, from an archetype, from a conversation, from what scan finds."""

import pytest
import yaml

from fedpolicy import api
from fedpolicy.archetypes import archetypes
from tests.house.pages import ROOT

NAMES = ("cross-device", "cross-silo", "rag", "split", "swarm", "vendor-model", "vertical")


def test_there_is_an_archetype_for_each_way():
    assert tuple(archetypes()) == NAMES
    assert all(title != name for name, title in archetypes().items())


@pytest.mark.parametrize("name", NAMES)
def test_an_archetype_is_valid_and_explains_itself(name, run, tmp_path):
    result = run("init", "new", "--from", name)
    text = (tmp_path / "new" / "fedpolicy.yaml").read_text(encoding="utf-8")
    (document,) = api.loads(text)

    assert result.exit_code == 0, result.stderr
    assert document.deployment.name == "our-federation"
    assert "# yaml-language-server: $schema=deployment.schema.json\n" in text
    assert text.startswith("# ")
    assert (tmp_path / "new" / "deployment.schema.json").is_file()
    assert "$ fedpolicy check new/fedpolicy.yaml" in result.stderr
    assert "Now make it yours" in result.stderr
    assert result.stdout.startswith(("FAIL  our-federation", "PASS  our-federation"))


def test_a_vendors_model_is_told_at_once(run):
    assert "openai can learn records of" in run("init", "--from", "vendor-model").stdout


def test_answers_come_from_a_file(run, tmp_path):
    (tmp_path / "answers.yaml").write_text(
        "archetype: swarm\nname: five-hospitals\nparticipants: {oslo: NO, kiel: DE}\ndataset: scans\n"
        "categories: [health, image]\nsubjects: 500\n",
        encoding="utf-8",
    )
    result = run("init", "--answers", "answers.yaml", "--config", "--hook", "--workflow")
    (document,) = api.loads((tmp_path / "fedpolicy.yaml").read_text(encoding="utf-8"))

    assert result.exit_code == 0, result.stderr
    assert {name: party.jurisdiction for name, party in document.deployment.parties.items()} == {
        "oslo": ("NO",),
        "kiel": ("DE",),
    }
    assert document.deployment.datasets["scans"].categories == ("health", "image")
    assert run("config", "show").exit_code == 0
    hook = yaml.safe_load((tmp_path / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert hook["repos"][0]["hooks"] == [{"id": "fedpolicy-check"}]
    assert "config-from" in (tmp_path / ".github" / "workflows" / "fedpolicy.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ("archetype: swam\n", "there is no archetype `swam`"),
        ("name: x\n", "the answers name no archetype"),
        ("archetype: swarm\nparticipants: {north: DE}\n", "one participant alone federates with nobody"),
        (
            "archetype: cross-silo\nparticipants: {a: DE, b: FR}\ncoordinator: a\n",
            "`a` is a participant and the coordinator",
        ),
        ("archetype: rag\nparticipants: {a b: DE, c: FR}\n", "the participant `a b` is not an id"),
        ("archetype: rag\nparticipants: {a: Germany, c: FR}\n", "`Germany` is not a code of a country"),
        ("archetype: rag\nsubjects: 0\n", "a dataset of nobody needs no protection"),
        (
            "archetype: rag\nsubjects: many\n",
            "`subjects` has another form than it should\n --> answers.yaml:2:11\n  |\n2 | subjects: many\n",
        ),
        (
            "archetype: rag\nparticipant: x\n",
            "`participant` is none of the answers\n --> answers.yaml:2:1\n  |\n2 | participant: x\n  | ^^^^^^^^^^^\n",
        ),
        ("archetype: rag\ncategories: [helth]\n", "there is no category `helth`\n  = help: did you mean `health`?"),
        ("- rag\n", "holds something else than answers"),
        ("archetype: [\n", "answers.yaml:"),
    ],
)
def test_answers_that_do_not_fit_are_told_and_nothing_is_written(answers, message, run, tmp_path):
    (tmp_path / "answers.yaml").write_text(answers, encoding="utf-8")
    result = run("init", "new", "--answers", "answers.yaml")

    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "new").exists()


def test_all_that_does_not_fit_is_told_at_once(run, tmp_path):
    (tmp_path / "answers.yaml").write_text("archetype: rag\nparticipants: {'': x}\nsubjects: 0\n", encoding="utf-8")
    assert run("init", "--answers", "answers.yaml").stderr.count("error: ") == 4


def test_an_archetype_and_answers_may_not_contradict(run, tmp_path):
    (tmp_path / "answers.yaml").write_text("archetype: rag\n", encoding="utf-8")
    assert "contradict each other" in run("init", "--from", "swarm", "--answers", "answers.yaml").stderr


def test_nothing_is_overwritten(run, tmp_path):
    (tmp_path / "fedpolicy.yaml").write_text("mine", encoding="utf-8")
    result = run("init", "--from", "rag")

    assert result.exit_code == 2
    assert "`fedpolicy.yaml` is already there" in result.stderr
    assert (tmp_path / "fedpolicy.yaml").read_text(encoding="utf-8") == "mine"
    (tmp_path / "fedpolicy.yaml").unlink()
    (tmp_path / ".pre-commit-config.yaml").write_text("mine", encoding="utf-8")
    assert "`.pre-commit-config.yaml` is already there" in run("init", "--from", "rag", "--hook").stderr
    assert not (tmp_path / "fedpolicy.yaml").exists()


def test_a_folder_that_cannot_be_made_is_told(run, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = run("init", "file/new", "--from", "rag")

    assert result.exit_code == 2
    assert "`file/new` cannot be made" in result.stderr


def test_without_options_it_asks(run, tmp_path):
    told = "2\ntwo-clinics\nnorth DE, south FR\nhub NL\nscans\nhealth, image\n500\ny\nn\nn\n"
    result = run("init", input=told)
    (document,) = api.loads((tmp_path / "fedpolicy.yaml").read_text(encoding="utf-8"))

    assert result.exit_code == 0, result.stderr
    assert document.deployment.name == "two-clinics"
    assert sorted(document.deployment.parties) == ["hub", "north", "south"]
    assert (tmp_path / "fedpolicy.toml").is_file()
    assert not (tmp_path / ".pre-commit-config.yaml").exists()


@pytest.mark.parametrize("name", NAMES)
def test_it_asks_for_nothing_that_the_declaration_does_not_need(name, run, tmp_path):
    result = run("init", input=f"{NAMES.index(name) + 1}\n" + "\n" * 9)
    text = (tmp_path / "fedpolicy.yaml").read_text(encoding="utf-8")

    assert result.exit_code == 0, result.stderr
    assert ("Who takes part?" in result.stderr) is ("north: {role: participant" in text)
    assert ("Who coordinates" in result.stderr) is ("hub: {role: coordinator" in text)
    assert ("how many people" in result.stderr) is ("subjects: 10000" in text)


def test_an_answer_that_does_not_fit_is_asked_for_once_more(run, tmp_path):
    parties = ["north Germany, south FR", "north DE, south FR", "north DE", "hub"]
    told = ["2", "mine", *parties, "scans", "helth", "health", "many", "1,500", "n", "n", "n", ""]
    result = run("init", input="\n".join(told))
    (document,) = api.loads((tmp_path / "fedpolicy.yaml").read_text(encoding="utf-8"))

    assert result.exit_code == 0, result.stderr
    for said in (
        "`Germany` is not a code of a country (write two capitals, such as DE)\n",
        "`north` is a participant and the coordinator (give it a name of its own; ",
        "there is no category `helth` (did you mean `health`?)\n",
        "a dataset of nobody needs no protection (say about how many people there are)\n",
    ):
        assert result.stderr.count(said) == 1
    assert sorted(document.deployment.parties) == ["hub", "north", "south"]
    assert document.deployment.datasets["scans"].subjects == 1500


def test_a_schema_that_is_there_is_kept(run, tmp_path):
    (tmp_path / "deployment.schema.json").write_text("mine", encoding="utf-8")
    result = run("init", "--from", "rag")

    assert "kept deployment.schema.json, which was there\n" in result.stderr
    assert (tmp_path / "deployment.schema.json").read_text(encoding="utf-8") == "mine"


def test_it_offers_what_scan_finds(run, tmp_path):
    (tmp_path / "app").mkdir()
    project = ROOT / "tests" / "scan" / "consortium" / "provision" / "project.yml"
    (tmp_path / "app" / "project.yml").write_text(project.read_text(encoding="utf-8"), encoding="utf-8")
    result = run("init", input="\nn\nn\nn\n")  # what files tell comes closest
    text = (tmp_path / "fedpolicy.yaml").read_text(encoding="utf-8")

    assert "  8  what app/project.yml tells" in result.stderr
    assert "hospital-c" in text
    assert "app/project.yml" in text


def test_its_workflow_is_that_of_the_page():
    from fedpolicy.cli.commands.init import _WORKFLOW  # noqa: PLC0415  what users get

    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    pinned = [line.strip() for line in _WORKFLOW.splitlines() if "uses: actions/" in line]
    assert pinned
    assert all(line in page for line in pinned)


@pytest.mark.parametrize("told", ["", "2\nours\n"])
def test_answers_that_end_too_early_are_told_and_nothing_is_written(told, run, tmp_path):
    result = run("init", input=told)

    assert result.exit_code == 2
    assert "standard input ended before every question had an answer" in result.stderr
    assert "`--from ARCHETYPE`" in result.stderr
    assert not (tmp_path / "fedpolicy.yaml").exists()
