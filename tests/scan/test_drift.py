"""A declaration against what runs: nothing of an import drifts, and what somebody changes is told at both places."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from importlib.util import find_spec
from inspect import signature
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from fedpolicy.check import Judge, catalog_of
from fedpolicy.cli.commands import app
from fedpolicy.files import schemas_dir
from fedpolicy.language.reading import load_text
from fedpolicy.policy.baseline import write_baseline
from fedpolicy.policy.housekeeping import DRIFT_IDS
from fedpolicy.report.formats import format_ids, load_format
from fedpolicy.scan.drift import INFOS
from fedpolicy.scan.drift.judge import drifted, drifts
from fedpolicy.scan.gather import gather
from fedpolicy.scan.judge import drafts
from fedpolicy.scan.services import Services
from fedpolicy.settings import Settings
from fedpolicy.sources import Search

HERE = Path(__file__).parent
# The others are records of what is processed, and list no findings.
FINDINGS = [
    one
    for one in format_ids()
    if not getattr(load_format(one), "RECORD", False) and (one != "oscal" or find_spec("trestle"))
]
APART = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
CATALOG = catalog_of(Settings())
JUDGE = Judge(catalog=CATALOG, rules=(), analysis=Settings().analysis)
SVT = {"path": "nvflare.app_common.filters.svt_privacy.SVTPrivacy", "args": {"noise_var": 0.5}}
PERCENTILE = {"path": "nvflare.app_common.filters.percentile_privacy.PercentilePrivacy", "args": {"percentile": 10}}
HE = {"path": "nvflare.app_opt.he.model_encryptor.HEModelEncryptor"}
CERTIFICATES = "  - {path: nvflare.lighter.impl.cert.CertBuilder}\n"
KEYS = "  - {path: nvflare.lighter.impl.he.HEBuilder}\n"
ASKS = {
    "openai": "import openai\nopenai.OpenAI().chat.completions.create(model='gpt-4o', messages=[])\n",
    "anthropic": "import anthropic\nanthropic.Anthropic().messages.create(model='claude-opus-4-5', messages=[])\n",
    "mistral": "import mistralai\nmistralai.Mistral().chat.complete(model='mistral-large-2411', messages=[])\n",
    "": "import json\n",
}
FLOWER = """[tool.flwr.app]
publisher = "us"
[tool.flwr.app.components]
serverapp = "app.server_app:app"
clientapp = "app.client_app:app"
[tool.flwr.app.config]
num-server-rounds = 3
dp-enabled = true
"""
NODES = "services:\n" + "".join(
    f"  supernode-{one}: {{image: flwr/supernode:1, command: --insecure}}\n" for one in (1, 2)
)
STRATEGY = "from flwr.serverapp.strategy import FedAvg\nstrategy = FedAvg()\n"


def project(sites, *, security="mtls", keys=False):
    listed = "".join(f"  - {{name: {name}, type: client, org: {org}}}\n" for name, org in sites)
    return (
        f"connection_security: {security}\nparticipants:\n  - {{name: hub, type: server, org: university}}\n{listed}"
        f"builders:\n{CERTIFICATES}{KEYS if keys else ''}"
    )


def server(rounds=10, tracker=""):
    workflow = {"path": "nvflare.app_common.workflows.fedavg.FedAvg", "args": {"num_rounds": rounds, "min_clients": 2}}
    components = []
    if tracker:
        receiver = f"nvflare.app_opt.tracking.{tracker}.{tracker}_receiver.{tracker.title()}Receiver"
        components = [{"path": receiver, "args": {"tracking_uri": "http://track.example.org:5000"}}]
    return json.dumps({"format_version": 2, "workflows": [workflow], "components": components}, indent=1)


def client(*filters):
    executor = {"path": "nvflare.app_common.executors.client_api_launcher_executor.ClientAPILauncherExecutor"}
    return json.dumps(
        {
            "format_version": 2,
            "executors": [{"tasks": ["train"], "executor": executor}],
            "task_result_filters": [{"tasks": ["train"], "filters": list(filters)}] if filters else [],
        },
        indent=1,
    )


def meta(scope=""):
    said = {"name": "job", "min_clients": 2, "deploy_map": {"app": ["@ALL"]}}
    return json.dumps(said | ({"scope": scope} if scope else {}), indent=1)


def repository(seed):
    """The files of a federation, by names; how many sites and what protects and tracks them is drawn."""
    draw = random.Random(seed)  # noqa: S311  no secret is made of it
    sites = [(f"site-{number}", f"clinic-{number}") for number in range(1, draw.randint(2, 7))]
    encrypts = draw.random() < 0.5
    filters = [SVT, *([HE] if encrypts else []), *([PERCENTILE] if draw.random() < 0.5 else [])]
    asks = draw.choice([*ASKS])
    files = {
        "project.yml": project([*sites, ("last", "clinic-last")], security="mtls", keys=encrypts),
        "jobs/train/meta.json": meta(),
        "jobs/train/app/config/config_fed_server.json": server(draw.randint(2, 90), draw.choice(["", "mlflow"])),
        "jobs/train/app/config/config_fed_client.json": client(*filters),
        "jobs/train/app/custom/train.py": ASKS[asks],
    }
    if draw.random() < 0.3:
        files["jobs/evaluate/meta.json"] = meta()
        files["jobs/evaluate/app/config/config_fed_server.json"] = server(1)
    return files


def doctored(files, seed):
    """The same with five facts changed, and what each of them is to be told as."""
    draw = random.Random(seed)  # noqa: S311  see above
    name = "jobs/train/app/config/config_fed_server.json"
    number = json.loads(files[name])["workflows"][0]["args"]["num_rounds"]
    changed = {
        "project.yml": files["project.yml"]
        .replace("security: mtls", f"security: {draw.choice(['tls', 'clear'])}")
        .replace("  - {name: last,", "  - {name: late, type: client, org: clinic-late}\n  - {name: last,"),
        name: files[name].replace(f'"num_rounds": {number}', f'"num_rounds": {number + 1}'),
        "jobs/train/app/config/config_fed_client.json": files["jobs/train/app/config/config_fed_client.json"].replace(
            '"noise_var": 0.5', '"noise_var": 0'
        ),
        "jobs/train/app/custom/call.py": "import cohere\ncohere.ClientV2().chat(model='command-a', messages=[])\n",
    }
    rules = ["call-not-declared", "node-not-declared", "number-differs", "safeguard-differs", "transport-differs"]
    return files | changed, rules


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def gathered(*paths):
    return gather(paths or (".",), Search(), Services())


def imported(*paths):
    """The declaration that `fedpolicy import` writes."""
    return "---\n".join(one.text for one in drafts(gathered(*paths)))


def documents(text, name="deployment.yaml"):
    loaded = load_text(text, name, CATALOG)
    assert not loaded.errors, [str(one) for one in loaded.errors]
    return loaded.documents


def found(text, *paths):
    """The rules and verdicts of what differs, with both places."""
    findings, _ = drifts(documents(text), gathered(*paths), JUDGE)
    return findings


def rules(findings):
    return sorted(one.rule for one in findings)


def run(*arguments):
    return CliRunner(**APART).invoke(app, [*arguments])


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.usefixtures("here")
def test_nothing_that_is_imported_drifts_and_five_changes_are_five_findings(seed, here):
    files = repository(seed)
    write(here, files)
    text = imported()
    assert found(text) == []
    changed, expected = doctored(files, seed)
    write(here, changed)
    findings = found(text)
    assert rules(findings) == expected
    for one in findings:
        assert one.verdict == "fail"
        assert one.related[0].span.file == "deployment.yaml"
        assert str(one.related[0].span) in one.message
    assert sorted(one.span.file for one in findings) == sorted(
        [
            "jobs/train/app/config/config_fed_client.json",
            "jobs/train/app/config/config_fed_server.json",
            "jobs/train/app/custom/call.py",
            "project.yml",
            "project.yml",
        ]
    )


@pytest.mark.usefixtures("consortium")
def test_what_an_import_writes_drifts_by_nothing_and_says_so():
    run("import", ".", "-o", "deployment.yaml")
    done = run("drift", "deployment.yaml", ".", "--strict", "--fail-on", "info")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == "PASS  2 deployments: no findings  deployment.yaml"


SITES = [("site-1", "a"), ("site-2", "b")]
DECLARED = """fedpolicy: 1
name: lungs
parties:
  university: {role: coordinator}
  a: {role: participant}
  b: {role: participant}
