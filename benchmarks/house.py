"""How large the house is, and how far one walks in it: `make house`, or `python benchmarks/house.py [FOLDER]`."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXAMPLE = "examples/clinical-notes/deployment.yaml"
# What every file of a folder has, for it is found by its name and called by this one.
INTERFACES = {"command", "render", "draw", "desugar", "wants", "read", "write", "as_text", "as_json", "as_markdown"}
CHECK = """
import sys
from fedpolicy import api
from fedpolicy.report.formats import load_format
load_format("text").render(api.check([sys.argv[1]]))
print(sum(name.partition(".")[0] == "fedpolicy" for name in sys.modules))
"""


def measure(root: Path = ROOT) -> dict[str, int]:
    """The numbers of a checkout, by what they count."""
    trees = {path: path.read_text(encoding="utf-8") for path in sorted((root / "fedpolicy").glob("**/*.py"))}
    sizes = sorted(length for text in trees.values() for length in _functions(ast.parse(text)))
    return {
        "modules": len(trees),
        "lines": sum(len(text.splitlines()) for text in trees.values()),
        "longest module": max(len(text.splitlines()) for text in trees.values()),
        "functions": len(sizes),
        "lines of a function, median": _quantile(sizes, 0.5),
        "lines of a function, 9 of 10 at most": _quantile(sizes, 0.9),
        "longest function": sizes[-1],
        "public names in several modules": len(_shared(list(trees.values()))),
        "modules that a check imports": _imported(root),
    }


def _functions(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield (node.end_lineno or node.lineno) - node.lineno + 1


def _quantile(sizes: Sequence[int], share: float) -> int:
    return sizes[int(share * (len(sizes) - 1))]


def _shared(texts: Sequence[str]) -> set[str]:
    """Functions and classes that several modules have."""
    seen: set[str] = set()
    twice: set[str] = set()
    for text in texts:
        names = {one.name for one in ast.parse(text).body if isinstance(one, (ast.FunctionDef, ast.ClassDef))}
        public = {name for name in names if not name.startswith("_")} - INTERFACES
        twice |= public & seen
        seen |= public
    return twice


def _imported(root: Path) -> int:
    """Of our own, by a check of the running example that is shown as text, in a process of its own."""
    ask = [sys.executable, "-c", CHECK, EXAMPLE]
    return int(subprocess.run(ask, cwd=root, capture_output=True, encoding="utf-8", check=True).stdout)


def main() -> None:
    """Print a table."""
    for name, number in measure(Path(sys.argv[1]).resolve() if sys.argv[1:] else ROOT).items():
        sys.stdout.write(f"| {name} | {number:,} |\n")


if __name__ == "__main__":
    main()
