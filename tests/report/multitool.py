"""Microsoft's validator of SARIF, where npm has brought it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.house.pages import ROOT

TOOL = "@microsoft/sarif-multitool-linux"
PLACES = [Path(os.environ["SARIF_MULTITOOL"])] if "SARIF_MULTITOOL" in os.environ else []
MULTITOOL = next(
    (place for place in [*PLACES, ROOT / "node_modules" / TOOL] if os.access(place / "Sarif.Multitool", os.X_OK)), None
)
needs_multitool = pytest.mark.skipif(
    MULTITOOL is None, reason=f"`npm install {TOOL}` here, or say where it is in SARIF_MULTITOOL"
)
# What it wants and we decided against: docs/decisions/0012-sarif-unknown-and-waived.md.
DECIDED = {"SARIF2005", "SARIF2012"}


def complaints(text: str, folder: Path) -> list[str]:
    """
    The rules, of SARIF and of GitHub, that a log breaks.

    The tool ends with 0 whatever it finds, so its own log is read.
    """
    (folder / "in.sarif").write_text(text, encoding="utf-8")
    options = "--level Error;Warning --kind Fail --output out.sarif --log ForceOverwrite"
    subprocess.run(
        [MULTITOOL / "Sarif.Multitool", "validate", "in.sarif", "--rule-kind", "Sarif;Ghas", *options.split()],
        cwd=folder,
        env={"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "HOME": str(folder)},
        capture_output=True,
        check=True,
    )
    (run,) = json.loads((folder / "out.sarif").read_text(encoding="utf-8-sig"))["runs"]
    assert run["invocations"][0]["executionSuccessful"] is True
    return [row["ruleId"] for row in run["results"] if row["ruleId"] not in DECIDED]