nodes:
  hub: {kind: aggregator, party: university}
  site-1: {kind: client, party: a}
  site-2: {kind: client, party: b}
datasets:
  scans: {at: [site-1, site-2], categories: health}
models:
  gpt: {ref: openai/gpt-4o, via: [openai]}
tasks:
  train:
    method: fedavg
    data: [scans]
    runs_on: [site-1, site-2]
    aggregator: hub
    rounds: 10
    safeguards:
      - SAFEGUARD
api_calls:
  ask: {from: [site-1], model: gpt, sends: [scans]}
transport: mtls
"""
NOISE = "{kind: differential_privacy, where: client, noise_multiplier: 1.1, clipping_norm: 1}"
SEALED = "{kind: homomorphic_encryption, sealed_for: [site-1, site-2]}"
SUMS = "{kind: secure_aggregation, min_clients: 2}"
FILES = {
    "project.yml": project(SITES),
    "jobs/train/meta.json": meta(),
    "jobs/train/app/config/config_fed_server.json": server(10),
    "jobs/train/app/config/config_fed_client.json": client(SVT),
    "call.py": ASKS["openai"],
}
CONFIG = "jobs/train/app/config/config_fed_client.json"
TRAINER = "jobs/train/app/custom/trainer.py"
OPACUS = "import opacus\nopacus.PrivacyEngine().make_private(m, o, d, noise_multiplier={}, max_grad_norm=1.0)\n"
PRIVACY = json.dumps(
    {"scopes": [{"name": "public", "task_result_filters": [], "task_data_filters": []}], "default_scope": "public"}
)
KEPT = [
    ("a filter that only cuts values off", NOISE, {CONFIG: client(PERCENTILE)},
     "differential privacy is declared, but the filter is PercentilePrivacy, which adds no noise", "fail"),
    ("a filter that divides by zero", NOISE, {CONFIG: client(SVT | {"args": {"noise_var": 0}})},
     "differential privacy is declared, but its filter divides by `noise_var`, which is 0, and so fails", "fail"),
    ("a scope without filters", NOISE, {CONFIG: client(), "sites/a/local/privacy.json": PRIVACY},
     ("differential privacy is declared, but the job names no scope, so the site's default"
      " `public` applies, and it filters nothing"), "fail"),
    ("a filter that encrypts without keys", SEALED, {CONFIG: client(HE)},
     ("homomorphic encryption is declared, but project.yml makes no keys (no HEBuilder) for what"
      " encrypts"), "fail"),
    ("no filter that encrypts", SEALED, {CONFIG: client(PERCENTILE)},
     "homomorphic encryption is declared, but no filter of the job encrypts", "fail"),
    ("sums that no configuration shows", SUMS, {},
     "secure aggregation is declared, but no file shows it (compared with project.yml:3:23)", "unknown"),
    ("less noise in code", NOISE, {CONFIG: client(), TRAINER: OPACUS.format(0.4)},
     "differential privacy is coded with `noise_multiplier: 0.4`, but 1.1 is declared", "fail"),
    ("no noise in code", NOISE, {CONFIG: client(), TRAINER: OPACUS.format(0.0)},
     "differential privacy is declared, but the noise is set to 0", "fail"),
    ("noise that no configuration shows", NOISE, {CONFIG: client()},
     "differential privacy is declared, but no file shows it (compared with project.yml:3:23)", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("safeguard", "files", "message", "verdict"), [one[1:] for one in KEPT], ids=[o[0] for o in KEPT]
)
def test_a_declared_safeguard_that_is_not_what_runs(here, safeguard, files, message, verdict):
    write(here, FILES | files)
    told = [one for one in found(DECLARED.replace("SAFEGUARD", safeguard)) if one.rule.startswith("safeguard-")]
    told = [one for one in told if one.rule != "safeguard-not-declared"]
    assert [(one.message.partition(" (declared in ")[0], one.verdict) for one in told] == [(message, verdict)]


def test_noise_in_code_of_the_declared_size_is_no_drift(here):
    write(here, FILES | {CONFIG: client(), TRAINER: OPACUS.format(1.1)})
    assert [one for one in found(DECLARED.replace("SAFEGUARD", NOISE)) if one.rule.startswith("safeguard-")] == []


def test_noise_in_code_beside_no_framework_is_compared_with_the_only_noise_that_is_declared(here):
    write(here, {"train.py": OPACUS.format(0.4)})
    text = DECLARED.replace("SAFEGUARD", NOISE)
    (one,) = [one for one in found(text) if one.rule == "safeguard-differs"]
    assert one.message.startswith("differential privacy is coded with `noise_multiplier: 0.4`, but 1.1 is declared")
    assert str(one.span).startswith("train.py:2:")
    other = (
        "  other: {method: fedavg, data: [scans], runs_on: [site-1], aggregator: hub, safeguards: [" + NOISE + "]}\n"
    )
    assert [o for o in found(text.replace("api_calls:", other + "api_calls:")) if o.rule == "safeguard-differs"] == []


def test_a_model_that_is_set_up_is_a_call_that_nobody_declared(here):
    agent = 'resource "aws_bedrockagent_agent" "help" {\n  foundation_model = "amazon.nova-pro-v1:0"\n}\n'
    write(here, FILES | {"main.tf": agent})
    told = [one for one in found(DECLARED.replace("SAFEGUARD", SVT_DECLARED)) if one.rule == "call-not-declared"]
    assert [str(one.span).partition("-")[0] for one in told] == ["main.tf:1:1"]
    assert told[0].message.startswith("these files let a program call amazon-bedrock, but no call to it is declared")


def test_a_parameter_that_no_code_reads_is_no_safeguard(here):
    write(here, {"app/pyproject.toml": FLOWER, "app/app/server_app.py": STRATEGY})
    text = imported().replace("safeguards: unknown", f"safeguards: [{NOISE.replace('client,', 'aggregator,')}]")
    (one,) = found(text)
    assert one.rule == "safeguard-differs"
    assert "only the parameter `dp-enabled` claims it, and no code reads that" in one.message
    assert str(one.span).startswith("app/pyproject.toml:8:")


CHANGES = [
    ("another model", ("gpt-4o,", "gpt-4o-mini,"), {}, ["model-differs"]),
    ("no call any more", (), {"call.py": ""}, ["call-not-found"]),
    ("another party", ("party: b", "party: a"), {}, ["party-differs"]),
    ("a site more in the declaration", ("datasets:", "  site-3: {kind: client, party: b}\ndatasets:"), {},
     ["node-not-found"]),
    ("a site that nobody declares", (), {"project.yml": project([*SITES, ("site-3", "c")])}, ["node-not-declared"]),
    ("a task that no job is", ("api_calls:", ("  more: {method: fedavg, data: [scans], runs_on: [site-1, site-2],"
     " aggregator: hub}\napi_calls:")), {}, ["task-not-found"]),
    ("a job more", (), {"jobs/more/meta.json": meta(), "jobs/more/app/config/config_fed_server.json": server(10)},
     ["task-not-declared"]),
    ("a tracker", (), {"jobs/train/app/config/config_fed_server.json": server(10, "mlflow")}, ["tracker-not-declared"]),
    ("a tracker that is declared", ("datasets:", "  runs: {kind: tracker, party: university}\ndatasets:"), {},
     ["tracker-not-found"]),
    ("a round that waits for fewer sites than the job", ("rounds: 10", "rounds: 10\n    min_clients: 2"),
     {"jobs/train/app/config/config_fed_server.json": server(10).replace('"min_clients": 2', '"min_clients": 1')},
     ["number-differs"]),
    ("a number that no file states any more", ("rounds: 10", "rounds: 10\n    min_clients: 2"),
     {"jobs/train/meta.json": meta().replace("min_clients", "x"),
      "jobs/train/app/config/config_fed_server.json": server(10).replace("min_clients", "x")}, ["what-no-file-shows"]),
    ("weaker connections", (), {"project.yml": project(SITES, security="clear")}, ["transport-differs"]),
    ("another deployment", (), {"other/pyproject.toml": FLOWER, "other/app/server_app.py": STRATEGY},
     ["deployment-not-declared"]),
    ("another provider", (), {"more.py": ASKS["anthropic"]}, ["call-not-declared"]),
    ("nothing", (), {}, []),
]  # fmt: skip
SVT_DECLARED = "{kind: differential_privacy, where: client, mechanism: sparse_vector}"


@pytest.mark.parametrize(("change", "files", "expected"), [one[1:] for one in CHANGES], ids=[one[0] for one in CHANGES])
def test_each_difference_is_one_finding(here, change, files, expected):
    write(here, FILES | files)
    text = DECLARED.replace("SAFEGUARD", SVT_DECLARED)
    assert rules(found(text.replace(*change) if change else text)) == expected


WORKLOAD = """apiVersion: apps/v1
kind: Deployment
metadata: {name: site-1}
spec:
  template:
    spec:
      nodeSelector: {topology.kubernetes.io/region: us-east-1}
      containers: [{name: trainer, image: "trainer@sha256:0"}]
