"""What must hold of every input. A law raises Broken; `Box` is a folder with the input and what stands beside it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree as ET

import yaml

from fedpolicy import api
from fedpolicy.errors import Problems
from fuzz.command import Broken, Outcome, bounded, run
from fuzz.corpus import CLEAN, LEAK, repository
from fuzz.grammar import LOADER
from fuzz.twin import both_read, trees

__all__ = ["FILES", "HEAVY", "LAWS", "Box", "together"]

# Where an input of each kind stands.
FILES = {
    "deployment": "d.yaml",
    "rule": "pack/rule.yaml",
    "pack": "pack/_pack.yaml",
    "waivers": "waivers.yaml",
    "baseline": "baseline.json",
    "config": "fedpolicy.toml",
    "catalogue": "catalogue.yaml",
    "site": "site.yaml",
}
_BESIDE = {"leak.yaml": LEAK, "clean.yaml": CLEAN, "pack/_pack.yaml": b"id: pack\ntitle: A pack\n"}
_FORMATS = ("text", "json", "sarif", "gitlab", "junit", "markdown", "csv", "github")
_CHECK = ("check", "--isolated", "--today", "2026-11-28", "--jobs", "1")


@dataclass(frozen=True, slots=True)
class Box:
    """A folder in which commands run; `files` are the inputs, `rng` decides what is free, `seconds` bound a command."""

    folder: Path
    files: Mapping[str, bytes]
    rng: Random = field(default_factory=lambda: Random(0))
    seconds: float = 20.0

    def fill(self) -> Box:
        """Write what a command finds there."""
        for name, text in {**_BESIDE, **self.files}.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
        return self

    def run(self, *command: str) -> Outcome:
        """Run one command there."""
        return run(command, self.folder, self.seconds)


Law = Callable[[Box], None]


def _loads(box: Box) -> tuple[api.Document, ...]:
    """The documents of the only input; nothing where it has mistakes."""
    ((name, text),) = box.files.items()
    with bounded(("load", name), box.seconds):
        try:
            found = api.loads(text, name)
        except Problems as problems:
            found = ()
            lost = not problems.errors
        else:
            lost = not found
    if lost:
        raise Broken("vanished", ("load", name), "neither a deployment nor a mistake")
    return found


def vanishing(box: Box) -> None:
    """A text is a deployment or has a mistake."""
    _loads(box)


def readers(box: Box) -> None:
    """Our reader and pydantic say the same of a document."""
    ((name, text),) = box.files.items()
    with bounded(("load", name), box.seconds):
        for tree in trees(text):
            ours, theirs = both_read(tree)
            if repr(ours) != repr(theirs):
                raise Broken("readers differ", ("load", name), f"{ours!r:.500}, and pydantic {theirs!r:.500}")


def clean_beside(box: Box) -> None:
    """A clean file beside it never lowers the exit code."""
    alone = box.run(*_CHECK, *box.files).code
    beside = box.run(*_CHECK, *box.files, "clean.yaml").code
    if beside < alone:
        command = (*_CHECK, *box.files, "clean.yaml")
        raise Broken("lowered", command, f"exit code {beside}, and {alone} without clean.yaml")


def same_bytes(box: Box) -> None:
    """The same input gives the same bytes."""
    command = (*_CHECK, *box.files, "--format", box.rng.choice(_FORMATS))
    one, two = box.run(*command), box.run(*command)
    if one != two:
        raise Broken("different", command, "two runs differ")


def formats(box: Box) -> None:
    """Every format is well-formed, and none changes the exit code."""
    codes = set()
    for form in _FORMATS:
        command = (*_CHECK, *box.files, "--format", form)
        found = box.run(*command)
        codes.add(found.code)
        try:
            _parse(form, found.out.decode("utf-8"))
        except (ValueError, ET.ParseError, csv.Error) as error:
            raise Broken("malformed", command, f"{type(error).__name__}: {error}", form) from error
    if len(codes) > 1:
        raise Broken("format decides", _CHECK, f"exit codes {sorted(codes)}")


def _parse(form: str, text: str) -> None:
    if form in {"json", "sarif", "gitlab"}:
        json.loads(text)
    elif form == "junit":
        ET.fromstring(text)  # noqa: S314  our own
    elif form == "csv":
        rows = list(csv.reader(io.StringIO(text), strict=True))
        if len({len(row) for row in rows}) != 1:
            raise ValueError("rows of several lengths")


def _command(*command: str) -> Law:
    def law(box: Box) -> None:
        box.run(command[0], *box.files, *command[1:])

    return law


def _names(box: Box, *sections: str) -> Sequence[str]:
    """What the input declares there."""
    ((_, text),) = box.files.items()
    try:
        tree: Any = yaml.load(text, LOADER)
    except (yaml.YAMLError, ValueError, RecursionError):
        return ["x"]
    tree = tree if isinstance(tree, dict) else {}
    return [str(name) for s in sections if isinstance(tree.get(s), dict) for name in tree[s]] or ["x"]


def why(box: Box) -> None:
    """A question about somebody and something that is there."""
    dataset = box.rng.choice(_names(box, "datasets"))
    box.run("why", *box.files, "--", box.rng.choice((*_names(box, "parties"), "public")), dataset)


def whatif(box: Box) -> None:
    """One assumption less."""
    party, node = box.rng.choice(_names(box, "parties")), box.rng.choice(_names(box, "parties", "nodes"))
    asked = box.rng.choice(
        (
            f"--compromise={node}",
            f"--remove={party}",
            f"--collude={','.join(dict.fromkeys((party, *_names(box, 'parties'))))}",
            f"--without=tasks.{box.rng.choice(_names(box, 'tasks'))}.safeguards.0",
            f"--smallest-coalition={box.rng.choice(_names(box, 'datasets'))}",
        )
    )
    box.run("whatif", *box.files, asked, "--format", box.rng.choice(("text", "json")))


def repair(box: Box) -> None:
    """What a repair writes is a deployment still."""
    text = next(iter(box.files.values()))
    code = box.run("repair", *box.files, "--isolated", "--rechecks", "8", "--format", "json").code
    fill = Box(box.folder, {"d.yaml": text}, box.rng, box.seconds).fill()
    written = box.run("repair", "d.yaml", "--isolated", "--rechecks", "8", "--write")
    after = (box.folder / "d.yaml").read_bytes()
    fill.fill()
    if after != text and written.code != code:
        raise Broken(
            "repaired", ("repair", "d.yaml", "--write"), f"exit code {written.code}, and {code} without --write"
        )
    if after != text and not _loads(Box(box.folder, {"d.yaml": after}, box.rng, box.seconds)):
        raise Broken("repaired", ("repair", "d.yaml", "--write"), "what it has written has mistakes")


def diff(box: Box) -> None:
    """A file does not differ from itself, and from another in every format."""
    name = next(iter(box.files))
    if box.run("diff", name, name, "--isolated").code == 1:
        raise Broken("differs", ("diff", name, name), "a file differs from itself")
    box.run("diff", "leak.yaml", name, "--isolated", "--format", box.rng.choice(("text", "json", "markdown")))
    box.run("diff", name, "leak.yaml", "--isolated")


def together(box: Box) -> None:
    """Each file of several is told of, in any order, and the exit code is what the findings say."""
    names = (*box.files, "clean.yaml")
    command = (*_CHECK, *names, "--format", "json")
    found = box.run(*command)
    report = json.loads(found.out)
    told = {row["file"] for row in (*report["deployments"], *report["errors"])}
    for name in names:
        if name not in told:
            raise Broken("vanished", command, f"{name} is neither a deployment nor a mistake")
    failing = any(f["verdict"] == "fail" and f["severity"] in {"high", "critical"} for f in report["findings"])
    if found.code != (2 if report["errors"] else int(failing)):
        raise Broken("exit code", command, f"{found.code}; {len(report['errors'])} errors, failing: {failing}")
    again = json.loads(box.run(*_CHECK, *reversed(names), "--format", "json").out)
    if _rows(report) != _rows(again):
        raise Broken("order", command, "another order of the files gives other findings")


def _rows(report: Any) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for key in ("findings", "errors") for row in report[key])


def _judged(*options: str, codes: tuple[int, ...] = (0, 1, 2)) -> Law:
    def law(box: Box) -> None:
        command = ("check", "leak.yaml", *options)
        found = box.run(*command)
        if found.code not in codes:
            raise Broken("leak", command, "a leak passes because of a file that excuses nothing")

    return law


def config(box: Box) -> None:
    """A configuration, and the same text where another tool keeps its own."""
    box.run("check", "leak.yaml", "--config", "fedpolicy.toml")
    box.run("config", "show", "--config", "fedpolicy.toml")
    path = box.folder / "pyproject.toml"
    path.write_bytes(next(iter(box.files.values())))
    try:
        box.run("check", "leak.yaml", "--config", "pyproject.toml")
    finally:
        path.unlink()


_DRAFT, _ALONE = "draft.yaml", 0.2


def scan(box: Box) -> None:
    """A folder with a file of some framework is read, or told of."""
    box.run("scan", *_among(box), "--isolated", "--today", "2026-11-28", "--format", box.rng.choice(_FORMATS))


def draft(box: Box) -> None:
    """What `import` writes is a deployment, and what it was drafted from does not contradict it."""
    paths = _among(box)
    written = box.run("import", *paths, "--output", _DRAFT, "--force")
    path = box.folder / _DRAFT
    if not path.exists():
        return
    text = path.read_bytes()
    path.unlink()
    if written.code == 0 and not _loads(Box(box.folder, {_DRAFT: text}, box.rng, box.seconds)):
        raise Broken("draft", ("import", *paths), "what it has written has mistakes")
    path = box.folder.parent / f"{box.folder.name}.{_DRAFT}"
    path.write_bytes(text)
    command = ("drift", str(path), *paths, "--isolated", "--format", "json", "--fail-on", "info")
    try:
        found = box.run(*command)
    finally:
        path.unlink()
    if found.code == 1:
        rules = sorted({one["rule"] for one in json.loads(found.out)["findings"] if one["verdict"] == "fail"})
        raise Broken("drift", command, "a draft differs from what it was drafted from", ", ".join(rules))


def _among(box: Box) -> Sequence[str]:
    """The input alone, or among all the files of a repository: the outermost folders, or its file."""
    files = {} if box.rng.random() < _ALONE else repository()
    Box(box.folder, {**files, **box.files}).fill()
    return sorted({name.partition("/")[0] for name in (*files, *box.files)})


LAWS: Mapping[str, Mapping[str, Law]] = {
    "deployment": {
        "vanishing": vanishing,
        "readers": readers,
        "facts": _command("facts", "--format", "json"),
        "facts as text": _command("facts"),
        "graph": _command("graph"),
        "budget": _command("budget"),
        "control": _command("control"),
        "why": why,
        "whatif": whatif,
        "clean beside": clean_beside,
        "same bytes": same_bytes,
        "formats": formats,
        "diff": diff,
        "repair": repair,
        "other packs": _command(
            "check", "--isolated", "--pack", "gdpr", "--pack", "hipaa", "--pack", "eu-ai-act", "--strict"
        ),
    },
    "rule": {
        "check": _judged("--isolated", "--pack", "federation", "--pack", "./pack", codes=(1, 2)),
        "test": lambda box: box.run("test", *box.files, "--no-mutants") and None,
    },
    "pack": {"check": _judged("--isolated", "--pack", "federation", "--pack", "./pack", codes=(1, 2))},
    "waivers": {"check": _judged("--isolated", "--today", "2026-11-28", "--waivers", "waivers.yaml")},
    "baseline": {"check": _judged("--isolated", "--baseline", "baseline.json")},
    "config": {"config": config},
    "catalogue": {"check": _judged("--isolated", "--catalog", "catalogue.yaml")},
    "foreign": {"scan": scan, "import": draft},
    "site": {"check": _judged("--isolated", "--site", "site.yaml", codes=(1, 2))},
}
HEAVY = frozenset({"clean beside", "same bytes", "formats", "diff", "repair", "other packs"})
"""Laws of a deployment that load all rules, some of them several times."""
