"""No target always fails, and none never does: each is asked about the product as it is, and broken on purpose."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pkgutil import resolve_name
from random import Random
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from fedpolicy.analysis.accounting import Bound
from fedpolicy.analysis.facts import LEVELS
from fedpolicy.findings import Span
from fedpolicy.language.reading import Loaded
from fedpolicy.lsp.completion import Offer
from fedpolicy.policy.expression import Truth
from fedpolicy.report.formats import format_ids
from fedpolicy.scan import Evidence, Unread
from fedpolicy.scan.importers import importers
from fedpolicy.scan.reading import File
from fedpolicy.scan.services import Services
from fuzz.command import Vacuous
from fuzz.corpus import LEAK
from fuzz.kept import keep_rules
from fuzz.session import breaks
from fuzz.target import targets
from fuzz.targets.formats import faults

pytestmark = pytest.mark.no_cover

SERVICES = Services()
TRIES = 40  # inputs, of which many say nothing


@pytest.fixture(scope="module", autouse=True)
def rules() -> Iterator[None]:
    """The shipped rules are compiled once for all of these."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("fedpolicy.policy.load.bundled_once", lambda *_: None)
        keep_rules()
        yield


def raises(*_given: Any, **_named: Any) -> Any:
    raise ZeroDivisionError("planted")


def says(value: Any) -> Callable[[Any], Any]:
    """A function that always says the same."""
    return lambda _: lambda *_given, **_named: value


def one_way(real: Any) -> Any:
    """Network policies that permit nobody to receive."""
    return lambda plan, kind, key, peers, *more: real(plan, kind, key, [] if kind == "ingress" else peers, *more)


def reaching_out(real: Any) -> Any:
    """The real answer, after a look at a file of somebody else."""

    def looking(file: Any) -> Any:
        open("/etc/hostname").close()  # noqa: PTH123
        return real(file)

    return looking


def importers_without_reasons(_: Any) -> Any:
    """One importer, which reads no file and does not say why."""

    def read(file: Any) -> Any:
        raise Unread("", file.start())

    return lambda: {"x": SimpleNamespace(wants=lambda _file: True, read=read)}


def levels_that_go(step: int) -> Callable[[Any], Any]:
    """Levels of one pair, each time it is asked one higher or one lower."""
    numbers = count(0 if step > 0 else len(LEVELS) - 1, step)

    def table(*_: Any) -> Any:
        return {("p", "operator", "d"): (LEVELS[next(numbers) % len(LEVELS)],) * 3}

    return lambda _: table


def ranks_that_go(step: int) -> Callable[[Any], Any]:
    numbers = count(100, step)
    return lambda _: lambda *_given, **_named: {("p", "operator", "d"): (next(numbers),) * 2}


def others(_: Any) -> Any:
    """Something else each time."""
    return lambda *_given, **_named: SimpleNamespace(disclosures=object())


def unlike(real: Any) -> Any:
    """The real answer, and something else beside it each time."""
    numbers = count()
    return lambda *given, **named: (real(*given, **named), next(numbers))


def other_findings(_: Any) -> Any:
    numbers = count()
    return lambda *_given: [{"rule": f"r{next(numbers)}", "deployment": "leak", "elements": []}]


def writes(name: str, code: int) -> Callable[[Any], Any]:
    """Commands that end so where they write something, which nobody can read, and with 1 otherwise."""

    def run(command: Any, folder: Any, _seconds: float) -> Any:
        writing = {"--write", "--output"} & set(command)
        if writing:
            (folder / name).write_bytes(b"x")
        return SimpleNamespace(code=code if writing else 1, out=b"", err="")

    return lambda _: run


def unwritten(_: Any) -> Any:
    return lambda text, document, *_given: (text, document)


def without_names(real: Any) -> Any:
    return lambda text, *more: real(text.replace('"name"', '"nmae"'), *more)


def reader(real: Any) -> Any:
    return lambda tree: real({**tree, "name": "another"} if isinstance(tree, dict) else tree)


def growing(_: Any) -> Any:
    """A site that permits more finds more."""
    numbers = count(1)
    return lambda *_given: [
        SimpleNamespace(fingerprint=f"f{place}", verdict=None, rule="x") for place in range(next(numbers))
    ]


def by_turns(_: Any) -> Any:
    numbers = count()
    return lambda *_given: next(numbers) % 2 == 0


def truths(turn: Any) -> Any:
    return lambda *_given: Truth(turn())