"""
PLACES = [
    ("a node in its country", "region: US", WORKLOAD, []),
    ("a node in another one", "region: DE", WORKLOAD, ["region-differs"]),
    ("a node that is nowhere in the Union", "region: EU", WORKLOAD, ["region-differs"]),
    ("another region of the same country", "region: us-west-2", WORKLOAD, ["region-differs"]),
    ("the same region", "region: us-east-1", WORKLOAD, []),
    ("nobody says where it is", "kind: client", WORKLOAD, []),
    ("a region that nobody knows", "region: DE", WORKLOAD.replace("us-east-1", "moon-1"), []),
]


@pytest.mark.parametrize(("region", "text", "expected"), [one[1:] for one in PLACES], ids=[one[0] for one in PLACES])
def test_where_machines_stand(here, region, text, expected):
    write(here, FILES | {"k8s/site.yaml": text})
    said = DECLARED.replace("SAFEGUARD", SVT_DECLARED)
    said = said.replace("site-1: {kind: client, party: a}", f"site-1: {{{region}, kind: client, party: a}}")
    said = said.replace("{kind: client, kind: client,", "{kind: client,")
    assert rules(found(said)) == expected


def test_a_fallback_of_a_gateway_is_a_call_that_nobody_declared(here):
    """What a new importer finds is compared as soon as it says whom something asks."""
    config = """model_list:
  - {model_name: reports, litellm_params: {model: openai/gpt-4o}}
  - {model_name: spare, litellm_params: {model: mistral/mistral-large-2411}}
