"""From a repository that has never heard of fedpolicy to findings at its lines, and to a draft."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from inspect import signature
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from fedpolicy.check import catalog_of, judge_of
from fedpolicy.cli.commands import app
from fedpolicy.files import schemas_dir
from fedpolicy.language.reading import load_text
from fedpolicy.policy.baseline import write_baseline
from fedpolicy.policy.housekeeping import SCAN_IDS
from fedpolicy.report.formats import format_ids
from fedpolicy.scan.gather import gather
from fedpolicy.scan.judge import INFOS, drafts, judged
from fedpolicy.scan.reading import hcl, origins
from fedpolicy.scan.reading.code import Module
from fedpolicy.scan.services import Services
from fedpolicy.settings import Settings
from fedpolicy.sources import Search

HERE = Path(__file__).parent
APART = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
FOUND = [
    "high claim-without-code flower-app/pyproject.toml:15:1",
    "high model-of-others jobs/lung-he/app/custom/trainer.py:5:12",
    "medium keys-in-one-hand provision/project.yml:20:11",
    "medium one-key-for-all-sites jobs/lung-he/app/config/config_fed_client.json:16:47",
    "low filter-without-bound sites/clinic-b/local/privacy.json:8:19",
]


BESIDE = [
    "high gateway-falls-back gateway/litellm.yaml:7:26",
    "high model-elsewhere cloud/main.tf:10:1",
    "medium egress-open sites/clinic-a/trainer.yaml:24:7",
    "medium files-leave-beside sites/clinic-b/start.sh:4:22",
]


PROJECT = """participants:
  - {name: hub, type: server, org: uni}
  - {name: site-1, type: client, org: clinic-a}
  - {name: site-2, type: client, org: clinic-b}
builders:
  - {path: nvflare.lighter.impl.cert.CertBuilder}
"""
NODES = """services:
  supernode-1: {image: flwr/supernode:1, command: --insecure}
  supernode-2: {image: flwr/supernode:1, command: --insecure}
"""
PRIVACY = """{"scopes": [{"name": "s", "task_result_filters": [
  {"path": "nvflare.app_common.filters.percentile_privacy.PercentilePrivacy", "args": {"gamma": 0}}]}]}
"""
SILENT = """{"S": 0, "executors": [{"tasks": ["train"]}], "task_result_filters": [
  {"tasks": ["train"], "filters": [{"path": "own.Noise", "args": {"sigma": "{S}"}}]}]}
"""
RECIPE = """from nvflare.app_opt.pt.recipes.fedavg import FedAvgRecipe
recipe = FedAvgRecipe(min_clients=2, num_rounds=3, train_script="client.py")
"""


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())


def run(*arguments):
    day = ["--today", "2026-11-28"] if arguments[0] == "scan" else []
    return CliRunner(**APART).invoke(app, [*arguments, *day])


def scanned(*arguments):
    done = run("scan", *arguments, "--format", "json")
    return done, json.loads(done.stdout)["findings"]


def places(findings, verdict="fail"):
    kept = [one for one in findings if one["verdict"] == verdict]
    return [
        f"{one['severity']} {one['rule']} {place['file']}:{place['line']}:{place['column']}"
        for one in kept
        for place in [one["location"]]
    ]


def drafted(*paths):
    return {one.file: one for one in drafts(gather(paths or ("."), Search(), Services()))}


@pytest.mark.usefixtures("consortium")
def test_a_consortium_is_told_what_is_true_and_nothing_else():
    done, found = scanned(".")
    assert sorted(places(found)) == sorted(FOUND)
    assert [one["rule"] for one in found if one["verdict"] == "unknown"] == ["what-files-cannot-say"] * 2
    assert done.exit_code == 1
    assert "note: looked at 9 files; files with evidence: 2 of flower, 5 of nvflare, 1 of python" in done.stderr


def test_what_runs_a_consortium_is_told_at_its_lines_and_nothing_else(consortium):
    shutil.copytree(HERE / "infrastructure", consortium, dirs_exist_ok=True)
    found = scanned(".")[1]
    assert sorted(places(found)) == sorted([*FOUND, *BESIDE])
    assert places(found, "unknown") == [
        "info what-files-cannot-say flower-app/pyproject.toml:10:1",
        "info what-files-cannot-say provision/project.yml:6:37",
        "medium model-may-be-asked sites/clinic-a/trainer.yaml:13:15",
    ]


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--fail-on", "critical"], 0), (["--fail-on", "critical", "--strict"], 0)]
)
@pytest.mark.usefixtures("consortium")
def test_severity_decides_the_exit_code(arguments, code):
    assert run("scan", ".", *arguments).exit_code == code


@pytest.mark.usefixtures("consortium")
def test_rules_of_a_scan_are_selected_ignored_and_graded_as_others():
    assert places(scanned(".", "--select", "keys-in-*")[1]) == ["medium keys-in-one-hand provision/project.yml:20:11"]
    ignored = places(scanned(".", "--ignore", "model-of-others")[1])
    assert sorted(ignored) == sorted(set(FOUND) - {"high model-of-others jobs/lung-he/app/custom/trainer.py:5:12"})
    rules = '[rules.claim-without-code]\nseverity = "low"\n[rules.model-of-others]\nenabled = false\n'
    Path("fedpolicy.toml").write_text(rules, encoding="utf-8")
    done, found = scanned(".")
    assert "low claim-without-code flower-app/pyproject.toml:15:1" in places(found)
    assert done.exit_code == 0


@pytest.fixture
def repository(consortium):
    subprocess.run(["git", "init", "-q"], cwd=consortium, check=True)
    return consortium


WAIVER = """fedpolicy_waivers: 1
waivers:
  one-hand:
    rule: keys-in-one-hand
    element: federation
    file: FILE
    reason: moves in March
    owner: ana
    approved_by: bob
    expires: 2027-03-31