def shrinking(_: Any) -> Any:
    numbers = count(100, -1)
    return lambda *_given: SimpleNamespace(high=next(numbers), delta=1e-6, low=0)


CROSSED = Bound(low=2.0, high=1.0, delta=1e-5, theorem="x")
FREE = Bound(low=0.0, high=0.0, delta=1e-5, theorem="x")
WORD = Offer(word="a", text="a", about="", sort="")
MISPLACED = SimpleNamespace(message="m", help="h", span=Span(file="d.yaml", line=10**6))
UNORDERED = {("p", "operator", "d"): SimpleNamespace(low=3, high=1, vouched=1, guaranteed=1)}
NEVER = b'fail_on = "never"\n'
WAIVERS = b"""\
fedpolicy_waivers: 1
waivers:
  one: {rule: raw-data-leaves-silo, element: parties.x, reason: r, owner: o, approved_by: a, expires: 2027-01-01}
"""
KNOWN = b'{"fedpolicy_baseline": 1, "findings": []}\n'

# Target: what is broken, how, and a text by which it is seen; without one, inputs are drawn as they always are.
BROKEN: dict[str, tuple[str, Callable[[Any], Any], bytes | None]] = {
    "accounting": ("tests.analysis.accounting.test_laws.bound", says(CROSSED), None),
    "assumptions": ("tests.analysis.test_change_laws.levels", ranks_that_go(1), None),
    "baseline": ("fedpolicy.policy.excuse.set_aside", says(([], None)), KNOWN),
    "baseline-written": ("fedpolicy.policy.excuse.set_aside", lambda _: lambda found, *_more: (found, None), LEAK),
    "batch": ("fedpolicy.cli.gate.exit_code", says(0), LEAK),
    "beside": ("fedpolicy.cli.gate._answer", lambda _: lambda report, *_more: len(report.files) < 2, LEAK),
    "budget": ("tests.analysis.test_budget_laws.spend", shrinking, None),
    "catalogue": ("fuzz.targets.settings._with", other_findings, b"methods: {}\n"),
    "CEL": ("fedpolicy.policy.expression.Expression.judge", says(Truth(True)), b"model\nmodel.pinned"),
    "changes": (
        "tests.analysis.test_change_laws.changes_between",
        lambda real: lambda one, other: real(one, None) if one else real(one, other),
        None,
    ),
    "claims": ("fuzz.targets.language.load_text", without_names, LEAK),
    "composition": ("fuzz.targets.numbers.bound", says(FREE), None),
    "configuration": ("fuzz.targets.settings._inside", says(""), NEVER),
    "control": ("tests.analysis.test_control_laws.matrix_of", others, None),
    "diff": ("fedpolicy.comparison._only", lambda _: lambda these, _those: tuple(these), LEAK),
    "draft": ("fuzz.target.run", writes("draft.yaml", 0), None),
    "drift": ("tests.enforce.test_laws.drifts", says(([], None)), None),
    "editor": ("fuzz.targets.language.offers", says(("", [WORD, WORD])), LEAK),
    "edits": ("tests.language.test_rewrite.rewritten", unwritten, None),
    "enforcement": ("fedpolicy.enforce.targets.networkpolicy._rules", one_way, None),
    "explanations": ("fedpolicy.api.explain", says(()), LEAK),
    "families": (
        "tests.analysis.test_laws.table",
        lambda real: lambda study: {} if "users" in study.deployment.parties else real(study),
        None,
    ),
    "groups": ("tests.policy.test_group_laws.group_findings", says([]), None),
    "implied-flows": (
        "fuzz.targets.flows.build_graph",
        lambda real: lambda *given: replace(real(*given), flows=()),
        LEAK,
    ),
    "levels": ("tests.analysis.test_laws.pairs", says(UNORDERED), None),
    "loader": ("tests.language.test_laws.load", says(Loaded()), None),
    "meaning": ("tests.analysis.test_meaning.found", by_turns, None),
    "more-flows": ("tests.analysis.test_laws.table", levels_that_go(-1), None),
    "notation": ("fuzz.targets.language.load_text", without_names, LEAK),
    "order": ("tests.analysis.test_laws.facts_of", others, None),
    "other-packs": ("fedpolicy.cli.gate.exit_code", says(0), LEAK),
    "packs": ("fedpolicy.cli.gate.exit_code", says(0), b"id: pack\ntitle: A pack\n"),
    "pictures": ("fuzz.target.run", says(SimpleNamespace(code=0, out=b'click n0 "x"\n', err="")), LEAK),
    "propagation": ("tests.reference.comparison.levels", says({}), None),
    "questions": ("fedpolicy.report.facts_json.json_text", says("{\n"), LEAK),
    "reader": ("fuzz.twin.validated", reader, LEAK),
    "reading": ("fuzz.targets.language.loaded", says(((), [MISPLACED])), LEAK),
    "releases": ("tests.enforce.test_laws.site_findings", growing, None),
    "repair": ("tests.repair.test_laws.asked", says(SimpleNamespace(chosen=(), rechecks=0, proposals=())), None),
    "repair-written": ("fuzz.target.run", writes("d.yaml", 0), LEAK),
    "rewriting": ("fuzz.targets.language.rewritten", unwritten, LEAK),
    "rules": ("fedpolicy.cli.gate.exit_code", says(0), b"id: x\n"),
    "said-in-vain": ("tests.analysis.test_drawn.idle_elements", says(()), None),
    "same-bytes": ("fuzz.target.run", lambda real: lambda *given: (real(*given), object()), LEAK),
    "scan": ("fedpolicy.scan.gather.embedded_files", reaching_out, None),
    "schema": (
        "fuzz.targets.language._schema",
        says(jsonschema.Draft7Validator({"required": ["theirs"]})),
        LEAK,
    ),
    "seals": ("tests.analysis.test_laws.table", levels_that_go(1), None),
    "sites": ("fedpolicy.cli.gate.exit_code", says(0), b"fedpolicy_site: 1\nparty: a\n"),
    "three-values": (
        "tests.policy.test_verdicts.judge",
        lambda _: truths(by_turns(None)),
        None,
    ),
    "trust": ("tests.analysis.test_laws.table", levels_that_go(-1), None),
    "unknowns": ("tests.analysis.test_laws.table", levels_that_go(1), None),
    "values-of-files": ("tests.scan.test_hostile.importers", importers_without_reasons, None),
    "waivers": ("fedpolicy.policy.excuse.covers", says(True), WAIVERS),
    "ways-to-say-it": ("tests.analysis.test_drawn.table", unlike, None),
    "written-values": ("tests.report.test_jsontext.json_text", says("{}"), None),
}
FOLDERS = {"format", "importer"}  # one for each file; see below


