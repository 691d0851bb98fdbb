"""How many processes pay: as many as there are processors that this process may use."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["usable_cpus"]

_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cpus(quota: Path = _QUOTA) -> int:
    """Processors that the system, or the quota of a container (`cpu.max` of cgroup 2), leaves to this process."""
    known = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        limit, period = quota.read_text(encoding="ascii").split()
        return max(1, min(known, -(-int(limit) // int(period))))
    except (OSError, ValueError, ZeroDivisionError):
        return known  # no quota: `max`, or no such file