"""


def test_a_waiver_holds_in_the_file_that_it_names(repository):
    write(repository, {"fedpolicy.waivers.yaml": WAIVER.replace("FILE", "provision/project.yml")})
    found = scanned(".")[1]
    assert places(found, "waived") == ["medium keys-in-one-hand provision/project.yml:20:11"]
    assert sorted(places(found)) == sorted(set(FOUND) - {"medium keys-in-one-hand provision/project.yml:20:11"})
    write(repository, {"fedpolicy.waivers.yaml": WAIVER.replace("FILE", "flower-app/pyproject.toml")})
    found = scanned(".")[1]
    assert places(found, "waived") == []
    assert sorted(places(found)) == sorted([*FOUND, "low waiver-unused fedpolicy.waivers.yaml:3:3"])
    assert "waiver-unused" not in [one["rule"] for one in scanned("flower-app")[1]]


def test_a_check_of_declarations_says_nothing_of_a_waiver_of_a_scan(repository):
    write(repository, {"fedpolicy.waivers.yaml": WAIVER.replace("FILE", "provision/project.yml")})
    write(repository, {"fedpolicy.yaml": "fedpolicy: 1\nname: a\n"})
    found = json.loads(run("check", ".", "--format", "json", "--today", "2026-11-28").stdout)["findings"]
    assert [one for one in found if one["rule"].startswith("waiver-")] == []


def known_by(folder):
    gathered = gather(["."], Search(), Services())
    settings = Settings(today="2026-11-28")
    report = judged(gathered, judge_of(settings)[0], settings)
    write(folder, {"known.json": write_baseline(report.findings)})
    return report


def test_a_baseline_knows_findings_in_the_file_that_they_stand_in(repository):
    report = known_by(repository)
    done = run("scan", ".", "--baseline", "known.json", "--format", "json")
    told = json.loads(done.stdout)
    assert (told["findings"], done.exit_code) == ([], 0)
    assert told["baseline"] == {"file": "known.json", "known": {"fail": 5, "unknown": 2}, "fixed": 0}
    assert len(report.findings) == 7
    trainer = repository / "jobs/lung-he/app/custom/trainer.py"
    write(repository, {"jobs/lung-he/app/custom/more.py": trainer.read_text(encoding="utf-8")})
    again = scanned(".", "--baseline", "known.json")[1]
    assert places(again) == ["high model-of-others jobs/lung-he/app/custom/more.py:5:12"]


def test_a_baseline_says_what_is_mended_where_the_whole_repository_was_read(repository):
    known_by(repository)
    path = repository / "sites/clinic-b/local/privacy.json"
    path.write_text(path.read_text(encoding="utf-8").replace("PercentilePrivacy", "SVTPrivacy"), encoding="utf-8")
    fixed = [one for one in scanned(".", "--baseline", "known.json")[1] if one["rule"] == "baseline-fixed"]
    assert [one["notes"] for one in fixed] == [["fixed: filter-without-bound on scope:hospital (line 10)"]]
    part = scanned("sites", "--baseline", "known.json")[1]
    assert [one["rule"] for one in part] == ["nobody-takes-part"]
    write(repository, {"old.py": BAD["old.py"]})
    assert "baseline-fixed" not in [one["rule"] for one in scanned(".", "--baseline", "known.json")[1]]


def test_the_list_of_rules_is_whole():
    assert [rule.id for rule in INFOS] == list(SCAN_IDS)
    listed = json.loads(run("rules", "--pack", "scan", "--format", "json").stdout)["rules"]
    assert [(one["id"], one["pack"], one["applies_to"]) for one in listed] == [
        (one, "scan", "file") for one in SCAN_IDS
    ]
    table = run("rules", "--pack", "scan", "--pack", "gdpr", "--severity", "high").stdout
    assert "  high      literal-secret" in table
    assert "telemetry-on" not in table
    assert {"gdpr", "scan"} <= set(table.splitlines())
    for name in SCAN_IDS:
        assert run("explain", name).stdout.startswith(f"{name} (scan, ")


@pytest.mark.usefixtures("consortium")
def test_every_format_says_the_line_of_the_original_file():
    sarif = json.loads(run("scan", ".", "--format", "sarif").stdout)
    found = [
        (one["ruleId"], where["artifactLocation"]["uri"].rpartition("consortium/")[2], where["region"]["startLine"])
        for one in sarif["runs"][0]["results"]
        for where in [one["locations"][0]["physicalLocation"]]
    ]
    assert any(
        rule.endswith("keys-in-one-hand") and (file, line) == ("provision/project.yml", 20)
        for rule, file, line in found
    )
    for form in ("github", "gitlab", "csv", "junit", "markdown", "text"):
        assert "project.yml" in run("scan", ".", "--format", form).stdout, form


def test_the_same_repository_gives_the_same_bytes(consortium):
    assert run("scan", ".").stdout == run("scan", ".").stdout
    assert str(consortium) not in run("scan", ".", "--format", "json").stdout


@pytest.mark.usefixtures("consortium")
def test_a_draft_is_a_deployment_and_each_line_has_its_place():
    catalog = catalog_of(Settings())
    found = drafted(".")
    assert list(found) == ["flower-app/pyproject.toml", "provision/project.yml"]
    for one in found.values():
        loaded = load_text(one.text, one.file, catalog)
        assert not loaded.errors
        for number, line in enumerate(one.text.splitlines(), 1):
            origin = re.search(r"# .*?(\S+):(\d+)$", line)
            if origin:
                assert (one.sources[number].file, str(one.sources[number].line)) == origin.groups()
    golden = HERE / "consortium.draft.yaml"
    assert found["provision/project.yml"].text == golden.read_text(encoding="utf-8")


def test_sites_that_nobody_names_have_parties_of_their_own(here):
    write(here, {"compose.yml": NODES})
    text = drafted(".")["compose.yml"].text
    assert "supernode-1: {kind: client, party: supernode-1}" in text
    assert "supernode-2: {kind: client, party: supernode-2}" in text
    assert "transport: none" in text
    assert "party: unknown" not in text


def test_an_enclave_comes_from_the_file_that_a_node_names(here):
    project = PROJECT.replace("org: clinic-a", "org: clinic-a, cc_config: cc_one.yml")
    snp = "cc_cpu_mechanism: amd_sev_snp\ncc_issuers: [{path: nvflare.x.snp_authorizer.SNPAuthorizer}]\n"
    write(here, {"project.yml": project, "cc_one.yml": snp, "cc_two.yml": snp.replace("amd_sev_snp", "intel_tdx")})
    text = drafted(".")["project.yml"].text
    assert "    tee: {kind: sev-snp, attested: true}}  # cc_one.yml:1" in text
    assert "tdx" not in text
    assert not load_text(text, "draft", catalog_of(Settings())).errors


def test_alternatives_are_never_one_deployment(here):
    other = PROJECT.replace("clinic-a", "clinic-c")
    write(here, {"dev/project.yml": PROJECT, "prod/project.yml": other, "tests/project.yml": PROJECT})
    found = drafted(".")
    assert list(found) == ["dev/project.yml", "prod/project.yml"]
    assert "clinic-c" not in found["dev/project.yml"].text


def test_drafts_have_names_of_their_own(here):
    files = ("p/project.yml", "p/project.yaml", "p-project.yml", "q/project.yml")
    write(here, dict.fromkeys(files, PROJECT))
    names = {one.file: one.name for one in drafted(".").values()}
    assert names == {
        "p-project.yml": "p-project.yml",
        "p/project.yaml": "p-project.yaml",
        "p/project.yml": "p-project.yml-2",
        "q/project.yml": "q-project",
    }
    for file, name in names.items():
        assert run("import", ".", "--deployment", name).stdout.startswith(f"# Drafted from {file} and")


def test_an_app_is_run_by_the_processes_it_lies_beside_and_others_are_alternatives(here):
    app = '[tool.flwr.app.components]\nserverapp = "s:app"\n[tool.flwr.app.config]\nnum-server-rounds = 7\n'
    write(here, {"one/pyproject.toml": app, "one/compose.yml": NODES, "two/pyproject.toml": app.replace("7", "8")})
    found = drafted(".")
    assert list(found) == ["one/compose.yml", "two/pyproject.toml"]
    assert "rounds: 7" in found["one/compose.yml"].text
    write(here, {"one/compose.yml": "", "docker/compose.yml": NODES})
    assert list(drafted(".")) == ["docker/compose.yml", "one/pyproject.toml", "two/pyproject.toml"]


def test_what_an_image_starts_is_told_once_by_the_service_that_is_built_as_it(here):
    image = 'FROM python:3.12\nCMD ["flower-super{}", "--insecure"]\n'
    write(here, {"hub/Dockerfile": image.format("link"), "node/Dockerfile": image.format("node")})
    open_ = [where for where in places(scanned(".")[1]) if " transport-open " in where]
    assert open_ == ["high transport-open hub/Dockerfile:2:1", "high transport-open node/Dockerfile:2:1"]
    write(here, {"compose.yml": "services:\n  hub:\n    build: hub\n  clinic:\n    build: node\n"})
    open_ = [where for where in places(scanned(".")[1]) if " transport-open " in where]
    assert open_ == ["high transport-open compose.yml:3:12", "high transport-open compose.yml:5:12"]
    (draft,) = drafted(".").values()
    assert [(one.name, one.role) for one in draft.members] == [("hub", "server"), ("clinic", "client")]
    write(here, {"compose.yml": "", "deploy/compose.yml": "services: {hub: {build: ../hub}}\n"})
    open_ = [where for where in places(scanned(".")[1]) if " transport-open " in where]
    assert open_ == ["high transport-open hub/Dockerfile:2:1", "high transport-open node/Dockerfile:2:1"]


def test_collaborators_of_openfl_belong_to_the_plan_beside_them(here):
    plan = "aggregator: {template: openfl.component.Aggregator, settings: {rounds_to_train: 4}}\n"
    sites = "collaborators: [north, south]\n"
    write(here, {"w/plan/plan.yaml": plan, "w/plan/cols.yaml": sites, "v/plan/cols.yaml": sites})
    found = drafted(".")
    assert list(found) == ["v/plan/cols.yaml", "w/plan/plan.yaml"]
    text = found["w/plan/plan.yaml"].text
    assert "rounds: 4" in text
    assert "runs_on: [north, south]" in text


def test_a_swarm_has_no_aggregator(here):
    client = (
        '{"executors": [{"tasks": ["swarm_*"], "executor": {"path": "nvflare.app_common.ccwf.SwarmClientController"}}]}'
    )
    write(here, {"project.yml": PROJECT, "jobs/s/app/config/config_fed_client.json": client})
    text = drafted(".")["project.yml"].text
    assert "    topology: peer_to_peer" in text
    assert "aggregator: " not in text.partition("tasks:")[2]
    assert not load_text(text, "draft", catalog_of(Settings())).errors


@pytest.mark.parametrize(
    ("recipe", "how"),
    [
        ("XGBHorizontal", "gradient_boosting"),
        ("XGBVertical", "unknown"),
        ("FedStats", "federated_analytics"),
        ("FedEval", "evaluation"),
        ("Scaffold", "scaffold"),
        ("NumpyFedAvg", "fedavg"),
        ("DhPSI", "unknown"),
    ],
)
def test_how_a_recipe_trains_is_known_or_asked(here, recipe, how):
    write(here, {"project.yml": PROJECT, "job.py": RECIPE.replace("FedAvg", recipe)})
    (text,) = [one.text for one in drafted(".").values()]
    assert f"    method: {how}\n" in re.sub(r"  #.*", "", text)


def test_a_strategy_that_another_module_makes_says_how_an_app_trains(here):
    app = '[tool.flwr.app.components]\nserverapp = "s:app"\n'
    ours = "import flwr\nclass Ours(flwr.server.strategy.FedProx): pass\n"
    write(here, {"pyproject.toml": app, "s.py": "from ours import Ours\nOurs()\n", "ours.py": ours})
    (text,) = [one.text for one in drafted(".").values()]
    assert "    method: fedprox  # ours.py:2\n" in text


def test_recipes_that_send_to_one_another_have_no_aggregator(here):
    write(here, {"project.yml": PROJECT, "a/job.py": RECIPE.replace("FedAvg", "SwarmLearning")})
    (text,) = [one.text for one in drafted(".").values()]
    assert "topology: peer_to_peer" in text
    assert "aggregator: " not in text


def test_clients_that_an_app_waits_for_and_no_file_lists_take_part(here):
    app = "from flwr.serverapp.strategy import FedAvg\nstrategy = FedAvg(min_train_nodes=4)\n"
    write(here, {"compose.yml": NODES, "app/server_app.py": app})
    text = drafted(".")["compose.yml"].text
    assert "runs_on: [supernode-1, supernode-2, other-1, other-2]" in text
    assert not load_text(text, "draft", catalog_of(Settings())).errors
    assert "files-do-not-fit" not in [one["rule"] for one in scanned(".")[1]]


def test_files_that_contradict_each_other_are_a_question_and_no_pass(here):
    name = "DifferentialPrivacyServerSideFixedClipping"
    app = f"import flwr.server.strategy as s\nd = s.{name}(s.FedAvg(min_fit_clients=5), num_sampled_clients=2)\n"
    write(here, {"compose.yml": NODES, "server_app.py": app})
    done, found = scanned(".")
    assert "medium files-do-not-fit server_app.py:2:75" in places(found, "unknown")
    message = "nothing in compose.yml was judged: `min_clients` is 5, but a round has only 2 clients"
    assert message in [one["message"] for one in found]
    assert done.exit_code == 1  # the connections are not encrypted


def test_code_that_was_not_read_leaves_safeguards_unknown(here):
    write(here, {"project.yml": PROJECT, "job.py": RECIPE})
    text = drafted(".")["project.yml"].text
    assert "    method: fedavg  # job.py:2" in text
    assert "    rounds: 3  # job.py:2" in text
    assert "    safeguards: unknown" in text


def test_a_parameter_that_code_names_is_no_empty_claim(consortium):
    path = consortium / "flower-app/lungs/server_app.py"
    path.write_text(path.read_text(encoding="utf-8") + 'NOISY = dict(run_config)["dp-enabled"]\n', encoding="utf-8")
    assert "high claim-without-code" not in "\n".join(places(scanned(".")[1]))


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("privacy.json", PRIVACY, "filter-that-lets-all-pass"),
        ("app/config/config_fed_client.json", SILENT, "noise-of-zero"),
        ("cc.yml", "cc_cpu_mechanism: amd_sev_snp\nallowed_out_ports: [443]\n", "egress-open"),
        ("cc.yml", "cc_issuers: [{path: nvflare.x.mock_authorizer.MockAuthorizer}]\n", "attestation-of-nothing"),
        ("compose.yml", "services:\n  db: {image: 'postgres:13', environment: {POSTGRES_PASSWORD: hunter2-secret}}\n",
         "literal-secret"),
        ("compose.yml", "services:\n  db: {image: postgres}\n", "image-not-pinned"),
        ("train.py", "import opacus\nopacus.PrivacyEngine().make_private(m, noise_multiplier=0.0)\n", "noise-of-zero"),
        ("sync.sh", "scp -o StrictHostKeyChecking=no model.pt hub:\n", "ssh-host-unchecked"),
        ("push.sh", "rsync -a site.ckpt me@hub.example:/in/\n", "files-leave-beside"),
        ("peer.py", "import pickle, flwr\nstate = pickle.loads(message)\n", "peer-data-unpickled"),
        ("run.sh", "flower-superlink --insecure\n", "transport-open"),
        ("compose.yml", "services:\n  superlink: {image: 'flwr/superlink:1', command: --ssl-certfile=a}\n",
         "telemetry-on"),
        ("project.yml", PROJECT.replace("clinic-b", "clinic-a"), "one-party-for-all-sites"),
    ],
)  # fmt: skip
def test_what_no_declaration_can_hold(here, name, text, rule):
    write(here, {name: text})
    done, found = scanned(".")
    assert rule in [one["rule"] for one in found], done.stdout
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("call", "open_"),
    [
        ("server.start_server(server_address='0.0.0.0:8080')", True),
        ("server.start_server(server_address='127.0.0.1:8080')", False),
        ("client.start_client(server_address='[::]:8080')", False),
        ("client.start_client(server_address='192.0.2.7:8080')", True),
    ],
)
def test_a_connection_that_stays_on_the_machine_is_not_open(here, call, open_):
    write(here, {"run.py": f"import flwr as fl\nfl.{call}\n"})
    assert ("transport-open" in [one["rule"] for one in scanned(".")[1]]) is open_


def test_a_server_of_ones_own_that_encrypts_nothing_is_told_and_is_no_connection_of_the_app(here):
    app = '[tool.flwr.app.components]\nserverapp = "s:app"\n'
    grpc = 'import grpc\ngrpc.aio.server().add_insecure_port("[::]:50051")\n'
    write(here, {"pyproject.toml": app, "health.py": grpc})
    found = [one for one in scanned(".")[1] if one["rule"] == "transport-open"]
    assert [(one["location"]["file"], one["location"]["line"]) for one in found] == [("health.py", 2)]
    assert found[0]["message"].startswith("the server in health.py connects without encryption")
    (text,) = [one.text for one in drafted(".").values()]
    assert "transport" not in text


def test_a_default_of_a_password_is_told_as_one(here):
    write(here, {"compose.yml": "services: {db: {environment: {PG_PASSWORD: '${PG:-postgres-1}'}}}\n"})
    (message,) = [one["message"] for one in scanned(".")[1] if one["rule"] == "literal-secret"]
    assert message == (
        "PG has a default in this file, which counts unless somebody sets another one:"
        " every reader of the repository sees it"
    )
    assert "postgres-1" not in run("scan", ".", "--format", "html").stdout


def test_what_import_can_draft_is_said_only_where_it_can(here):
    write(here, {"compose.yml": "services:\n  db: {image: postgres}\n"})
    assert "fedpolicy import" not in run("scan", ".").stderr
    write(here, {"project.yml": PROJECT})
    assert "note: `fedpolicy import` drafts the deployment that these files describe" in run("scan", ".").stderr


def test_variables_in_a_hidden_file_are_read_and_stand_ins_for_it_are_not(here):
    text = "OPENAI_API_KEY=sk-0123456789abcdef\n"
    write(here, {"a/.env": text, "b/.env.site": text, "c/.env.sample": text, "d/.env.template": text})
    found = [one for one in places(scanned(".")[1]) if "literal-secret" in one]
    assert found == ["high literal-secret a/.env:1:1", "high literal-secret b/.env.site:1:1"]


def test_what_code_switches_off_is_off_and_a_key_that_it_sets_is_for_the_call_that_it_makes(here):
    write(here, {
        "client/train.py": "import wandb\nwandb.init(project='lungs')\n",
        "client/switch.py": "import os\nos.environ['WANDB_MODE'] = 'disabled'\n",
        "client/key.py": "import os\nos.environ['OPENAI_API_KEY'] = input()\n",
        "client/label.py": "import openai\nopenai.OpenAI().responses.create(model='gpt-4o', input='')\n",
    })  # fmt: skip
    assert sorted(one["rule"] for one in scanned(".")[1]) == ["model-of-others", "nobody-takes-part"]


def test_one_reason_is_told_once_of_a_program(here):
    role = 'resource "azurerm_role_assignment" "a" {{\n  role_definition_name = "Cognitive Services OpenAI {}"\n}}\n'
    write(
        here, {"a/one.tf": role.format("User"), "a/two.tf": role.format("Contributor"), "b/a.tf": role.format("User")}
    )
    found = [one for one in places(scanned(".")[1], "unknown") if "model-may-be-asked" in one]
    assert found == ["medium model-may-be-asked a/one.tf:2:26", "medium model-may-be-asked b/a.tf:2:26"]


@pytest.mark.parametrize(
    "name",
    [
        ".env.example",
        "values-example.env",
        "example.env",
        "prod_example.env",
        "template.env",
        ".env.test",
        "compose.ha-test.yml",
    ],
)
def test_files_that_show_something_deploy_nothing(here, name):
    write(
        here,
        {name: "OPENAI_API_KEY=sk-0123456789abcdef\n", "counterexample.env": "OPENAI_API_KEY=sk-0123456789abcdef\n"},
    )
    assert places(scanned(".")[1]) == ["high literal-secret counterexample.env:1:1"]


def test_each_of_many_calls_is_told_with_the_model_nearest_to_it(here):
    ask = 'openai.OpenAI().chat.completions.create(model="m{}", messages=[])\n'
    write(here, {"ask.py": "import openai\n" + "".join(ask.format(number) for number in range(40))})
    told = [one["message"] for one in scanned(".")[1] if one["rule"] == "model-of-others"]
    assert len(told) == 40
    assert all(f" m{number} of openai" in one for number, one in enumerate(told))


def test_no_report_shows_a_secret(here):
    text = "services:\n  a:\n    environment:\n      - API_TOKEN=hunter2\n      - B=1\n"
    more = "  b:\n    environment: {DB_PASSWORD: hunter2 hunter2, DB_URL: 'pg://me:hunter2@db/x'}\n    image: 'https://me:hunter2@registry/x'\n"
    write(here, {"compose.yml": text + more})
    for form in ("text", "full", "json", "sarif", "markdown", "github", "gitlab", "csv", "junit", "concise"):
        done = run("scan", ".", "--format", form)
        assert "literal-secret" in done.stdout
        assert "hunter2" not in done.stdout + done.stderr, form
    assert "- API_TOKEN=*******" in run("scan", ".", "--format", "full").stdout


def test_boosting_that_encrypts_needs_the_keys_of_provisioning(here):
    job = RECIPE.replace("FedAvg", "XGBHorizontal").replace("min_clients=2", "secure=True")
    write(here, {"project.yml": PROJECT, "job.py": job})
    found = [where for where in places(scanned(".")[1]) if " encryption-without-keys " in where]
    assert found == ["high encryption-without-keys job.py:2:37"]


def test_encryption_without_keys(consortium):
    path = consortium / "provision/project.yml"
    path.write_text(re.sub(r"  - path: .*HEBuilder\n.*\n", "", path.read_text(encoding="utf-8")), encoding="utf-8")
    found = places(scanned(".")[1])
    assert "high encryption-without-keys jobs/lung-he/app/config/config_fed_client.json:16:47" in found
    assert "homomorphic_encryption" not in drafted(".")["provision/project.yml"].text


def test_whoever_sets_the_address_decides_so_nobody_can_tell(here):
    write(here, {"ask.py": 'import os, openai\nclient = openai.OpenAI(base_url=os.environ["URL"])\n'})
    done, found = scanned(".")
    asked = ["high model-at-unknown-address ask.py:2:10", "info nobody-takes-part ask.py:2:10"]
    assert sorted(places(found, "unknown")) == asked
    assert (places(found), done.exit_code, run("scan", ".", "--strict").exit_code) == ([], 0, 1)


def test_what_a_job_lacks_in_one_of_two_projects_is_no_finding(consortium):
    write(consortium, {"other/project.yml": PROJECT})
    assert "encryption-without-keys" not in [one["rule"] for one in scanned(".")[1]]


def test_a_job_that_does_not_fit_is_left_out_and_told(here):
    meta = '{"min_clients": 3, "deploy_map": {"app": ["@ALL"]}}'
    write(here, {"project.yml": PROJECT, "jobs/big/meta.json": meta, "jobs/small/meta.json": meta.replace("3", "2")})
    done, _ = scanned(".")
    told = "note: jobs/big/meta.json:1:43: left out of the draft of project.yml: it needs 3 sites, but has 2"
    assert told in done.stderr.splitlines()
    assert "  small:  # jobs/small/meta.json:1" in drafted(".")["project.yml"].text


def test_a_project_in_which_nobody_takes_part_says_nothing_of_others(here):
    encrypted = PROJECT.replace("cert.CertBuilder", "he.HEBuilder")
    nobody = "participants: []\nbuilders: [{path: nvflare.lighter.impl.cert.CertBuilder}]\n"
    client = (HERE / "consortium/jobs/lung-he/app/config/config_fed_client.json").read_text(encoding="utf-8")
    files = {"a/project.yml": encrypted, "b/project.yml": nobody, "jobs/j/app/config/config_fed_client.json": client}
    write(here, files)
    found = [one["rule"] for one in scanned(".")[1]]
    assert "one-key-for-all-sites" in found
    assert "encryption-without-keys" not in found


def test_an_image_that_is_built_here_or_named_by_a_script_needs_no_version(here):
    write(here, {"compose.yml": "services:\n  a: {image: own, build: .}\n  b: {image: AGENT_IMG}\n"})
    assert places(scanned(".")[1]) == []


def test_one_image_is_told_once_a_file(here):
    write(here, {"compose.yml": "services:\n  a: {image: own}\n  b: {image: own}\n"})
    assert places(scanned(".")[1]) == ["low image-not-pinned compose.yml:2:14"]


def test_a_repository_of_nothing_is_no_pass(here):
    write(here, {"README.md": "nothing"})
    done = run("scan", ".")
    assert done.exit_code == 2
    assert "note: no file here says anything: name a folder with files of NVFLARE, Flower, Kuber" in done.stderr


@pytest.mark.usefixtures("here")
def test_each_path_that_is_not_there_is_named():
    done = run("scan", "nowhere", ".", "elsewhere")
    assert done.exit_code == 2
    assert "`nowhere` does not exist" in done.stderr
    assert "`elsewhere` does not exist" in done.stderr


def test_what_other_programs_write_otherwise_is_read(here):
    """A key that is written twice, other encodings, and ends of lines of another system."""
    write(here, {
        "a/compose.yml": "services:\n  db:\n    environment:\n      A: b\n      DB_PASSWORD: secret1\n      A: c\n",
        "b/.env": "# \u00e9\r\nOPENAI_API_KEY=sk-0123456789abcdef\r\n".encode("latin-1"),
        "c/ask.py": "# coding: latin-1\n# \u00e9\nimport openai\nopenai.OpenAI()\n".encode("latin-1"),
        "d/.env": "OPENAI_API_KEY=sk-0123456789abcdef\r\n".encode("utf-16"),
    })  # fmt: skip
    done, found = scanned(".")
    again = "not read: the first value of this key: it is written twice, and programs take the last"
    assert [one for one in done.stderr.splitlines() if "not read" in one] == [f"note: a/compose.yml:4:7: {again}"]
    assert places(found) == [
        "high literal-secret a/compose.yml:5:20",
        "high literal-secret b/.env:2:1",
        "high model-of-others c/ask.py:4:1",
        "high literal-secret d/.env:1:1",
    ]


BAD = {
    "chart/templates/a.yaml": "services:\n  {{ if .Values.x }}\n  a: {image: b}\n",
    "helm.yaml": "services:\n  {{ if .Values.x }}\n  a: {image: b}\n  {{ end }}\n",
    "broken.yml": "services:\n  a: [\n",
    "job/config_fed_server.conf": 'workflows = [ include "other.conf" ]\n',
    "old.py": "import openai\nprint 'x'\n",
    "new.py": "import openai\nx = (\n",
    "latin/project.yml": b"participants: []\nbuilders: []\n# \xe9\n",
    "pyproject.toml": "[tool.flwr.app\n",
    "deep.json/privacy.json": '{"scopes": ' + "[" * 5000 + "]" * 5000 + "}",
    "big/privacy.json": '{"scopes": [' + " " * (2 * 1024 * 1024) + "]}",
    "book.ipynb": '{"cells": {"source": ["import flwr"]}}',
    "cell.ipynb": '{"cells": [{"cell_type": "code", "source": ["import flwr\\n", "print x"]}]}',
    "cut.ipynb": '{"cells": [{"source": ["import flwr"]}',
    "good/project.yml": PROJECT,
}


def test_what_cannot_be_read_is_told_once_and_the_rest_goes_on(here):
    write(here, BAD | {"chart/templates/b.yaml": BAD["chart/templates/a.yaml"]})
    (here / "loop").symlink_to(here, target_is_directory=True)
    (here / "self.yml").symlink_to("self.yml")
    done, found = scanned(".")
    notes = [line for line in done.stderr.splitlines() if "not read:" in line]
    for name in sorted(BAD.keys() - {"good/project.yml"}):
        assert len([one for one in notes if one.startswith(f"note: {name}:")]) == 1, name
    assert "note: helm.yaml:2:4: not read: it is a template that has not been rendered" in notes
    chart = "note: chart/templates/a.yaml:2:4: not read: 2 templates of this folder have not been rendered"
    assert chart in notes
    assert "note: old.py:2:1: not read: it is Python 2" in notes
    version = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    newer = "(if it is newer, run fedpolicy with a newer Python)"
    assert f"note: new.py:2:5: not read: {version} cannot parse it: '(' was never closed {newer}" in notes
    assert (
        "note: pyproject.toml:1:15: not read: it is not TOML: expected ']' at the end of a table declaration" in notes
    )
    assert "note: cell.ipynb:1:46: not read: a cell of it is not Python 3" in notes
    assert "note: cut.ipynb:1:1: not read: it is not JSON, as notebooks are" in notes
    assert "note: latin/project.yml:3:3: not read: it does not parse: the byte 0xe9 is not UTF-8" in notes
    assert "note: big/privacy.json:1:1: not read: it is larger than 2 MiB; `--exclude` leaves it out" in notes
    assert "medium keys-in-one-hand good/project.yml:6:12" in places(found)
    assert done.exit_code == 0


def test_reports_for_programs_say_what_was_not_read(here):
    write(here, BAD | {"tests/project.yml": PROJECT})
    report = json.loads(run("scan", ".", "--format", "json").stdout)
    schema = json.loads((schemas_dir() / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(report)
    reading = report["reading"]
    assert (reading["looked_at"], reading["read"], reading["aside"]) == (14, {"nvflare": 1}, 1)
    skipped = {one["file"]: (one["line"], one["why"]) for one in reading["not_read"]}
    assert len(skipped) == len(reading["not_read"]) == len(BAD) - 1
    assert skipped["old.py"] == (2, "not read: it is Python 2")
    invocation = json.loads(run("scan", ".", "--format", "sarif").stdout)["runs"][0]["invocations"][0]
    told = [
        (note["level"], note["message"]["text"], where["artifactLocation"]["uri"], where["region"]["startLine"])
        for note in invocation["toolExecutionNotifications"]
        for where in [note["locations"][0]["physicalLocation"]]
    ]
    assert told == [("warning", why, file, line) for file, (line, why) in skipped.items()]
    assert invocation["executionSuccessful"]


@pytest.mark.usefixtures("consortium")
def test_import_writes_once_and_then_compares():
    first = run("import", ".", "--deployment", "provision-project", "-o", "fedpolicy.yaml")
    assert (first.exit_code, first.stderr.splitlines()[0]) == (0, "wrote fedpolicy.yaml")
    text = Path("fedpolicy.yaml").read_text(encoding="utf-8")
    again = run("import", ".", "--deployment", "provision-project", "-o", "fedpolicy.yaml")
    assert (again.exit_code, again.stderr) == (0, "fedpolicy.yaml is up to date: the draft is the same\n")
    Path("fedpolicy.yaml").write_text(text.replace("rounds: 20", "rounds: 30"), encoding="utf-8")
    other = run("import", ".", "--deployment", "provision-project", "-o", "fedpolicy.yaml")
    assert other.exit_code == 1
    assert "-    rounds: 30" in other.stdout
    assert "+    rounds: 20" in other.stdout
    assert other.stderr == "fedpolicy.yaml already exists and was not changed; --force replaces it\n"
    assert run("import", ".", "--deployment", "provision-project", "-o", "fedpolicy.yaml", "--force").exit_code == 0
    assert Path("fedpolicy.yaml").read_text(encoding="utf-8") == text


def test_import_leaves_out_what_the_configuration_excludes_and_knows_its_catalogue(here):
    row = "{name: Ours, kind: model, hosts: [llm.ours.example], source: https://ours.example, as_of: 2026-11-01}"
    rows = f"services:\n  our-llm: {row}\n"
    ask = 'import openai\nclient = openai.OpenAI(base_url="https://llm.ours.example/v1")\n'
    write(here, {"a/project.yml": PROJECT, "b/project.yml": PROJECT, "a/ask.py": ask, "rows.yaml": rows})
    assert "# Drafted from b/project.yml" in run("import", ".").stdout
    assert "our-llm" not in run("import", ".").stdout
    write(here, {"fedpolicy.toml": 'exclude = ["b/"]\ncatalogs = ["rows.yaml"]\n'})
    done = run("import", ".")
    assert "# Drafted from b/project.yml" not in done.stdout
    assert "  our-llm: {role: provider}  # a/ask.py:2" in done.stdout
    assert "# Drafted from b/project.yml" in run("import", ".", "--isolated").stdout
    assert "# Drafted from a/project.yml" not in run("import", ".", "--isolated", "--exclude", "a/").stdout


@pytest.mark.usefixtures("here")
def test_import_of_nothing_says_so():
    done = run("import", ".")
    assert "no file here describes a deployment" in done.stderr


@pytest.mark.usefixtures("consortium")
def test_a_baseline_of_a_scan_leaves_what_is_new():
    done = run("baseline", "--scan", ".")
    assert done.stderr == "fedpolicy.scan.baseline.json: 7 findings known from now on\n"
    service = "services:\n  a: {image: 'x:1', environment: {A_PASSWORD: not-to-be-kept}}\n"
    write(Path(), {"provision/compose.yml": service})
    done, found = scanned(".", "--baseline", "fedpolicy.scan.baseline.json")
    assert places(found) == ["high literal-secret provision/compose.yml:2:47"]
    assert run("baseline", "--scan", ".", "--renew").exit_code == 2


@pytest.mark.usefixtures("consortium")
def test_what_takes_too_long_is_left_out_and_the_rest_goes_on():
    begun = []
    late = {"./jobs/lung-he/app/custom/trainer.py": "it took longer than 5 seconds"}
    found = gather(["."], Search(), Services(), begin=begun.append, lost=late)
    assert "./provision/project.yml" in begun
    assert [f"{one.span}: {one.why}" for one in found.not_read] == [
        "jobs/lung-he/app/custom/trainer.py:1:1: it took longer than 5 seconds"
    ]
    judge, _ = judge_of(Settings())
    begun.clear()
    report = judged(found, judge, Settings(), begin=begun.append, lost={"the draft of provision/project.yml"})
    assert begun == ["the draft of flower-app/pyproject.toml"]
    assert {one.deployment for one in report.findings if one.rule == "what-files-cannot-say"} == {
        "flower-app-pyproject"
    }


TRAINER = 'resource "aws_bedrockagent_agent" "a" {\n  foundation_model = "m"\n}\n'


def test_terraform_knows_the_variables_beside_a_file(here):
    files = {
        "a/main.tf": 'provider "aws" {\n  region = var.region\n}\n' + TRAINER,
        "a/variables.tf": 'variable "region" { default = "eu-central-1" }\n',
        "a/terraform.tfvars": 'region = "us-east-1"\n',
        "b/main.tf": 'provider "aws" {\n  region = var.region\n}\nresource "x" "y" {',
    }
    write(here, files)
    found = gather(["."], Search(), Services())
    regions = [
        (one.evidence.span.file, one.evidence.value) for one in found.facts if one.evidence.subject == "cloud:aws"
    ]
    assert regions == [("a/main.tf", "us-east-1"), ("b/main.tf", None)]
    assert [f"{one.span}: {one.why}" for one in found.not_read] == [
        "b/main.tf:4:19: not read: a part of it does not parse"
    ]


@pytest.mark.usefixtures("here")
def test_a_plan_of_a_later_format_is_not_read():
    write(Path(), {"plan.json": '{"format_version": "2.0",\n "planned_values": {}}'})
    done = run("scan", ".")
    assert "note: plan.json:1:20: not read: it is a plan in an unknown format: 1.x is read\n" in done.stderr


@pytest.mark.usefixtures("here")
def test_terraform_without_its_parser_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "tree_sitter", None)
    hcl.parser.cache_clear()
    write(Path(), {"main.tf": TRAINER, "b.tf": TRAINER})
    found = gather(["."], Search(), Services())
    why = "not read: files of Terraform and Nomad need the extra: pip install 'fedpolicy[terraform]'"
    assert [f"{one.span}: {one.why}" for one in found.not_read] == [f"b.tf:1:1: {why}", f"main.tf:1:1: {why}"]


@pytest.mark.parametrize("form", ["ropa", "dpv", "in-toto"])
def test_a_record_or_a_statement_needs_a_declaration(form, tmp_path):
    done = CliRunner(**APART).invoke(app, ["scan", str(tmp_path), "--format", form])

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: the format `{form}` needs a declaration\n"
        "  = help: `fedpolicy import` writes one; then `fedpolicy check`\n\n"
    )


def test_two_models_of_one_provider_are_two_and_each_is_told_where_it_is_asked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    project = '[project]\nname = "x"\n[tool.flwr.app.components]\nserverapp = "app:app"\n'
    project += '[tool.flwr.federations]\ndefault = "local"\n'
    project += "[tool.flwr.federations.local]\noptions.num-supernodes = 2\n"
    (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    for name, model in {"app.py": "gpt-4o", "other.py": "gpt-5.1"}.items():
        code = f'from openai import OpenAI\nOpenAI().chat.completions.create(model="{model}", messages=[])\n'
        (tmp_path / name).write_text(code, encoding="utf-8")

    told = CliRunner(**APART).invoke(app, ["scan", ".", "--format", "concise", "--select", "model-of-others"]).stdout
    written = CliRunner(**APART).invoke(app, ["import", "."]).stdout

    assert [line.partition(": ")[0] for line in told.splitlines() if "gpt-4o of openai" in line] == ["app.py:2:1"]
    assert [line.partition(": ")[0] for line in told.splitlines() if "gpt-5.1 of openai" in line] == ["other.py:2:1"]
    assert [line.split(":")[0].strip() for line in written.splitlines() if "ref: openai/" in line] == [
        "openai-model",
        "openai-model-2",
    ]
    assert "ask-openai-2: {from: [site-1, site-2], model: openai-model-2" in written


KEPT = "sk-n0t-t0-be-shown"
SECRETS = {
    "k.yaml": f"""apiVersion: v1
