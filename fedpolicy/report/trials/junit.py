"""For CI servers: one test suite per pack, one test case per rule; survivors are written as output, not as failures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from fedpolicy.report.trials.counts import PackTrial

if TYPE_CHECKING:
    from fedpolicy.policy.trial import Trial

__all__ = ["render"]


def render(packs: Sequence[PackTrial]) -> str:
    """Write the results in the JUnit format that CI servers read."""
    root = ET.Element("testsuites", name="fedpolicy test")
    for pack in packs:
        failed = sum(not trial.passed for trial in pack.trials)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=pack.pack,
            tests=str(len(pack.trials)),
            failures=str(failed),
            errors="0",
            skipped="0",
        )
        for trial in pack.trials:
            _case(suite, pack.pack, trial)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, pack: str, trial: Trial) -> None:
    case = ET.SubElement(suite, "testcase", classname=pack, name=trial.rule.id, file=trial.rule.span.file)
    if trial.problems:
        failure = ET.SubElement(case, "failure", message=trial.problems[0])
        failure.text = "\n".join(trial.problems)
    if trial.survivors:
        output = ET.SubElement(case, "system-out")
        output.text = "\n".join(f"no example notices: {survivor.what}" for survivor in trial.survivors)
