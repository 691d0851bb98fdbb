"""Variables: of files (`.env`), of images, and those that Python sets for itself; secrets; and what images start."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan import single
from fedpolicy.scan.reading.image import builds_image, image, variables_of
from fedpolicy.scan.reading.servers import container
from fedpolicy.scan.reading.variables import BARE, BEGINNINGS, ISSUED, Variable, is_literal, lines, secret_name, told

if TYPE_CHECKING:
    from fedpolicy.scan import Evidence
    from fedpolicy.scan.reading import File
    from fedpolicy.scan.reading.code import Module

_SCRIPTS = (f".{first}{kind}" for kind in ("js", "ts") for first in ("", "m", "c"))
_CODE = frozenset({".py", ".jsx", ".tsx", ".R", ".r", *_SCRIPTS})
_SETTINGS = frozenset(
    {".yml", ".yaml", ".json", ".toml", ".conf", ".ini", ".cfg", ".properties", ".tf", ".tfvars", ".sh", ".bash"}
)
_WORDS = (b"passw", b"PASSW", b"secret", b"SECRET", b"api_key", b"API_KEY", b"apiKey", b"access_key", b"ACCESS_KEY")
# A text with a figure in it, given to what is called a password or a key. Without one it is as often a name or a label.
_NAMED = re.compile(
    r"""(?i)(\w*(?:passw(?:or)?d|secret(?:_?key)?|api_?key|access_?key))["']?\]?\s*"""
    r"""(?::\s*[a-z][\w\[\]. |]*)?(?:[=:]|<-)\s*["'](?=[^"'\s]*[0-9])([^"'\s]{8,200})["']"""
)
_HOLDER = re.compile(r"""([A-Za-z_][\w-]*)["']?\]?\s*(?::\s*[\w\[\]. |]+)?(?:[=:,]|:-)\s*["']?(?:Bearer )?$""")
_ELSEWHERE = ("arn:", "http:", "https:", "projects/", "/", "./")  # where a secret is kept, and not the secret
_BEGINS = "PRIVATE KEY-----"  # of what is on the line below
_ENVIRONMENT = "os.environ"
_LONGEST = 2000  # characters of a line that somebody wrote


def wants(file: File) -> bool:
    """`.env`, `.env.SITE` and `NAME.env`; what builds an image; code that sets variables; what may hold a secret."""
    if file.path.suffix in _CODE:
        held = any(word in file.content for word in _WORDS) or BEGINNINGS.search(file.content)
        return bool(held) or _sets(file)
    name = file.path.name
    if file.path.suffix in _SETTINGS:
        return BEGINNINGS.search(file.content) is not None
    return name == ".env" or name.startswith(".env.") or name.endswith(".env") or builds_image(file)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    code, settings = file.path.suffix in _CODE, file.path.suffix in _SETTINGS
    subject = f"module:{file.path.name}" if code else f"environment:{file.path.name}"
    found = list(_literals(file, subject, code=code))
    yield from found
    places = {one.span.line for one in found}
    given = [] if settings else list(_variables(file))
    for one in told(file.services, subject, given):
        if one.attribute != "literal" or one.span.line not in places:
            yield one
    if builds_image(file):
        started = container(file.services, image(file), subject, ("entrypoint", "command"), given)
        yield from (one for one in started if one.attribute != "image")  # what it is made from, and no image that runs


def _variables(file: File) -> Iterable[Variable]:
    if file.path.suffix in _CODE:
        return _set(file.module) if _sets(file) else ()
    return variables_of(file) if builds_image(file) else lines(file)


def _literals(file: File, subject: str, *, code: bool) -> Iterator[Evidence]:
    """Keys by how they begin, whatever holds them; in code, other secrets by what they are called."""
    rows = file.text.split("\n") if code or BEGINNINGS.search(file.content) else []
    for number, line in enumerate(rows, 1):
        if (len(line) > _LONGEST and code) or line.lstrip().startswith(("#", "//")):
            continue
        said = "\n".join(rows[number - 1 : number + 1]) if line.endswith(_BEGINS) else line
        keys = [one for one in (ISSUED if code else BARE).finditer(said) if _real("api_key", one[0])]
        found = [(one.start(), _holder(line[: one.start()])) for one in keys]
        found += [(one.start(2), one[1]) for one in _NAMED.finditer(line) if _real(one[1], one[2])] if code else []
        for start, name in found[:1]:
            place = single(None, file.line(number, start + 1, len(line) + 1))
            yield place.says(f"secret:{name}", "literal", subject)


def _real(name: str, value: str) -> bool:
    return is_literal(name, value) and not value.startswith(_ELSEWHERE)


def _holder(before: str) -> str:
    """What a text is called that stands behind this."""
    found = _HOLDER.search(before)
    return found[1] if found else "a key"


def _sets(file: File) -> bool:
    return file.path.suffix == ".py" and (b"environ[" in file.content or b"environ.setdefault" in file.content)


def _set(module: Module) -> Iterator[Variable]:
    """The variables that a module sets, for itself and for what it starts. A secret is where its text is."""
    for name, value in _pairs(module):
        said, found = module.value(name), module.value(value)
        if isinstance(said.value, str):
            place = module.file.line(value.lineno, value.col_offset + 1)
            known = found.known and isinstance(found.value, str)
            text = str(found.value) if known else ""
            elsewhere = not known or (secret_name(said.value) and not isinstance(value, ast.Constant))
            yield Variable(name=said.value, value=text, node=single(text, place, said.value), given=elsewhere)


def _pairs(module: Module) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Names and values: what is assigned to an entry of the environment, or is its default from here on."""
    for node in ast.walk(module.file.python):
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(target, ast.Subscript) and module.name(target.value) == _ENVIRONMENT:
            yield target.slice, getattr(node, "value", target)
    for call in module.calls:
        if call.name == f"{_ENVIRONMENT}.setdefault" and len(call.node.args) == 2:  # noqa: PLR2004  a name and a value
            yield call.node.args[0], call.node.args[1]
