"""
Scan a made-up repository of many files, a mix as consortia have it, and print seconds and memory.

    python benchmarks/scan.py [FILES]
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CLIENT = """{"executors": [{"tasks": ["train"], "executor": {"path": "own.Trainer", "args": {}}}],
 "task_result_filters": [{"tasks": ["train"], "filters": [
  {"path": "nvflare.app_common.filters.percentile_privacy.PercentilePrivacy", "args": {"percentile": 10}}]}],
 "task_data_filters": []}
"""
SERVER = """workflows = [ { path = "nvflare.app_common.workflows.scatter_and_gather.ScatterAndGather"
  args { min_clients = 2, num_rounds = %d } } ]
components = [ { path = "nvflare.app_opt.pt.file_model_persistor.PTFileModelPersistor", args.model.path = "net.Net" } ]
"""
PROJECT = """participants:
  - {name: hub, type: server, org: uni}
  - {name: site-1, type: client, org: a}
  - {name: site-2, type: client, org: b}
builders: [{path: nvflare.lighter.impl.cert.CertBuilder}]
"""
COMPOSE = """services:
  app%d: {image: "own/app:1.%d", environment: {LEVEL: info}, ports: ["80%02d:80"]}
"""
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web%d}
spec:
  template:
    metadata: {labels: {app: web%d}}
    spec:
      containers:
        - name: web
          image: own/web@sha256:01
          env:
            - {name: LEVEL, value: info}
            - {name: OPENAI_BASE_URL, value: "http://vllm.default.svc:8000/v1"}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web%d}
spec: {podSelector: {matchLabels: {app: web%d}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}
"""
TERRAFORM = """provider "aws" {
  region = var.region
}
resource "aws_ecs_task_definition" "site%d" {
  container_definitions = jsonencode([{ name = "t", image = "own/t@sha256:01" }])
}
resource "aws_security_group" "site%d" {
  egress {
    from_port   = 8002
    to_port     = 8002
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}
"""
GATEWAY = """model_list:
  - model_name: own%d
    litellm_params: {model: openai/llama, api_base: "http://vllm:8000/v1"}
"""
SCRIPT = """#!/usr/bin/env bash
rsync -az config/ "site%d@hub.example:/srv/config/"
curl -o weights.bin https://files.example/%d
"""
FEDML = """train_args: {client_num_in_total: 2, client_num_per_round: 2, comm_round: %d}
comm_args: {backend: GRPC}
"""
APP = """[tool.flwr.app.components]
serverapp = "app%d.server:app"
clientapp = "app%d.client:app"
[tool.flwr.app.config]
num-server-rounds = 5
"""
FLOWER = "from flwr.serverapp.strategy import FedAvg\nstrategy = FedAvg()\n"
CALLS = (
    """import pandas as pd
from openai import OpenAI
client = OpenAI(base_url="http://vllm:8000/v1")


def label(report, model="own"):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": report}])


"""
    + "def step%d(rows):\n    return [label(row) for row in pd.read_csv(rows).text]\n\n\n" * 20
)
PLAIN = "import numpy as np\n\n\nclass Model:\n    def step(self, x):\n        return np.tanh(x) * %d\n\n" * 20


def repository(folder: Path, files: int) -> None:
    """Write that many files: half are Python that has nothing to do with it."""
    for number in range(files):
        name, text = _file(number)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "provision").mkdir(exist_ok=True)
    (folder / "provision" / "project.yml").write_text(PROJECT, encoding="utf-8")


def _file(number: int) -> tuple[str, str]:
    kind, block = number % 20, number // 20
    others = {
        0: (f"jobs/j{block % 40}/a{block}/config/config_fed_client.json", CLIENT),
        1: (f"jobs/j{block % 40}/a{block}/config/config_fed_server.conf", SERVER % (block + 1)),
        2: (f"deploy/c{block}/compose.yml", COMPOSE % (block, block, block % 100)),
        3: (f"deploy/k{block}/web.yaml", DEPLOYMENT % ((block,) * 4)),
        4: (f"src/calls{block}.py", CALLS.replace("%d", str(block))),
        6: (f"cloud/t{block}/main.tf", TERRAFORM % (block, block)),
        7: (f"gateway/g{block}/config.yaml", GATEWAY % block),
        8: (f"sites/s{block}/start.sh", SCRIPT % (block, block)),
        9: (f"sites/s{block}/site.env", f"LEVEL=info\nSITE={block}\n"),
        11: (f"notes/n{block}/values.yaml", f"image: {{repository: own/x, tag: '{block}'}}\n"),
        5: (f"src/serve{block}/server.py", FLOWER),
    }
    if kind == 5 and block < 5:  # noqa: PLR2004  a handful of apps
        return f"src/serve{block}/pyproject.toml", APP % (block, block)
    if kind == 10 and block < 5:  # noqa: PLR2004
        return f"fedml/f{block}/fedml_config.yaml", FEDML % (block + 1)
    return others.get(kind, (f"src/m{block}/part{kind}.py", PLAIN.replace("%d", str(number))))


def main() -> None:
    """Measure one run."""
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    with tempfile.TemporaryDirectory() as folder:
        repository(Path(folder), files)
        command = [sys.executable, "-m", "fedpolicy", "scan", ".", "--format", "json", "--isolated"]
        start = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(done.stderr.decode().partition("\n")[0])
    print(
        f"{files:,} files: {seconds:.1f} s, {used.ru_utime + used.ru_stime:.1f} s of CPU, {used.ru_maxrss // 1024} MiB"
    )


if __name__ == "__main__":
    main()