router_settings: {fallbacks: [{reports: [spare]}]}
"""
    write(here, FILES | {"gateway/config.yaml": config})
    (one,) = found(DECLARED.replace("SAFEGUARD", SVT_DECLARED))
    assert (one.rule, one.span.file) == ("call-not-declared", "gateway/config.yaml")
    assert one.message.startswith("these files let a program call mistral, but no call to it is declared")


def test_names_that_people_give_are_the_same_nodes(here):
    """A declaration has one node for each party of a list; the project calls its sites otherwise."""
    write(here, FILES)
    text = DECLARED.replace("SAFEGUARD", SVT_DECLARED)
    text = text.replace("  site-1: {kind: client, party: a}\n  site-2: {kind: client, party: b}\n",
                        "  clients: {kind: client, party: [a, b]}\n")  # fmt: skip
    text = text.replace("[site-1, site-2]", "clients").replace("[site-1]", "clients").replace("hub", "coordinator")
    assert found(text) == []


def test_a_node_of_which_nobody_says_whose_it_is_contradicts_nothing(here):
    write(here, FILES)
    text = DECLARED.replace("SAFEGUARD", SVT_DECLARED).replace(
        "kind: aggregator, party: university", "kind: aggregator, party: unknown"
    )
    assert found(text) == []


def test_a_cohort_is_one_node(here):
    """It stands for clients that nobody names, however many."""
    flower = "services:\n" + "".join(
        f"  supernode-{one}: {{image: flwr/supernode:1, command: --insecure}}\n" for one in range(1, 5)
    )
    text = DECLARED.replace("SAFEGUARD", SUMS).replace(
        "site-2: {kind: client, party: b}", "site-2: {kind: client, party: b, count: 40}"
    )
    text = (
        text.replace("  site-1: {kind: client, party: a}\n", "").replace("site-1, ", "").replace("[site-1]", "[site-2]")
    )
    write(here, FILES)
    assert rules(found(text)).count("node-not-found") == 0  # its party is that of a site
    shutil.rmtree(here / "jobs")
    (here / "project.yml").unlink()
    write(here, {"compose.yml": flower})
    assert not [one for one in found(text) if one.rule.startswith("node-")]


def test_a_call_whose_other_end_nobody_knows_is_a_question(here):
    asks = "import os, openai\nopenai.OpenAI(base_url=os.environ['WHERE'])\n"
    write(here, FILES | {"more.py": asks})
    (one,) = found(DECLARED.replace("SAFEGUARD", SVT_DECLARED))
    assert (one.rule, one.verdict, one.span.file) == ("call-not-declared", "unknown", "more.py")


def test_files_without_a_framework_are_compared_by_whom_they_call(here):
    write(here, {"call.py": ASKS["anthropic"]})
    findings, compared = drifts(documents(DECLARED.replace("SAFEGUARD", NOISE)), gathered(), JUDGE)
    assert (rules(findings), compared) == (["call-not-declared", "call-not-found", "what-no-file-shows"], True)
    (question,) = [one for one in findings if one.verdict == "unknown"]
    assert question.message.startswith(
        "these files neither show nor contradict who takes part, the transport, the tasks"
    )


def test_what_is_declared_and_no_file_shows_is_one_question(here):
    """A method whose adapters only code may hold, a base model, an enclave."""
    write(here, FILES)
    text = DECLARED.replace("SAFEGUARD", SVT_DECLARED).replace("method: fedavg", "method: lora\n    model: base")
    text = text.replace(
        "models:", "models:\n  base: {ref: meta-llama/Llama-3.1-8B-Instruct, weights_at: [site-1, site-2]}"
    )
    text = text.replace("kind: aggregator,", "kind: aggregator, tee: {kind: tdx, attested: true},")
    (one,) = found(text)
    assert (one.rule, one.severity.label, one.verdict) == ("what-no-file-shows", "info", "unknown")
    assert one.message.startswith(
        "these files neither show nor contradict the enclave of hub, the method of train, the base model of train ("
    )


def test_a_declaration_without_a_counterpart_is_one_message_and_no_pass(here):
    write(
        here, {"a/project.yml": project([("x", "x"), ("y", "y")]), "b/project.yml": project([("z", "z"), ("w", "w")])}
    )
    (here / "deployment.yaml").write_text(DECLARED.replace("hub", "core").replace("SAFEGUARD", NOISE), encoding="utf-8")
    text = (here / "deployment.yaml").read_text(encoding="utf-8").replace("university", "institute")
    (here / "deployment.yaml").write_text(text.replace("kind: aggregator", "kind: service"), encoding="utf-8")
    done = run("drift", "deployment.yaml", ".", "--format", "concise", "--select", "deployment-not-found")
    assert done.exit_code == 2
    assert "no file describes lungs; the files describe `a-project`, `b-project`" in done.stdout
    assert done.stderr == "note: nothing was compared: name the folders with the files that run what is declared\n"


def test_evidence_that_contradicts_itself_is_one_question(here):
    """A round of fewer clients than it waits for: no draft can say so, and calls are compared all the same."""
    sampled = FLOWER.replace("dp-enabled = true", "num-sampled-clients = 2")
    waits = STRATEGY.replace("FedAvg()", "FedAvg(min_train_nodes=5)")
    write(here, {"compose.yml": NODES, "pyproject.toml": sampled, "app/server_app.py": waits})
    text = DECLARED.replace("SAFEGUARD", NOISE).replace("site-", "supernode-")
    told = [(one.rule, one.verdict, one.message) for one in found(text)]
    assert told[1:] == [
        ("what-no-file-shows", "unknown", told[1][2]),
    ]
    assert told[1][2].startswith("nodes and tasks were not compared, because files contradict each other: ")
    assert told[0][0] == "call-not-found"


SECURE = """from flwr.server.strategy import FedAvg
from flwr.server.workflow import SecAggPlusWorkflow
strategy = FedAvg(min_fit_clients=4)
workflow = SecAggPlusWorkflow(num_shares=4, reconstruction_threshold=3)
"""
SUM = "{kind: secure_aggregation, min_clients: LEAST}"


@pytest.mark.parametrize(
    ("safeguard", "expected"),
    [
        ("", "4:12 secure aggregation protects the job train, but is not declared"),
        (
            SUM.replace("LEAST", "4"),
            "4:70 secure aggregation is set to go on with 3 clients, but `min_clients: 4` is declared",
        ),
        (SUM.replace("LEAST", "3"), None),
        ("{kind: unknown}", None),
    ],
)
def test_secure_sums_of_flower_and_clients_that_no_file_lists(here, safeguard, expected):
    """Four clients are waited for, and two are listed, so who else takes part is open, and nobody is missing."""
    write(here, {"compose.yml": NODES, "pyproject.toml": FLOWER, "app/server_app.py": SECURE})
    more = "".join(f"  site-{one}: {{kind: client, party: b}}\n" for one in (3, 4))
    text = DECLARED.replace("      - SAFEGUARD", f"      - {safeguard}" if safeguard else "      []")
    text = text.replace("datasets:", f"{more}datasets:").replace("[site-1, site-2]", "[site-1, site-2, site-3, site-4]")
    told = found(text.replace("site-", "supernode-"))
    assert "node-not-found" not in rules(told)
    about = [f"{one.span.line}:{one.span.column} {one.message}" for one in told if one.rule.startswith("safeguard-")]
    assert [one.partition(" (")[0] for one in about] == ([expected] if expected else [])


FEDML = """train_args: {client_num_in_total: 2, comm_round: 10}
comm_args: {backend: GRPC}
dp_args: {enable_dp: ON, mechanism_type: laplace, dp_solution_type: ldp}
secure_aggregation_args: {enable_sa: ON}
fhe_args: {enable_fhe: ON}
"""
OPENFL_PLAN = """aggregator: {template: openfl.component.Aggregator, settings: {secure_aggregation: ON}}
"""
NOISY = FLOWER.replace("dp-enabled = true", "dp-enabled = ON\nnoise-multiplier = 0.4")
NOISY_STRATEGY = """from flwr.serverapp.strategy import FedAvg, DifferentialPrivacyServerSideFixedClipping
strategy = FedAvg()
if context.run_config["dp-enabled"]:
    noise = float(context.run_config["noise-multiplier"])
    strategy = DifferentialPrivacyServerSideFixedClipping(strategy, noise, clipping_norm=1.0)