def test_each_target_is_broken_here():
    ours = {name for name in targets() if name.partition("-")[0] not in FOLDERS}

    assert ours == set(BROKEN)
    assert {f"format-{name}" for name in format_ids()} < set(targets())
    assert {f"importer-{name.replace('_', '-')}" for name in importers()} < set(targets())


@pytest.mark.parametrize("name", BROKEN)
def test_a_target_notices_a_broken_product(name, monkeypatch, source):
    place, breaking, text = BROKEN[name]
    # A law of the tests has a test of its own.
    assert targets()[name].input == "bytes" or not noticed(name, source, text, tries=1), name
    monkeypatch.setattr(place, breaking(resolve_name(place)))

    assert noticed(name, source, text), name


def noticed(name, source, text, tries=TRIES):
    """Whether one of some inputs breaks a target."""
    kind = targets()[name].input
    for number in range(tries):
        one = source.draw(kind, Random(f"{name}{number}"))  # noqa: S311
        # Of several laws of the tests, the first is asked.
        data = text if text is not None else b"\0" + one.text if kind == "bytes" else one.text
        try:
            broken = breaks(name, {one.file: data}, number / TRIES, 20.0)
            # Whatever is broken may raise something; the question itself has to be answered wrong.
            if broken is not None and (tries == 1 or broken.law not in {"crash", "raised"}):
                return True
        except Vacuous:
            continue
    return False


HEAD = '<!doctype html><meta http-equiv="Content-Security-Policy"><style></style><script></script>'
ROW = """{"fingerprint": "f", "severity": "info", "description": "d", "check_name": "c",
"location": {"lines": {"begin": 1}}}"""
SARIF = """{"version": "2.1.0", "runs": [{"tool": {"driver": {"rules": [{"id": "r"}]}}, "results": [
{"ruleId": "r", "level": "error", "message": {"text": "m"},
"locations": [{"physicalLocation": {"artifactLocation": {"uri": "d%20.yaml"}}}]}]}]}
"""
SUBJECT = '{"_type": "https://in-toto.io/Statement/v1", "subject": [{"digest": {"sha256": "%s"}}]}\n'
PICTURE = '```mermaid\nflowchart LR\n  n0["a"]\n  n1["b"]\n  n0 -->|"c"| n1\n```\n'


