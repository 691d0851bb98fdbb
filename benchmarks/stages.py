"""
Graph and analyses alone, for each flow, without the start, the reading and the rules: `make bench ARGS=--large`.

    python benchmarks/stages.py deployment.yaml

prints microseconds of processor a flow. Collections of garbage are off, as in a check.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from generate import deployment
from measure import Bar

SHAPES = ("sites", "clients")
STAGES = ("shape, nodes + flows", "graph and analyses, for each flow")
_MOST = 1.3


def main() -> None:
    """Compute what a check asks of a deployment, and print what that took."""
    from fedpolicy.analysis import AnalysisSettings, Study  # noqa: PLC0415  who only asks for a row needs none of it
    from fedpolicy.catalog import load_catalog  # noqa: PLC0415
    from fedpolicy.language.reading import load_text  # noqa: PLC0415
    from fedpolicy.limits import bounds_for  # noqa: PLC0415

    bounds, catalog = bounds_for(1_000_000), load_catalog()
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    read = load_text(text, sys.argv[1], catalog, bounds).documents[0].deployment
    gc.disable()
    start = time.process_time()
    study = Study(read, catalog, AnalysisSettings(bounds=bounds))
    for stage in ("graph", "exposure", "models", "disclosures", "continuity", "ledger"):
        getattr(study, stage)
    print((time.process_time() - start) / (len(read.flows) + len(read.api_calls)) * 1e6)


def staged(sizes: Sequence[int]) -> dict[str, dict[int, float]]:
    """Microseconds for each flow, by shape and size."""
    return {shape: {size: _alone(shape, size) for size in sizes} for shape in SHAPES}


def _alone(shape: str, size: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deployment.yaml"
        path.write_text(deployment(size, shape), encoding="utf-8")
        command = (sys.executable, __file__, str(path))
        return float(subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout)


def stage_rows(found: Mapping[str, Mapping[int, float]]) -> list[tuple[str, ...]]:
    """The lines of the table."""
    return [
        (f"{shape} {size:,} + {size:,}", f"{value:.0f} us")
        for shape, some in found.items()
        for size, value in some.items()
    ]


def stage_bars(found: Mapping[str, Mapping[int, float]]) -> list[Bar]:
    """How the time for each flow grows from the smallest to the largest size."""
    return [
        Bar(
            name=f"{shape}: graph and analyses for each flow, {max(some):,} / {min(some):,}",
            value=some[max(some)] / some[min(some)],
            limit=_MOST,
        )
        for shape, some in found.items()
    ]


if __name__ == "__main__":
    main()
