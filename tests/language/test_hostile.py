"""Text that is made to break its reader: one message each, in little time and memory, with libyaml and without."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAD = "fedpolicy: 1\nname: hostile\n"

# Each file in a process of its own, with a limit on memory: what breaks the reader must not break the tests.
PROGRAM = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000))
if sys.argv[1] == "python":
    import yaml
    del yaml.CSafeLoader
from fedpolicy.catalog import load_catalog
from fedpolicy.language.reading import load_text
text = sys.stdin.buffer.read()
loaded = load_text(text, "f.yaml", load_catalog())
errors = [[str(error.span), error.message] for error in loaded.errors]
print(json.dumps([len(loaded.documents), errors]))
"""


def outcome(text, parser="libyaml"):
    data = text if isinstance(text, bytes) else text.encode()
    command = [sys.executable, "-c", PROGRAM, parser]
    done = subprocess.run(command, input=data, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return json.loads(done.stdout)


def bomb(levels, width=10):
    lines = [f"x0: &x0 [{', '.join(['x'] * width)}]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * width)}]" for n in range(1, levels)]
    return HEAD + "\n".join(lines)


DEEP = "nested deeper than 64 levels"
CASES = {
    "brackets": ("[" * 100_000, "f.yaml:1:65", DEEP),
    "closed-brackets": ("[" * 100_000 + "]" * 100_000, "f.yaml:1:65", DEEP),
    "maps": ('{"a":' * 100_000, "f.yaml:1:321", DEEP),
    "dashes": ("- " * 100_000, "f.yaml:1:129", DEEP),
    "keys": ("".join("  " * depth + "a:\n" for depth in range(2000)), "f.yaml:65:129", DEEP),
    "alias-bomb": (bomb(9), "f.yaml:9:10", "the file holds more than 2,000,000 values once its aliases are expanded"),
    "cyclic-list": (f"{HEAD}summary: &a [*a]", "f.yaml:3:14", "`*a` stands inside the value that it names"),
    "cyclic-merge": (
        f"{HEAD}parties: &a {{b: {{<<: *a}}}}",
        "f.yaml:3:22",
        "`*a` stands inside the value that it names",
    ),
    "aliases-that-nest": (
        HEAD + "a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 40 + "*a" + "]" * 40,
        "f.yaml:4:44",
        "`*a` nests deeper than 64 levels",
    ),
    "long-scalar": (
        f"{HEAD}summary: {'x' * 5_000_000}",
        "f.yaml:3:10",
        "a value of 5,000,000 characters; at most 1,048,576 are read",
    ),
    "long-key": (f'{HEAD}? "{"x" * 5_000_000}"\n: y', "f.yaml:3:3", None),
    "long-number": (
        f"{HEAD}summary: {'9' * 100_000}",
        "f.yaml:3:10",
        "a number of 100,000 digits is too long; at most 300 are read",
    ),
    "many-values": ("[" + "x," * 3_000_000 + "]", None, None),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name == "many-values")) for name in CASES]
)
def test_hostile_text_is_one_message(name):
    text, place, message = CASES[name]
    documents, errors = outcome(text)

    assert documents == 0
    ((where, said),) = errors
    assert place in (None, where)
    assert message in (None, said)


@pytest.mark.parametrize("name", ["brackets", "maps", "alias-bomb", "cyclic-list", "long-scalar"])
def test_the_parser_without_libyaml_has_the_same_bounds(name):
    text, place, message = CASES[name]

    assert outcome(text, "python") == [0, [[place, message]]]


def test_both_parsers_read_the_same():
    text = (HEAD + 'parties:\n  a: &a {role: [participant, "host"], jurisdiction: NO}\n  b: *a\n').encode()

    assert outcome(text, "python") == outcome(text) == [1, []]


def test_thousands_of_mistakes_are_counted_not_listed():
    entries = "".join(f"  p{number}: {{rol: participant, trusts: [q{number}]}}\n" for number in range(20_000))
    documents, errors = outcome(f"{HEAD}parties:\n{entries}")

    assert documents == 0
    assert len(errors) == 501
    assert errors[-1][1] == "39,500 more mistakes of this document are not shown"


def test_thousands_of_mistakes_in_the_yaml_end_the_reading():
    documents, errors = outcome(HEAD + "name: x\n" * 100_000)

    assert documents == 0
    assert len(errors) == 501
    assert errors[-1][1] == "too many mistakes; the rest of the file is not read"


def test_thousands_of_broken_documents_end_the_reading():
    documents, errors = outcome("a: [\n---\n" * 50_000)

    assert documents == 0
    assert errors[-1][1] == "too many broken documents; the rest of the file is not read"


def test_a_large_deployment_is_read():
    nodes = "".join(f"  n{number}:\n    kind: service\n    party: a\n" for number in range(10_000))
    flows = "".join(f"  f{n}:\n    from: n{n}\n    to: n{(n + 1) % 10_000}\n    payload: logs\n" for n in range(10_000))

    assert outcome(f"{HEAD}parties: {{a: {{role: host}}}}\nnodes:\n{nodes}flows:\n{flows}") == [1, []]


def test_thousands_of_models_that_fall_back_in_a_circle_are_read():
    models = "".join(f"  m{number}: {{fallback: m{(number + 1) % 20_000}}}\n" for number in range(20_000))

    assert outcome(f"{HEAD}models:\n{models}") == [1, []]


def test_thousands_of_tasks_on_thousands_of_members_are_read():
    parties = "".join(f"  p{number}: {{role: participant}}\n" for number in range(3000))
    family = ", ".join(f"p{number}" for number in range(3000))
    tasks = "".join(
        f"  t{n}: {{method: evaluation, data: d@p{n}, runs_on: client, min_clients: 3000}}\n" for n in range(3000)
    )
    text = (
        f"{HEAD}parties:\n{parties}nodes:\n  client: {{kind: client, party: [{family}]}}\n"
        f"datasets: {{d: {{at: client, categories: health}}}}\ntasks:\n{tasks}"
    )

    assert outcome(text) == [1, []]
