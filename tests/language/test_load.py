"""What a file gives: its documents, its lines, and every mistake in the order of the text."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fedpolicy.errors import InputError, SpecError
from tests.language.reading import HERE, load, messages, mistakes, one

START = "fedpolicy: 1\nname: x\n"


def test_norway_is_a_country_and_yes_is_a_party():
    document = one((HERE / "accept" / "styles.yaml").read_bytes())
    deployment = document.deployment

    assert deployment.parties["no"].jurisdiction == ("NO",)
    assert list(deployment.parties) == ["no", "yes", "on"]
    assert deployment.parties["on"].sector == "off"
    assert deployment.name == "it's fine"
    assert deployment.summary == "folded text"
    assert {name: node.count for name, node in deployment.nodes.items()} == {"a": 15, "b": 31, "c": 755}


def test_one_id_is_a_list_of_one_except_for_a_family():
    document = one(f"{START}parties: {{a: {{role: host}}}}\nnodes: {{n: {{party: a}}, m: {{party: [a]}}}}\n")

    assert document.deployment.nodes["n"].party == "a"
    assert document.deployment.nodes["m"].party == ("a",)
    assert document.deployment.parties["a"].role == ("host",)


def test_merges_take_the_first_map_and_keep_own_keys():
    deployment = one((HERE / "accept" / "anchors.yaml").read_bytes()).deployment

    assert deployment.parties["b"] == deployment.parties["a"]
    assert deployment.parties["c"].jurisdiction == ("SE",)
    assert deployment.parties["e"].role == ("participant",)
    assert deployment.parties["e"].trusts == ("a",)


def test_documents_are_counted_and_empty_ones_are_not():
    loaded = load((HERE / "accept" / "several-documents.yaml").read_bytes(), "f.yaml")

    assert [(document.deployment.name, document.index, document.file) for document in loaded.documents] == [
        ("first", 0, "f.yaml"),
        ("second", 1, "f.yaml"),
    ]


def test_good_documents_survive_their_neighbours():
    loaded = load(f"{START}---\n{START}partys: {{}}\n---\n{START}summary: [\n---\n{START}")

    assert [str(document.spans.key(()).line) for document in loaded.documents] == ["1", "12"]
    assert len(loaded.errors) == 2


def test_lines_are_kept_for_the_report():
    assert load(f"{START}partys: {{}}").lines == ("fedpolicy: 1", "name: x", "partys: {}")


def test_mistakes_are_in_the_order_of_the_text():
    errors = load((HERE / "reject" / "names-of-nobody.yaml").read_bytes()).errors

    assert [error.span for error in errors] == sorted(error.span for error in errors)


def test_mistakes_have_a_dotted_path_and_a_type():
    (error,) = load(f"{START}parties: {{a: {{role: hosst}}}}\n").errors

    assert type(error) is SpecError
    assert error.path == "parties.a.role"
    assert (error.span.line, error.span.column, error.span.end_column) == (3, 21, 26)


def test_a_file_without_a_deployment_is_an_input_error():
    (error,) = load("# nothing\n").errors

    assert type(error) is InputError


def test_text_and_bytes_are_the_same():
    assert messages(load(f"{START}partys: é")) == messages(load(f"{START}partys: é".encode()))


def test_json_beyond_the_basic_plane_keeps_its_places():
    loaded = load('{"fedpolicy": 1, "name": "\\ud83c\\udfe5 \\\\ud83c", "partys": {}}')

    assert messages(loaded) == ["deployment.yaml:1:50: partys: unknown key `partys` (did you mean `parties`?)"]
    assert one('{"fedpolicy": 1, "name": "\\ud83c\\udfe5"}').deployment.name == "🏥"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('summary: "a\\e[31mb"\n', "3:10: the control character U+001B is not allowed in text (delete its escape)"),
        ('summary: "a\\u202ab"\n', "3:10: the control character U+202A is not allowed in text (delete its escape)"),
        ('"a\\u2066": x\n', "3:1: a key with a control character (delete its escape)"),
        ('"a\\e[31m": x\n', "3:1: a key with a control character (delete its escape)"),
        ("? |\n  a\n  b\n: x\n", "3:3: a\\nb\\n: unknown key `a\\nb\\n`"),
        ("? \n: x\n", "3:2: the key `` is not text"),
        (
            "? &k summary\n: x\n? *k\n: y\n",
            "5:3: the key `summary` is written twice; it stands first in line 3, column 3",
        ),
    ],
)
def test_odd_keys_and_hidden_characters(body, said):
    assert mistakes(body)[0].startswith(said)


def test_a_key_may_be_an_alias_or_have_a_tag():
    document = one(f"{START}parties:\n  &k a: {{role: host}}\n  !!str 1: {{role: user}}\nnodes:\n  *k : {{party: a}}\n")

    assert list(document.deployment.parties) == ["a", "1"]
    assert document.spans.at(("nodes", "a", "party")).line == 7


def test_nothing_of_the_error_path_is_loaded_for_a_good_file():
    program = (
        "import sys\n"
        "from fedpolicy.catalog import load_catalog\n"
        "from fedpolicy.language.reading import load_text\n"
        f"text = open({str(HERE / 'accept' / 'running-example.yaml')!r}, 'rb').read()\n"
        "assert load_text(text, 'f', load_catalog()).documents\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('jsonschema', 'networkx', 'click')\n"
        "       or name in ('fedpolicy.language.reading.explain', 'fedpolicy.language.reading.schema')])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)

    assert done.stdout == "[]\n"
