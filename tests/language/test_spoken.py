"""What people call the methods, payloads and categories of the catalogue leads to the word that the language has."""

from __future__ import annotations

import pytest

from fedpolicy.language.reading import load_text
from tests.helpers import catalog

TEXT = """\
fedpolicy: 1
name: d
parties: {{a: {{role: participant}}, b: {{role: participant}}, x: {{role: processor}}}}
nodes: {{client: {{kind: client, party: [a, b]}}, agg: {{kind: aggregator, party: x}}}}
datasets: {{notes: {{at: client, categories: [{category}]}}}}
models: {{out: {{}}}}
tasks: {{t: {{method: {method}, data: notes, runs_on: client, produces: out}}}}
flows: {{f: {{from: client, to: x, payload: {payload}, data: notes}}}}
"""


@pytest.mark.parametrize(
    ("section", "written", "meant", "place"),
    [
        ("category", "Patient", "health", (5, 45)),
        ("category", "ip-address", "device", (5, 45)),
        ("method", "fedsgd", "fedavg", (7, 21)),
        ("method", "Split NN", "split_learning", (7, 21)),
        ("payload", "raw_data", "records", (8, 43)),
        ("payload", "state-dict", "model_weights", (8, 43)),
    ],
)
def test_a_word_of_practice_is_answered_with_the_word_of_the_language(section, written, meant, place):
    words = {"category": "health", "method": "fedavg", "payload": "records"} | {section: written}

    (error,) = load_text(TEXT.format(**words).encode(), "d.yaml", catalog()).errors

    assert f"`{written}`" in error.message
    assert error.help == f"did you mean `{meant}`?"
    assert str(error).startswith(f"d.yaml:{place[0]}:{place[1]}: ")


@pytest.mark.parametrize("section", ["methods", "payloads", "categories", "safeguards"])
def test_a_word_of_practice_means_one_thing_and_is_no_id(section):
    rows = getattr(catalog(), section).values()
    spoken = [word for row in rows for word in row.also]

    assert spoken
    assert len(spoken) == len({*spoken})
    assert not {*spoken} & {row.id for row in rows}
