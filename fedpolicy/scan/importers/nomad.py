"""Nomad: the containers that a job starts, their variables and secrets, and whom these lead to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fedpolicy.scan.reading.hcl import nomad_tasks
from fedpolicy.scan.reading.servers import container
from fedpolicy.scan.reading.variables import told, variables

if TYPE_CHECKING:
    from fedpolicy.scan import Evidence
    from fedpolicy.scan.reading import File

_JOB = re.compile(rb'^job\s+"', re.MULTILINE)


def wants(file: File) -> bool:
    """HCL with a job."""
    return file.path.suffix in (".nomad", ".hcl") and _JOB.search(file.content) is not None


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for name, task in nomad_tasks(file.hcl):
        given = list(variables(task.get("environment")))
        yield from container(file.services, task, f"service:{name}", ("entrypoint", "command"), given)
        yield from told(file.services, f"service:{name}", given)
