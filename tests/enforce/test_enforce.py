"""What enforces a declaration permits what is declared and nothing else, and its readers take it."""

from __future__ import annotations

import json
import os
import subprocess
from inspect import signature
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from fedpolicy.check import catalog_of, study_of
from fedpolicy.cli.commands import app
from fedpolicy.enforce import load_target, target_ids
from fedpolicy.enforce.plan import Plan
from fedpolicy.settings import Settings
from fedpolicy.sources import read

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples" / "clinical-notes" / "deployment.yaml"
APART = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
# An interpreter that has NVFLARE and kubernetes-validate: `make enforce` makes one.
READERS = Path(os.environ["ENFORCE_PYTHON"]).absolute() if "ENFORCE_PYTHON" in os.environ else None
readers = pytest.mark.skipif(READERS is None, reason="`make enforce` has what reads these files")
FILE = """fedpolicy: 1
name: lungs
parties:
  university: {role: coordinator}
  a: {role: participant}
  b: {role: participant}
  openai: {role: provider}
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
    safeguards:
      - {kind: differential_privacy, where: client, mechanism: sparse_vector, noise_multiplier: 4, clipping_norm: 0.5}
      - {kind: filter, name: PercentilePrivacy}
      - {kind: secure_aggregation, min_clients: 2}
api_calls:
  ask: {from: [site-1], model: gpt, sends: [scans]}
transport: mtls
"""
SWARM = FILE.replace("    aggregator: hub\n", "    topology: peer_to_peer\n")
PROJECT = """participants:
  - {name: hub, type: server, org: university}
  - {name: site-1, type: client, org: a}
  - {name: site-2, type: client, org: b}
builders:
  - {path: nvflare.lighter.impl.cert.CertBuilder}
"""
FILES = {
    "deployment.yaml": FILE,
    "project.yml": PROJECT,
    "jobs/train/meta.json": '{"name": "train", "min_clients": 2, "deploy_map": {"app": ["@ALL"]}}',
    "jobs/train/app/config/config_fed_server.json": json.dumps(
        {"workflows": [{"path": "nvflare.app_common.workflows.fedavg.FedAvg", "args": {"num_rounds": 5}}]}
    ),
    "jobs/train/app/config/config_fed_client.json": json.dumps({"executors": [{"tasks": ["train"], "executor": {}}]}),
    "call.py": "import openai\nopenai.OpenAI().chat.completions.create(model='gpt-4o', messages=[])\n",
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def run(*arguments):
    return CliRunner(**APART).invoke(app, [*arguments])


def enforced(target, *arguments, file="deployment.yaml"):
    done = run("enforce", file, "--target", target, *arguments)
    assert done.exit_code == 0, done.stderr
    return done


def plan_of(text, folder, **options):
    path = folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    document, study = study_of(read(str(path)), catalog_of(Settings()), Settings())
    return Plan(document, study, **options)


def permitted(text):
    """The pairs of labels that policies let talk, both ways read apart; nothing else may be open."""
    documents = list(yaml.safe_load_all(text))
    deny, names, *nodes = documents
    assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert [one["ports"] for one in names["spec"]["egress"]] == [
        [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
    ]
    out, into = set(), set()
    for node in nodes:
        spec = node["spec"]
        assert spec["policyTypes"] == ["Ingress", "Egress"]
        label = spec["podSelector"]["matchLabels"]["fedpolicy/node"]
        out |= {(label, peer(one)) for rule in spec["egress"] for one in rule["to"]}
        into |= {(peer(one), label) for rule in spec["ingress"] for one in rule["from"]}
    return out, into


def peer(one):
    if "ipBlock" in one:
        return one["ipBlock"]["cidr"]
    assert one["namespaceSelector"] == {}
    return one["podSelector"]["matchLabels"]["fedpolicy/node"]


@pytest.mark.usefixtures("here")
def test_exactly_the_declared_flows_are_permitted():
    done = enforced("networkpolicy")
    both = {("site-1", "hub"), ("site-2", "hub"), ("hub", "site-1"), ("hub", "site-2")}
    assert permitted(done.stdout) == (both, both)
    assert done.stderr == (
        "note: deployment.yaml:7:3: a NetworkPolicy knows no names of hosts, so nothing may be sent to openai (give"
        " --address openai=CIDR, or send it through a proxy with the target egress-allowlist)\n"
    )


def test_where_clients_meet_each_may_send_to_each_other(here):
    found = load_target("networkpolicy").write(plan_of(SWARM, here))
    pairs = {("site-1", "site-2"), ("site-2", "site-1")}
    assert permitted(found.text) == (pairs, pairs)


def test_those_who_compute_on_shares_talk_to_one_another_and_send_the_result(here):
    shares = "{kind: secure_computation, of: [s1, s2], threshold: 2, reveals_to: hub}"
    task = f"{{method: federated_analytics, data: scans, runs_on: [s1, s2], safeguards: [{shares}]}}"
    servers = "  s1: {party: university}\n  s2: {party: openai}\ndatasets:"
    text = FILE[: FILE.index("models:")].replace("datasets:", servers) + f"tasks: {{count: {task}}}\n"

    found = load_target("networkpolicy").write(plan_of(text, here))

    pairs = {(site, server) for site in ("site-1", "site-2") for server in ("s1", "s2")}
    pairs |= {("s1", "s2"), ("s2", "s1"), ("s1", "hub"), ("s2", "hub")}
    assert permitted(found.text) == (pairs, pairs)


@pytest.mark.usefixtures("here")
def test_addresses_stand_for_who_is_elsewhere():
    done = enforced("networkpolicy", "--address", "openai=203.0.113.0/24", "--address", "hub=192.0.2.7", "--party", "a")
    assert permitted(done.stdout) == (
        {("site-1", "203.0.113.0/24"), ("site-1", "192.0.2.7/32")},
        {("192.0.2.7/32", "site-1"), ("203.0.113.0/24", "site-1")},
    )
    assert done.stderr == ""


def test_the_example_has_a_policy_for_each_of_its_nodes():
    done = enforced("networkpolicy", file=str(EXAMPLE))
    out, into = permitted(done.stdout)
    assert out == into
    assert ("client-aphp", "aggregator") in out
    assert ("aggregator", "tracker") in out
    assert not [pair for pair in out if pair[0].startswith("client") and pair[1].startswith("client")]


@pytest.mark.usefixtures("here")
def test_a_list_of_hosts_has_what_is_declared_and_who_says_so():
    done = enforced("egress-allowlist", "--address", "hub=hub.example.org", "--party", "a")
    assert done.stdout.splitlines()[1:] == [
        "*.api.openai.com  # api_calls.ask",
        "api.openai.com  # api_calls.ask",
        "hub.example.org  # tasks.train",
    ]
    other = enforced("egress-allowlist", "--party", "b")
    assert other.stdout.splitlines()[1:] == []
    assert "nobody says at which host hub is found (give --address hub=HOST" in other.stderr


@pytest.mark.usefixtures("here")
def test_a_node_of_vantage6_gets_policies_and_a_whitelist():
    done = enforced("vantage6", "--party", "a", "--algorithm", "harbor.example.org/lungs@sha256:0")
    assert yaml.safe_load(done.stdout) == {
        "policies": {
            "allow_basics_algorithm": False,
            "allowed_algorithms": ["harbor.example.org/lungs@sha256:0"],
            "allowed_organizations": ["university"],
        },
        "whitelist": {"domains": [".api.openai.com"], "ips": [], "ports": [443]},
    }
    assert "differential privacy of train is not in the file: the program does it, or nobody" in done.stderr
    other = enforced("vantage6", "--party", "b")
    assert yaml.safe_load(other.stdout)["policies"]["allowed_algorithms"] == ["^$"]
    assert "whitelist" not in yaml.safe_load(other.stdout)
    assert "a declaration names no programs, so none is allowed" in other.stderr


PRIVACY = {
    "scopes": [
        {
            "name": "declared",
            "task_data_filters": [],
            "task_result_filters": [
                {
                    "path": "nvflare.app_common.filters.svt_privacy.SVTPrivacy",
                    "args": {"gamma": 0.5, "noise_var": 0.5},
                },
                {"path": "nvflare.app_common.filters.percentile_privacy.PercentilePrivacy"},
            ],
        }
    ],
    "default_scope": "declared",
}


@pytest.mark.usefixtures("here")
def test_a_site_of_nvflare_gets_the_filters_that_there_are():
    done = enforced("nvflare-privacy", "--party", "a")
    assert json.loads(done.stdout) == PRIVACY
    assert done.stderr.splitlines() == [
        "note: deployment.yaml:24:9: filter of train: its numbers are not declared, so NVFLARE's own defaults hold",
        "note: deployment.yaml:25:9: secure aggregation of train is not in the file: a site's filters cannot do it",
    ]
    assert run("enforce", "deployment.yaml", "--target", "nvflare-privacy", "--strict").exit_code == 1


def test_a_file_that_would_filter_nothing_is_not_written(here):
    text = FILE.replace("mechanism: sparse_vector", "mechanism: gaussian").replace("PercentilePrivacy", "Own")
    (here / "deployment.yaml").write_text(text, encoding="utf-8")
    done = run("enforce", "deployment.yaml", "--target", "nvflare-privacy", "-o", "privacy.json")
    assert done.exit_code == 2
    assert "no safeguard that is declared can be a filter of NVFLARE, so the file would filter nothing" in done.stderr
    assert not (here / "privacy.json").exists()


WRONG = [
    (["--party", "nobody"], "`nobody` is not a party of `lungs`"),
    (["--party", "openai"], "`openai` runs no node of `lungs`"),
    (["--address", "hubb=192.0.2.1"], "`hubb` is neither a node nor a party of others that is sent anything"),
    (["--address", "hub"], "`hub` says no address"),
    (["--address", "hub=hub.example.org"], "`hub.example.org` is not a range of addresses"),
    (["--deployment", "other"], "holds no deployment `other`"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_a_mistake_is_one_message_and_nothing_is_written(here, arguments, message):
    done = run("enforce", "deployment.yaml", "--target", "networkpolicy", "-o", "policy.yaml", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("error: ") == 1
    assert not (here / "policy.yaml").exists()


def test_a_file_that_is_there_stays(here):
    (here / "policy.yaml").write_text("mine", encoding="utf-8")
    done = run("enforce", "deployment.yaml", "--target", "networkpolicy", "-o", "policy.yaml")
    assert (done.exit_code, (here / "policy.yaml").read_text(encoding="utf-8")) == (2, "mine")
    assert run("enforce", "deployment.yaml", "--target", "networkpolicy", "-o", "policy.yaml", "--force").exit_code == 0


def drifting():
    done = run("drift", "deployment.yaml", ".", "--format", "json")
    return sorted((one["rule"], one["verdict"]) for one in json.loads(done.stdout)["findings"])


def test_what_is_enforced_and_scanned_again_drifts_by_nothing(here):
    """Before, no file shows the safeguards; after, the site's own file does. Sums stay a question."""
    sums = [("safeguard-not-found", "unknown")]
    assert drifting() == [("safeguard-not-found", "unknown")] * 3
    local = here / "sites/site-1/local/privacy.json"
    local.parent.mkdir(parents=True)
    local.write_text(enforced("nvflare-privacy", "--party", "a").stdout, encoding="utf-8")
    policy = here / "k8s/policy.yaml"
    policy.parent.mkdir()
    policy.write_text(enforced("networkpolicy").stdout, encoding="utf-8")
    (here / "k8s/hosts.txt").write_text(enforced("egress-allowlist").stdout, encoding="utf-8")
    (here / "k8s/node.yaml").write_text(enforced("vantage6", "--party", "a").stdout, encoding="utf-8")
    assert drifting() == sums
    rule = "    - to:\n"
    opened = policy.read_text(encoding="utf-8").replace(rule, f"{rule}        - ipBlock: {{cidr: 0.0.0.0/0}}\n")
    opened = opened.replace("        - ipBlock: {cidr: 0.0.0.0/0}\n", "", opened.count(rule) - 1)
    policy.write_text(opened, encoding="utf-8")
    assert drifting() == [("egress-differs", "fail"), *sums]
    policy.write_text(enforced("networkpolicy").stdout, encoding="utf-8")
    local.write_text(local.read_text(encoding="utf-8").replace('"noise_var": 0.5', '"noise_var": 0'), encoding="utf-8")
    assert ("safeguard-differs", "fail") in drifting()


def test_every_target_is_named_in_the_help():
    text = run("enforce", "--help").stdout
    assert target_ids() == ("egress-allowlist", "networkpolicy", "nvflare-privacy", "vantage6")
    assert all(f"  {one} " in text for one in target_ids())


@readers
@pytest.mark.slow
@pytest.mark.parametrize("file", ["deployment.yaml", str(EXAMPLE)])
def test_kubernetes_takes_the_policies(here, file):
    (here / "policy.yaml").write_text(enforced("networkpolicy", file=file).stdout, encoding="utf-8")
    program = READERS.parent / "kubernetes-validate"
    done = subprocess.run([program, "--strict", "policy.yaml"], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (here / "policy.yaml").write_text("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nspec: {x: 1}\n", "utf-8")
    done = subprocess.run([program, "--strict", "policy.yaml"], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode != 0


LOAD = """import sys
from nvflare.apis.workspace import Workspace
from nvflare.private.fed.app.fl_conf import create_privacy_manager
manager = create_privacy_manager(Workspace(root_dir=sys.argv[1], site_name="site-1"), names_only=False)
scope = manager.get_scope(None)
print(manager.is_policy_defined(), scope.name, *(type(one).__name__ for one in scope.task_result_filters["out"]))
print(*(type(one).__name__ for one in scope.task_data_filters["in"]))
"""


@readers
@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "results", "data"),
    [
        (FILE, "SVTPrivacy PercentilePrivacy", ""),
        (
            FILE.replace("{kind: secure_aggregation, min_clients: 2}",
                         "{kind: homomorphic_encryption, sealed_for: [site-1, site-2]}"),
            "SVTPrivacy PercentilePrivacy HEModelEncryptor",
            "HEModelDecryptor",
        ),
    ],
)  # fmt: skip
def test_the_privacy_manager_of_nvflare_takes_the_file(here, text, results, data):
    (here / "deployment.yaml").write_text(text, encoding="utf-8")
    for folder in ("startup", "local"):
        (here / "kit" / folder).mkdir(parents=True)
    local = here / "kit/local/privacy.json"
    local.write_text(enforced("nvflare-privacy", "--party", "a").stdout, encoding="utf-8")
    done = subprocess.run([READERS, "-c", LOAD, "kit"], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == [f"True declared {results}", data]
