"""Draws the pictures of the pages from the deployments that stand beside them: docs/pictures/<name>.svg."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "pictures"
_BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PICTURE = re.compile(r"!\[[^\]]*\]\((?:docs/)?pictures/([\w-]+)\.svg\)")
PAGES = (ROOT / "README.md", ROOT / "docs" / "concepts.md")


def drawn() -> dict[str, str]:
    """The deployment of each picture: the last one that stands before it on its page."""
    found = {}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = list(_BLOCK.finditer(text))
        for picture in _PICTURE.finditer(text):
            found[picture[1]] = [block[1] for block in blocks if block.end() <= picture.start()][-1]
    return found


def main() -> None:
    """Write them all. It takes the extra `svg`, or Graphviz."""
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as place:
        source = Path(place, "deployment.yaml")
        for name, text in drawn().items():
            source.write_text(text, encoding="utf-8")
            command = ["graph", str(source), "--format", "svg", "--output", str(FOLDER / f"{name}.svg")]
            subprocess.run([sys.executable, "-m", "fedpolicy", *command], check=True)  # noqa: S603  our own


if __name__ == "__main__":
    main()
