"""The first question about a document: is this a deployment, in a version of the language that can be read?"""

from __future__ import annotations

from collections.abc import Mapping

from fedpolicy.language.reading.mistakes import Mistake
from fedpolicy.suggest import nearest, shown

__all__ = ["VERSION", "check_header"]

VERSION = 1
_START = f"start with `fedpolicy: {VERSION}` and a `name`"


def check_header(tree: object, known: Mapping[str, object]) -> tuple[list[Mistake], bool]:
    """What is wrong with the top of a document, and whether it is worth reading on."""
    if not isinstance(tree, dict):
        kind = "a list" if isinstance(tree, tuple) else shown(tree)
        return [Mistake(path=(), message=f"a deployment is a map of keys; this is {kind}", help=_START)], False
    if "fedpolicy" not in tree:
        return _without_version(tree, known)
    return _with_version(tree["fedpolicy"])


def _without_version(tree: Mapping[str, object], known: Mapping[str, object]) -> tuple[list[Mistake], bool]:
    if nearest("fedpolicy", [key for key in tree if key not in known]):
        return [], True  # misspelt, which is said as an unknown key
    sections = [key for key in tree if key in known and key not in ("name", "summary")]
    message = "the document has no `fedpolicy` key, which names the version of the language"
    return [Mistake(path=("fedpolicy",), message=message, help=_START, key=True)], bool(sections)


def _with_version(value: object) -> tuple[list[Mistake], bool]:
    if value == VERSION and type(value) is int:
        return [], True
    if type(value) is int:
        message = f"version {shown(value)} of the language is not known"
        advice = f"this fedpolicy reads `fedpolicy: {VERSION}`; newer versions need a newer fedpolicy"
        return [Mistake(path=("fedpolicy",), message=message, help=advice)], False
    message = f"{shown(value)} is no version of the language"
    return [Mistake(path=("fedpolicy",), message=message, help=f"write `fedpolicy: {VERSION}`, without quotes")], True