@pytest.mark.parametrize(
    ("form", "sound", "broken"),
    [
        ("text", "a\n", ("a", "\x1b[31ma\n", "a\u202eb\n", "\x9b\n")),
        ("csv", 'a,b\n\'=1,"c,d"\n', ("a,b\n1\n", "a,b\n=1,c\n", 'a,b\n"\t1",c\n', 'a,b\n1,"\n')),
        ("ropa-csv", "a,b\n1,2\n", ("a,b\n@SUM(A1),c\n",)),
        (
            "github",
            "::error file=d.yaml,line=1::a%0A::b\nend\n",
            ("::set-env name=a::b\n", "##[error]a\n", " ::stop::\n"),
        ),
        (
            "junit",
            '<t><testsuite tests="1"><testcase/></testsuite></t>\n',
            ("<t>\n", '<t><testsuite tests="1"/></t>\n'),
        ),
        ("gitlab", f"[{ROW}]\n", ("{\n", f"[{ROW}, {ROW}]\n", f"[{ROW.replace('info', 'bad')}]\n")),
        (
            "sarif",
            SARIF,
            (SARIF.replace("d%20", "d "), SARIF.replace("error", "bad"), SARIF.replace('"id": "r"', '"id": "s"')),
        ),
        ("in-toto", SUBJECT % ("0" * 64), (SUBJECT % "0", '{"_type": "x", "subject": []}\n')),
        (
            "dpv",
            '{"@context": {}, "@graph": [{"@id": "a"}]}\n',
            ("{}\n", '{"@context": {}, "@graph": [{"@id": "a"}, {"@id": "a"}]}\n'),
        ),
        ("oscal", '{"assessment-results": {}}\n', ("{}\n",)),
        ("json", None, ("{}\n", "[\n")),
        (
            "html",
            f"{HEAD}<a href='#x'>a</a>\n",
            (
                f"{HEAD}<script></script>\n",
                f"{HEAD}<b onclick=a>\n",
                f"{HEAD}<img>\n",
                f"{HEAD}<a href='javascript:a'>\n",
                f"{HEAD}<a href='//evil.example'>\n",
                "<style></style><script></script>\n",
            ),
        ),
        (
            "markdown",
            f"a\\<b> `<b>`\n\n<details><summary>a</summary>\n\n{PICTURE}",
            (
                "a <b onclick=a>\n",
                "![a](b)\n",
                "[a](//evil.example)\n",
                PICTURE.replace('"b"', '"b"]; click n0 "x"'),
                PICTURE.replace('"a"', '"<b>"'),
            ),
        ),
    ],
)
def test_a_format_that_is_broken_is_noticed(form, sound, broken):
    assert sound is None or list(faults(form, sound)) == []
    for text in broken:
        assert told(form, text), text


def told(form, text):
    try:
        return list(faults(form, text))
    except (ValueError, SyntaxError, csv.Error):
        return ["it cannot be read"]


@pytest.mark.parametrize("name", [name for name in targets() if name.startswith("format-")])
def test_what_a_format_writes_is_looked_at(name, monkeypatch):
    codes = iter((1, 1, 1, 0))
    monkeypatch.setattr("fuzz.target.run", lambda *_: SimpleNamespace(out=b"a\x1b[31m\n", code=next(codes), err=""))

    assert breaks(name, {"d.yaml": LEAK}, 0.0, 20.0).law == "malformed"
    assert breaks(name, {"d.yaml": LEAK}, 0.0, 20.0).law == "format decides"


@pytest.mark.parametrize("name", importers())
def test_an_importer_that_is_broken_is_noticed(name, monkeypatch, source):
    target = f"importer-{name.replace('_', '-')}"
    one = next(
        one for one in source.seeds(f"foreign:{name}") if importers()[name].wants(File(one.name, one.text, SERVICES))
    )
    files = {one.name: one.text}

    def reaching(_file):
        open("/etc/hostname").close()  # noqa: PTH123
        return ()

    evidence = Evidence(subject="app", attribute="a", value="b", span=Span(file="elsewhere"))
    assert breaks(target, files, 0.0, 20.0) is None
    ways = {"crash": raises, "misplaced": lambda _: [evidence], "reaches out": reaching}
    for law, way in ways.items():
        monkeypatch.setattr(importers()[name], "read", way)
        assert breaks(target, files, 0.0, 20.0).law == law
