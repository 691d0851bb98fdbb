"""
What follows from a comparison with the base of a pull request: annotations on standard output, and an exit code.

The exit code is that of the check which it belongs to: 1 where a deployment is gone, 2 where that is not known. It is 0
where nothing is wrong, where gone deployments are allowed, and where only the base has mistakes, which this pull
request may be about to mend.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

GONE = "deployment-gone"
MOST = 4  # GitHub shows ten annotations of a level, and findings need some of them
FAILED = "the comparison with the base failed, so a removed deployment goes unnoticed; see the log"


def main(base: str, code: int, file: Path, *, allowed: bool) -> int:
    """Tell what is gone and what could not be compared. `code` is what the comparison ended with."""
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    comparison: dict[str, Any] = json.loads(text) if text else {}
    gone = [
        finding
        for difference in comparison.get("differences", ())
        for finding in difference["introduced"]
        if finding["rule"] == GONE and not finding["waiver"]
    ]
    # With exit code 0, the settings of the job say that this is nothing to fail for.
    fails = bool(gone) and code != 0 and not allowed
    for finding in gone[:MOST]:
        tell(
            fails, f"{finding['message']}; to allow it, merge a waiver for {GONE} or set `allow-removed`", finding, base
        )
    if gone[MOST:]:
        tell(fails, f"{len(gone[MOST:])} more deployments are gone; the summary names them")
    if code <= 1:
        return int(fails)
    errors = comparison.get("errors", ())
    known = allowed or (bool(errors) and all(str(error["file"]).startswith(f"{base}:") for error in errors))
    tell(not known, FAILED)
    return int(fails) if known else 2


def tell(fails: bool, message: str, finding: dict[str, Any] | None = None, base: str = "") -> None:  # noqa: FBT001
    """Write an annotation, in which no text can begin another command."""
    place = ""
    if finding:
        name = escaped(str(finding["file"]).removeprefix(f"{base}:")).replace(":", "%3A").replace(",", "%2C")
        place = f"file={name},line={int(finding['line'])},"
    level = "error" if fails else "warning"
    sys.stdout.write(f"::{level} {place}title=fedpolicy::{escaped(message)}\n")


def escaped(text: str) -> str:
    """Percent signs and ends of lines as the runner wants them."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[4]), allowed=sys.argv[3] == "true"))