"""
BOOSTS = """participants:
  - {name: hub, type: server, org: university}
  - {name: site-1, type: client, org: a}
  - {name: site-2, type: client, org: b}
builders: [{path: nvflare.lighter.impl.he.HEBuilder}]
---{"workflows": [{"path": "nvflare.app_opt.xgboost.histogram_based_v2.fed_controller.XGBFedController", "args":
  {"data_split_mode": 0, "secure_training": ON}}]}"""
APPFL = "server_configs: {num_clients: 2}\nclient_configs: {train_configs: {use_dp: ON}}\n"
CENTRAL = "{kind: differential_privacy, where: aggregator, noise_multiplier: 1.1, clipping_norm: 1}"
LAPLACE = "{kind: differential_privacy, where: client, mechanism: laplace, noise_multiplier: 1}"
RUNS, ABSENT = "protects the job train, but is not declared", "is declared, but"
SWITCHES = [  # what runs, what is declared, and what is told of it on, off, and on where nothing is declared
    ({"fedml_config.yaml": FEDML}, f"{LAPLACE}, {SUMS}, {SEALED}", [],
     [f"3:22 differential privacy {ABSENT} `enable_dp` switches it off",
      f"4:38 secure aggregation {ABSENT} `enable_sa` switches it off",
      f"5:24 homomorphic encryption {ABSENT} `enable_fhe` switches it off"],
     [f"3:22 differential privacy {RUNS}", f"4:38 secure aggregation {RUNS}", f"5:24 homomorphic encryption {RUNS}"]),
    ({"fedml_config.yaml": FEDML.partition("secure")[0]}, NOISE,
     ["3:44 differential privacy is configured with `mechanism: laplace`, but gaussian is declared"],
     [f"3:22 differential privacy {ABSENT} `enable_dp` switches it off"], [f"3:22 differential privacy {RUNS}"]),
    ({"server.yaml": APPFL}, LAPLACE, [],
     [f"2:42 differential privacy {ABSENT} `use_dp` switches it off"], [f"2:42 differential privacy {RUNS}"]),
    ({"plan/plan.yaml": OPENFL_PLAN}, SUMS, [],
     [f"1:84 secure aggregation {ABSENT} `secure_aggregation` switches it off"],
     [f"1:84 secure aggregation {RUNS}"]),
    ({"project.yml": BOOSTS.partition("---")[0], "jobs/train/meta.json": meta(),
      "jobs/train/app/config/config_fed_server.json": BOOSTS.partition("---")[2]}, SEALED, [],
     [f"2:45 homomorphic encryption {ABSENT} `secure_training` switches it off"],
     [f"2:45 homomorphic encryption {RUNS}"]),
    ({"pyproject.toml": NOISY, "server_app.py": NOISY_STRATEGY}, CENTRAL,
     ["9:1 differential privacy is configured with `noise_multiplier: 0.4`, but 1.1 is declared"],
     [f"8:1 differential privacy {ABSENT} `dp-enabled` switches it off"], [f"5:16 differential privacy {RUNS}"]),
]  # fmt: skip


@pytest.mark.parametrize(("files", "safeguards", "on", "off", "bare"), SWITCHES)
def test_a_switch_is_compared_with_what_is_declared_on_and_off(here, files, safeguards, on, off, bare):
    def told(state, said):
        write(here, {name: text.replace("ON", state) for name, text in files.items()})
        findings = found(DECLARED.replace("      - SAFEGUARD", f"      [{said}]"))
        about = [one for one in findings if one.rule.startswith("safeguard-")]
        return sorted(f"{one.span.line}:{one.span.column} {one.message.partition(' (')[0]}" for one in about)

    assert (told("true", safeguards), told("false", safeguards)) == (on, off)
    assert (told("true", ""), told("false", "")) == (bare, [])
    assert found(imported()) == []


SCOPE = """federate: {mode: distributed, client_num: 2, total_round_num: 10, sample_client_num: 2, use_ss: ON}
distribute: {use: true, role: server, server_host: hub.example.org}
nbafl: {use: ON, epsilon: 10, w_clip: CLIP}
"""
NODE = """# vantage6
server_url: https://hub.example.org
databases: []
encryption: {enabled: ON}
policies: POLICIES
"""
FATE = """from fate_client.pipeline.components.fate import HeteroSecureBoost
HeteroSecureBoost("a", he_param={"kind": "KIND"})
"""
LISTS = "{allowed_algorithms: [harbor.example.org/glm]}"
APPROVED = "governance: {task_approval: participants}\n"
SEALED_TO_ALL = "{kind: end_to_end_encryption, sealed_for: [site-1, site-2]}"
LOOSE = [  # what runs, what is declared, and what is told
    ("scope.yaml", SCOPE.replace("ON", "true").replace("CLIP", "1"), f"{NOISE}, {SUMS}",
     ["2:19 connections are configured with `transport: none`, but mtls is declared"]),
    ("scope.yaml", SCOPE.replace("ON", "false").replace("num: 10", "num: 50"), f"{NOISE}, {SUMS}",
     ["1:63 training is configured with `rounds: 50`, but 10 is declared",
      "1:97 secure aggregation is declared, but `use_ss` switches it off",
      "2:19 connections are configured with `transport: none`, but mtls is declared",
      "3:14 differential privacy is declared, but `nbafl.use` switches it off"]),
    ("scope.yaml", SCOPE.replace("ON", "true").replace("CLIP", "9"), f"{NOISE}, {SUMS.replace('2', '3')}",
     ["1:43 secure aggregation is set to go on with 2 clients, but `min_clients: 3` is declared",
      "2:19 connections are configured with `transport: none`, but mtls is declared",
      "3:41 differential privacy is configured with `clipping_norm: 9`, but 1.0 is declared"]),
    ("node.yaml", NODE.replace("ON", "true").replace("POLICIES", LISTS), SEALED_TO_ALL, []),
    ("node.yaml", NODE.replace("ON", "false").replace("POLICIES", "{}"), SEALED_TO_ALL,
     ["4:23 end to end encryption is declared, but `encryption.enabled` switches it off",
      "5:11 participants are declared to approve each task, but a node runs any algorithm that it is sent"]),
    ("hub.py", 'import grpc\ngrpc.server(pool).add_insecure_port("0.0.0.0:5")\n', SUMS,
     ["2:1 connections are configured with `transport: none`, but mtls is declared"]),
    ("job.py", FATE.replace("KIND", "ou"), SEALED, []),
    ("job.py", FATE.replace("KIND", "mock"), SEALED,
     ["2:42 homomorphic encryption is declared, but `he_param` switches it off"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "safeguards", "expected"), LOOSE)
def test_what_files_configure_that_draft_no_deployment_is_compared(here, name, text, safeguards, expected):
    write(here, {name: text})
    declared = DECLARED.replace("[site-1, site-2]", "[site-1, site-2, site-3]")
    declared = declared.replace("datasets:", "  site-3: {kind: client, party: b}\ndatasets:")
    told = found(declared.replace("      - SAFEGUARD", f"      [{safeguards}]") + APPROVED)
    kinds = ("safeguard-differs", "number-differs", "transport-differs", "safeguard-not-declared")
    about = [one for one in told if one.rule in kinds]
    assert sorted(f"{one.span.line}:{one.span.column} {one.message.partition(' (')[0]}" for one in about) == expected


def test_what_a_search_leaves_out_and_what_cannot_be_read_is_told_by_whoever_reads(here):
    write(here, {"fedml_config.yaml": FEDML, ".ci/compose.yml": NODES, "broken/compose.yml": "services: {a: [}\n"})
    (here / "deployment.yaml").write_text(DECLARED.replace("SAFEGUARD", NOISE), encoding="utf-8")
    unread = "note: broken/compose.yml:1:15: not read: it does not parse: "
    hidden = "note: the search left out 1 hidden folder; `-v` names them"
    for command, notes in (("scan", [hidden, unread]), ("drift", [hidden, unread]), ("import", [unread])):
        said = [one for one in run(command).stderr.splitlines() if one.startswith("note: ") and "looked at" not in one]
        assert [one[: len(note)] for one, note in zip(said, notes, strict=False)] == notes, command
    assert f"{hidden.partition(';')[0]}\n    .ci: hidden" in run("drift", "-v").stderr


def test_what_is_not_found_names_the_files_that_it_is_compared_with(here):
    write(here, FILES)
    text = DECLARED.replace("SAFEGUARD", SVT_DECLARED)
    text = text.replace("datasets:", "  site-3: {kind: client, party: b}\ndatasets:")
    (one,) = found(text)
    assert one.message == "site-3 is declared, but is not among those who take part (compared with project.yml:3:23)"
    assert (str(one.span), str(one.related[0].span)) == ("deployment.yaml:11:3", "project.yml:3:23")


@pytest.mark.usefixtures("consortium")
def test_waivers_and_a_baseline_hold_for_drift(consortium):
    text = imported().replace("transport: mtls", "transport: tls").replace("rounds: 20", "rounds: 30")
    (consortium / "deployment.yaml").write_text(text, encoding="utf-8")
    settings = Settings()
    report = drifted(documents(text), gathered(), JUDGE, settings).report
    assert sorted(one.rule for one in report.findings) == ["number-differs", "transport-differs"]
    (consortium / "known.json").write_text(write_baseline(report.findings), encoding="utf-8")
    known = json.loads(run("drift", "deployment.yaml", ".", "--baseline", "known.json", "--format", "json").stdout)
    assert known["findings"] == []
    assert known["baseline"]["known"]["fail"] == 2
    (consortium / "fedpolicy.waivers.yaml").write_text(
        json.dumps(
            {
                "fedpolicy_waivers": 1,
                "waivers": {
                    "w1": {
                        "rule": "number-differs",
                        "element": "tasks.lung-he",
                        "reason": "longer",
                        "owner": "a",
                        "approved_by": "b",
                        "expires": "2099-01-01",
                        "file": "jobs/lung-he/app/config/config_fed_server.conf",
                    }
                },
            }
        ),
        encoding="utf-8",
    )
    told = json.loads(run("drift", "deployment.yaml", ".", "--format", "json").stdout)["findings"]
    assert {one["rule"]: one["verdict"] for one in told} == {"number-differs": "waived", "transport-differs": "fail"}


@pytest.mark.parametrize("form", FINDINGS)
@pytest.mark.usefixtures("consortium")
def test_every_format_shows_both_places(consortium, form):
    text = imported().replace("transport: mtls", "transport: none")
    (consortium / "deployment.yaml").write_text(text, encoding="utf-8")
    done = run("drift", "deployment.yaml", ".", "--format", form)
    line = next(at for at, one in enumerate(text.splitlines(), 1) if one.startswith("transport: none"))
    shown = done.stdout.replace("<wbr>", "")  # where a browser may break a line
    assert "project.yml" in shown
    assert f"deployment.yaml:{line}:1" in shown
    if form == "json":
        schema = json.loads((schemas_dir() / "report.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(schema).validate(json.loads(done.stdout))
    if form == "sarif":
        (result,) = json.loads(done.stdout)["runs"][0]["results"]
        (place,) = result["relatedLocations"]
        assert place["physicalLocation"]["region"]["startLine"] == line


def test_the_list_of_rules_of_drift_is_whole():
    assert sorted(INFOS) == sorted(DRIFT_IDS)
    listed = json.loads(run("rules", "--pack", "drift", "--format", "json").stdout)["rules"]
    assert [(one["id"], one["applies_to"]) for one in listed] == [(one, "deployment") for one in sorted(DRIFT_IDS)]
    assert run("explain", "call-not-declared").stdout.startswith("call-not-declared (drift, high")


@pytest.mark.usefixtures("consortium")
def test_severities_and_ignored_rules_are_obeyed(consortium):
    text = imported().replace("transport: mtls", "transport: none")
    (consortium / "deployment.yaml").write_text(text, encoding="utf-8")
    (consortium / "fedpolicy.toml").write_text(
        '[rules]\n"transport-differs" = {severity = "critical"}\n', encoding="utf-8"
    )
    done = run("drift", "deployment.yaml", ".", "--format", "json")
    assert [one["severity"] for one in json.loads(done.stdout)["findings"]] == ["critical"]
    assert run("drift", "deployment.yaml", ".", "--ignore", "transport-differs").exit_code == 0


def commit(folder):
    author = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for line in ("init -q -b main", "add -A", "commit -q -m x"):
        subprocess.run(["git", *line.split()], cwd=folder, check=True, env={**os.environ, **author})


def introduced(*arguments):
    done = run("diff", "main:deployment.yaml", "deployment.yaml", *arguments, "--format", "json")
    differences = json.loads(done.stdout)["differences"]
    found = [one for difference in differences for one in difference["introduced"]]
    return done.exit_code, [(one["rule"], one["message"]) for one in found]


def test_diff_says_which_drift_a_change_introduces(here):
    """One difference was there before; the change brings another one, and mends nothing."""
    text = DECLARED.replace("SAFEGUARD", SVT_DECLARED)
    write(here, FILES | {"deployment.yaml": text, "old.py": ASKS["anthropic"], ".deploy/note.py": ASKS["mistral"]})
    commit(here)
    assert introduced("--drift", ".") == (0, [])
    write(here, {"project.yml": project(SITES, security="clear")})
    code, found_ = introduced("--drift", ".")
    assert (code, [rule for rule, _ in found_]) == (1, ["transport-differs"])
    assert found_[0][1].startswith(
        "connections are configured with `transport: none`, but mtls is declared (declared in "
    )
    assert introduced() == (0, [])
    write(here, {"deployment.yaml": text.replace("rounds: 10", "rounds: 12")})
    assert sorted(rule for rule, _ in introduced("--drift", ".")[1]) == ["number-differs", "transport-differs"]
    done = run("diff", "main:deployment.yaml", "deployment.yaml", "--drift", ".")
    assert "transport-differs" in done.stdout


def test_diff_tells_deployments_of_one_name_apart(here):
    text = DECLARED.replace("SAFEGUARD", SVT_DECLARED)
    write(here, FILES | {"a/fedpolicy.yaml": text, "b/fedpolicy.yaml": text})
    commit(here)
    write(here, {"more.py": ASKS["anthropic"]})
    done = run("diff", "main:.", ".", "--drift", ".", "--format", "json")
    found_ = [
        (one["file"], [each["rule"] for each in one["introduced"]]) for one in json.loads(done.stdout)["differences"]
    ]
    assert found_ == [("a/fedpolicy.yaml", ["call-not-declared"])]


def test_diff_resolves_drift_that_a_change_mends(here):
    text = DECLARED.replace("SAFEGUARD", SVT_DECLARED)
    write(here, FILES | {"deployment.yaml": text, "infra/more.py": ASKS["anthropic"]})
    commit(here)
    (here / "infra/more.py").unlink()
    done = run("diff", "main:deployment.yaml", "deployment.yaml", "--drift", ".", "--format", "json")
    (difference,) = json.loads(done.stdout)["differences"]
    assert [one["rule"] for one in difference["resolved"]] == ["call-not-declared"]
    assert run("diff", "main:deployment.yaml", "deployment.yaml", "--drift", "nowhere").exit_code == 2


@pytest.mark.usefixtures("consortium")
def test_a_baseline_of_drift_is_written_by_the_command_for_baselines(consortium):
    text = imported().replace("transport: mtls", "transport: none")
    (consortium / "deployment.yaml").write_text(text, encoding="utf-8")
    done = run("baseline", "deployment.yaml", "--drift", ".")
    assert (done.exit_code, done.stderr) == (0, "fedpolicy.drift.baseline.json: 1 finding known from now on\n")
    known = run("drift", "deployment.yaml", ".", "--baseline", "fedpolicy.drift.baseline.json", "--fail-on", "info")
    assert known.exit_code == 0
    assert run("baseline", "--drift", ".").exit_code == 2