kind: Pod
metadata: {{name: a}}
spec:
  containers:
    - image: x
      env:
        - name: A_TOKEN
          value: {KEPT}
---
apiVersion: v1
kind: Secret
metadata: {{name: s}}
data:
  k: {b64encode(KEPT.encode()).decode()}
""",
    "c.py": f'from openai import OpenAI\nc = OpenAI(api_key="{KEPT}")\n',
    "r.sh": f'curl -H "Authorization: Bearer {KEPT}" https://api.openai.com/v1/models\n',
    "main.tf": f"""resource "aws_ecs_task_definition" "t" {{
  container_definitions = jsonencode([{{ environment = [{{ name = "A_TOKEN"
    value = "{KEPT}" }}] }}])
}}
""",
}


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("form", format_ids())
def test_no_format_shows_a_secret(form):
    write(Path(), SECRETS)
    shown = run("scan", ".", "--format", form)
    assert shown.exit_code in (1, 2)  # some formats tell of declarations alone, and refuse
    assert KEPT not in shown.output
    assert SECRETS["k.yaml"].split("k: ")[1].strip() not in shown.output


@pytest.mark.usefixtures("here")
def test_a_module_is_searched_for_addresses_once_however_many_calls_hide_theirs(monkeypatch):
    searched = []
    whole = Module.texts
    monkeypatch.setattr(Module, "texts", lambda module: searched.append(module) or whole(module))
    write(
        Path(),
        {"a.py": "import openai\nGIVEN = 'https://api.deepseek.com/v1'\n" + "openai.OpenAI(base_url=x())\n" * 30},
    )

    said = [one["message"] for one in scanned(".")[1] if one["rule"] == "model-at-unknown-address"]
    assert len(said) == 1  # all of a file are told together
    assert "the file names api.deepseek.com, but" in said[0]
    assert len(searched) == 1


@pytest.mark.usefixtures("here")
def test_a_module_is_looked_through_once_and_where_things_come_from_only_so_far(monkeypatch):
    walked, meant = [], []
    make, bound = Module.__init__, Module.bound
    monkeypatch.setattr(Module, "__init__", lambda self, file: walked.append(file) or make(self, file))
    monkeypatch.setattr(Module, "bound", lambda self, name: meant.append(name) or bound(self, name))
    monkeypatch.setattr(origins, "_MOST_OF_ALL", 200)
    ask = "client.chat.completions.create(model='m', messages=x)\n"
    reading = "import openai, wandb, torch, flwr, nvflare\nclient = openai.OpenAI()\nx = open('%s.txt').read()\n"
    write(Path(), {"few.py": reading % "few" + ask, "many.py": reading % "many" + ("x = f(x)\n" + ask) * 200})
    sent = [fact for fact in gather(["."], Search(), Services()).facts if fact.evidence.attribute == "sends"]

    assert len(walked) == 2
    assert len(meant) < 100
    assert [(fact.file, fact.evidence.value) for fact in sent] == [("few.py", "few.txt")]


@pytest.mark.usefixtures("here")
def test_told_more_a_scan_shows_lines_and_every_file_that_was_not_read():
    write(Path(), {"a.py": "import openai\nopenai.OpenAI()\n", **{f"n/{n}.ipynb": "import openai" for n in range(22)}})
    brief, more = run("scan", "."), run("scan", ".", "-v")

    assert brief.stderr.count("not read: it is not JSON") == 20
    assert "note: 2 more notes of this kind (`-v` shows all)\n" in brief.stderr
    assert more.stderr.count("not read: it is not JSON") == 22
    assert "more notes" not in more.stderr
    assert "2 | openai.OpenAI()" in more.stdout
    assert "2 | openai.OpenAI()" not in brief.stdout


CLOUD = 'provider "aws" { region = "%s" }\n'
AGENT = CLOUD % "us-east-1" + 'resource "aws_bedrockagent_agent" "a" {\n  foundation_model = "m"\n}\n'


@pytest.mark.usefixtures("here")
def test_a_call_that_belongs_to_two_deployments_is_told_whatever_they_say_of_its_place():
    files = {"a/project.yml": PROJECT, "b/project.yml": PROJECT, "a/home/main.tf": CLOUD % "eu-central-1"}
    write(Path(), {**files, "main.tf": AGENT})
    found = [one for one in places(scanned(".")[1]) if "main.tf" in one]
    assert found == ["high model-of-others main.tf:2:1"]


@pytest.mark.usefixtures("here")
def test_parties_that_files_name_are_told_where_nothing_says_what_they_run():
    write(Path(), {"a.yml": "services: {a: {ports: ['80:80']}}\n", "b/parties.conf": "party_list=(9 10)\n"})
    (asked,) = scanned(".")[1]
    message = "files name party-10, party-9, but not what they run together, so it is open who learns what"
    assert (asked["rule"], asked["message"], asked["location"]["file"]) == (
        "nobody-takes-part",
        message,
        "b/parties.conf",
    )


@pytest.mark.usefixtures("here")
def test_code_that_only_names_a_key_is_no_evidence():
    write(Path(), {"analysis.py": "def epsilon(noise_multiplier): return 1 / noise_multiplier\n"})
    done = run("scan", ".")
    assert (done.exit_code, "files with evidence: none" in done.stderr) == (2, True)


@pytest.mark.usefixtures("here")
def test_a_party_of_another_framework_joins_no_project():
    write(Path(), {"project.yml": PROJECT, "parties.conf": "party_list=(1 2)\nmysql_password=not-to-be-kept\n"})
    assert "party-1" not in drafted(".")["project.yml"].text
    assert "high literal-secret parties.conf:2:1" in places(scanned(".")[1])


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("given", "told"), [("http://langfuse:3000", 0), ("${URL}", 1)])
def test_where_a_tracker_is_counts_before_where_it_usually_is(given, told):
    gateway = "model_list:\n  - {model_name: a, litellm_params: {model: ollama/x}}\n"
    write(Path(), {
        "g.yaml": gateway + "litellm_settings: {callbacks: [langfuse]}\n",
        "compose.yml": f"services: {{g: {{environment: {{LANGFUSE_HOST: '{given}'}}}}}}\n",
    })  # fmt: skip
    assert sum(one.startswith("medium tracker-of-others g.yaml") for one in places(scanned(".")[1])) == told


RULED = [
    ("documents-at-others", "compose.yml", "services: {a: {environment: {PINECONE_API_KEY: $K}}}\n",
     "keeps pieces of documents and their embeddings at pinecone"),
    ("tracker-of-others", "a.py", "import wandb\nwandb.init()\n",
     "reports to wandb at api.wandb.ai (unless WANDB_BASE_URL says otherwise)"),
    ("tracker-of-others", "g.yaml",
     ("model_list:\n  - {model_name: a, litellm_params: {model: ollama/x}}\n"
     "litellm_settings: {callbacks: [langfuse]}\n"),
     "reports to langfuse at cloud.langfuse.com (unless LANGFUSE_BASE_URL or LANGFUSE_HOST says otherwise)"),
    ("upload-to-others", "a.py", "import peft\nmodel.push_to_hub('x')\n",
     "`push_to_hub` uploads files to huggingface, a registry that others run"),
    ("model-elsewhere", "a.tf",
     'resource "azurerm_cognitive_deployment" "c" {\n  sku { name = "GlobalStandard" }\n}\n',
     "azure-openai may process prompts anywhere"),
    ("gateway-falls-back", "g.yaml",
     ("model_list:\n  - {model_name: a, litellm_params: {model: ollama/x}}\n"
     "litellm_settings: {default_fallbacks: [gpt-4o]}\n"),
     "if the first choice fails, the same prompts go to openai"),
    ("model-of-others", "a.py",
     ("import openai\nx = open('reports.txt')\n"
     "openai.OpenAI().chat.completions.create(model='gpt-4o', messages=[x])\n"),
     ("calls a model that others run: gpt-4o of openai, with data read from reports.txt (unless OPENAI_BASE_URL or "
     "OPENAI_API_BASE says otherwise)")),
    ("model-code-not-pinned", "compose.yml",
     ("services:\n  a: {image: 'vllm/vllm-openai:v1', command: --model acme/thinker --trust-remote-code}\n"
     "  b: {image: 'vllm/vllm-openai:v1', command: --model a/b --trust-remote-code --code-revision="
     f"{'0123456789' * 4}}}\n  c: {{image: 'vllm/vllm-openai:v1', command: --model /models/c --trust-remote-code}}\n"),
     "loading acme/thinker runs code that its publisher can change"),
    ("model-at-unknown-address", "b.py",
     ("from langchain.chat_models import init_chat_model\nKNOWN = {'a': 'openai:gpt-4o', 'b': 'C:/x'}\n"
     "init_chat_model(model=KNOWN[read()])\n"),
     ("calls a model, and no file says where it runs: the file names models of openai, but the name of the model for "
     "LangChain comes from elsewhere")),
    ("model-at-unknown-address", "a.py",
     ("import openai, os\ndef base():\n  if os.environ['LLM'] == 'cloud':\n    return 'https://api.deepseek.com/v1'\n"
     "  return os.environ['LOCAL'] or 'https://www.example.org'\nopenai.OpenAI(base_url=base())\n"),
     ("calls a model, and no file says where it runs: the file names api.deepseek.com, but the address comes from "
     "elsewhere")),
]  # fmt: skip


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("rule", "name", "text", "message"), RULED, ids=[f"{one[0]}-{one[1]}" for one in RULED])
def test_what_leaves_is_told_in_words(rule, name, text, message):
    write(Path(), {name: text})
    assert [one["message"] for one in scanned(".")[1] if one["rule"] == rule] == [message]


def test_a_secret_that_two_importers_see_is_told_once(here):
    key = "GROQ_API_KEY=gsk_nottobekept1234567890"
    write(
        here,
        {"start.sh": f"run -e {key}\nexport {key.replace('GROQ', 'XAI')}\n", "Dockerfile.gpu": f"FROM a\nENV {key}\n"},
    )
    found = [one.rpartition(" ")[2] for one in places(scanned(".")[1]) if "literal-secret" in one]
    assert found == ["Dockerfile.gpu:2:18", "start.sh:1:8", "start.sh:2:8"]
