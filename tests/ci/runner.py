"""
A runner of composite actions, as small as our own needs.

It runs `run` steps as GitHub's runner does (bash, files for outputs and summary) and records `uses` steps. It knows the
expressions that action.yml uses, and fails on any other.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.ci.repositories import run

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_COMPARED = re.compile(r"(\S+) (==|!=) '([^']*)'")


@dataclass
class Done:
    """What a run of the action left behind."""

    outputs: dict[str, str] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    used: dict[str, dict[str, str]] = field(default_factory=dict)
    log: str = ""
    summary: str = ""

    @property
    def commands(self) -> list[str]:
        """The annotations that the runner would obey."""
        stopped, found = "", []
        for line in self.log.splitlines():
            text = line.lstrip()
            if stopped:
                stopped = "" if text == f"::{stopped}::" else stopped
            elif text.startswith("::stop-commands::"):
                stopped = text.removeprefix("::stop-commands::")
            elif text.startswith("::") and not text.startswith(("::group::", "::endgroup::")):
                found.append(text)
        return found


def act(
    action: Path, workspace: Path, inputs: Mapping[str, str], temporary: Path, *, given: Mapping[str, Any], **more: str
) -> Done:
    """
    Run an action in a workspace.

    `given` holds what GitHub knows (`github.token`, ...) and, by `steps.<id>`, outputs of steps that are not run.
    """
    sheet = yaml.safe_load((action / "action.yml").read_text(encoding="utf-8"))
    unknown = set(inputs) - set(sheet["inputs"])
    assert not unknown, f"the action has no such inputs: {unknown}"
    known = {f"inputs.{name}": inputs.get(name, row.get("default", "")) for name, row in sheet["inputs"].items()}
    known |= {"runner.os": "Linux", "runner.arch": "X64", "runner.temp": str(temporary), "github.action_ref": "v0"}
    known |= {key: value for key, value in given.items() if not key.startswith("steps.")}
    done = Done()
    for step in sheet["runs"]["steps"]:
        name = step["id"]
        if f"steps.{name}" in given:
            known |= {f"steps.{name}.outputs.{key}": value for key, value in given[f"steps.{name}"].items()}
        elif not _holds(step.get("if", ""), known, failed=any(done.codes.values())):
            continue
        elif "uses" in step:
            done.used[step["uses"]] = {key: _filled(value, known) for key, value in step.get("with", {}).items()}
        else:
            known |= _run(step, action, workspace, temporary, known, done, more)
    done.outputs = {name: _filled(row["value"], known) for name, row in sheet["outputs"].items()}
    return done


def _run(
    step: Mapping[str, Any],
    action: Path,
    workspace: Path,
    temporary: Path,
    known: Mapping[str, str],
    done: Done,
    more: Mapping[str, str],
) -> dict[str, str]:
    shell = step["shell"].split()
    assert shell[0] == "bash"
    assert shell[-1] == "{0}"
    assert "${{" not in step["run"], "text of users must not become a script"
    name = step["id"]
    files = {key: temporary / f"{name}-{key}" for key in ("output", "summary")}
    script = temporary / f"{name}.sh"
    script.write_text(step["run"], encoding="utf-8")
    for path in files.values():
        path.write_text("", encoding="utf-8")
    ended = run(
        workspace,
        *shell[:-1],
        str(script),
        **{key: _filled(value, known) for key, value in step.get("env", {}).items()},
        GITHUB_ACTIONS="true",
        GITHUB_ACTION_PATH=str(action),
        GITHUB_OUTPUT=str(files["output"]),
        GITHUB_STEP_SUMMARY=str(files["summary"]),
        GITHUB_REPOSITORY="hospital/infrastructure",
        GITHUB_SERVER_URL="https://github.example",
        GITHUB_WORKSPACE=str(workspace),
        RUNNER_TEMP=str(temporary),
        **more,
    )
    done.codes[name] = ended.returncode
    done.log += ended.stdout
    done.summary += files["summary"].read_text(encoding="utf-8")
    lines = files["output"].read_text(encoding="utf-8").splitlines()
    return {f"steps.{name}.outputs.{key}": value for key, _, value in (line.partition("=") for line in lines)}


def _holds(condition: str, known: Mapping[str, str], *, failed: bool) -> bool:
    """A step without a condition of its own on failure runs only while nothing has failed."""
    parts = condition.split(" && ") if condition else []
    if failed and "!cancelled()" not in parts:
        return False
    return all(_compared(part, known) for part in parts if part != "!cancelled()")


def _compared(part: str, known: Mapping[str, str]) -> bool:
    match = _COMPARED.fullmatch(part)
    assert match, f"this runner does not know the condition {part!r}"
    name, sign, value = match.groups()
    return (_value(name, known) == value) is (sign == "==")


def _filled(text: str, known: Mapping[str, str]) -> str:
    return _EXPRESSION.sub(lambda match: _value(match[1], known), str(text))


def _value(name: str, known: Mapping[str, str]) -> str:
    assert re.fullmatch(r"(inputs|steps|github|runner)\.[\w.-]+", name), f"this runner does not know {name!r}"
    assert name in known or not name.startswith("inputs."), f"the action has no {name}"
    return known.get(name, "")


INSTALLED = {"bin": str(Path(sys.executable).parent)}
