"""Edits of a text: what is meant changes, and every other character stays."""

from __future__ import annotations

import difflib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedpolicy.language.reading import load_text
from fedpolicy.language.rewriting import Append, Put, Remove, distinct_edits, edited, plain_tree
from fedpolicy.language.rewriting.layout import UnwritableError, as_flow
from fedpolicy.language.rewriting.splice import rewritten
from tests.helpers import catalog
from tests.laws import examples

BLOCK = """\
fedpolicy: 1
name: test
# Who takes part.
parties:
  a: {role: participant}   # the first
  b: {role: participant}
  s: {jurisdiction: DE, role: coordinator}
  x: {role: processor}
nodes:
  client: {kind: client, party: [a, b]}
  server:
    region: EU
    kind: aggregator
    # Not ours.
    party: s
    host: x   # whose machines
  store: {party: x}
datasets:
  notes: {at: client, categories: health}
models:
  base: {ref: meta-llama/Llama-3.1-8B-Instruct, weights_at: [client, server]}
tasks:
  t:
    method: lora
    model: base
    data: notes
    runs_on: client
    safeguards:
      - {kind: secure_aggregation, min_clients: 2}   # two are few
      - kind: norm_bound
        limit: 1.0
flows:
  f: {from: server, to: store, payload: metrics}
  g: {from: server, to: store, payload: logs}

# The end.
"""


def document(text, name="d.yaml", place=0):
    loaded = load_text(text, name, catalog())
    assert not loaded.errors, [str(error) for error in loaded.errors]
    return loaded.documents[place]


def write(text, *edits, place=0):
    found = document(text, place=place)
    sizes = {name: len(getattr(found.deployment, name)) for name in ("nodes", "models", "tasks", "flows")}
    wanted = distinct_edits(edits, sizes)
    expected = edited(found.deployment, wanted)
    assert expected is not None
    after, back = rewritten(text, found, wanted, expected, catalog())
    assert back.deployment == expected
    return after


def changed(before, after):
    """The lines that differ, as a unified diff has them."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[:2] not in {"--", "++", "@@"}]


@pytest.mark.parametrize(
    ("edit", "lines"),
    [
        (Put(path=("flows", "f", "transport"), value="mtls"),
         ["-  f: {from: server, to: store, payload: metrics}",
          "+  f: {from: server, to: store, payload: metrics, transport: mtls}"]),
        (Put(path=("tasks", "t", "rounds"), value=3), ["+    rounds: 3"]),
        (Put(path=("tasks", "t", "safeguards", 1, "limit"), value=2.5),
         ["-        limit: 1.0", "+        limit: 2.5"]),
        (Put(path=("parties", "a", "role"), value=["participant", "user"]),
         ["-  a: {role: participant}   # the first", "+  a: {role: [participant, user]}  # the first"]),
        (Put(path=("nodes", "server"), value={"kind": "aggregator", "party": "s"}),
         ["-  server:", "-    region: EU", "-    kind: aggregator", "-    # Not ours.", "-    party: s",
          "-    host: x   # whose machines",
          "+  server: {kind: aggregator, party: s}   # whose machines"]),
        (Append(path=("tasks", "t", "safeguards"), value={"kind": "filter", "name": "yes"}),
         ['+      - {kind: filter, name: "yes"}']),
        (Append(path=("flows", "f", "safeguards"), value={"kind": "norm_bound"}),
         ["-  f: {from: server, to: store, payload: metrics}",
          "+  f: {from: server, to: store, payload: metrics, safeguards: [{kind: norm_bound}]}"]),
        (Append(path=("models", "base", "weights_at"), value="store"),
         ["-  base: {ref: meta-llama/Llama-3.1-8B-Instruct, weights_at: [client, server]}",
          "+  base: {ref: meta-llama/Llama-3.1-8B-Instruct, weights_at: [client, server, store]}"]),
        (Append(path=("tasks", "t", "runs_on"), value="store"),
         ["-    runs_on: client", "+    runs_on: [client, store]"]),
        (Append(path=("nodes", "store", "operators"), value="a"),
         ["-  store: {party: x}", "+  store: {party: x, operators: [a]}"]),
        (Remove(path=("nodes", "server", "host")), ["-    host: x   # whose machines"]),
        (Remove(path=("nodes", "server", "region")), ["-    region: EU"]),
        (Remove(path=("parties", "s", "jurisdiction")),
         ["-  s: {jurisdiction: DE, role: coordinator}", "+  s: {role: coordinator}"]),
        (Remove(path=("flows", "g")), ["-  g: {from: server, to: store, payload: logs}"]),
        (Remove(path=("tasks", "t", "safeguards", 0)),
         ["-      - {kind: secure_aggregation, min_clients: 2}   # two are few"]),
        (Remove(path=("tasks", "t", "safeguards", 1)), ["-      - kind: norm_bound", "-        limit: 1.0"]),
        (Remove(path=("tasks", "t", "safeguards", 1, "limit")), ["-        limit: 1.0"]),
        (Remove(path=("models", "base", "weights_at", 1)),
         ["-  base: {ref: meta-llama/Llama-3.1-8B-Instruct, weights_at: [client, server]}",
          "+  base: {ref: meta-llama/Llama-3.1-8B-Instruct, weights_at: [client]}"]),
    ],
)  # fmt: skip
def test_one_edit_changes_what_it_names(edit, lines):
    assert changed(BLOCK, write(BLOCK, edit)) == lines


def test_the_last_entry_takes_its_section_along():
    after = write(BLOCK, Remove(path=("flows", "f")), Remove(path=("flows", "g")))

    assert changed(BLOCK, after) == [
        "-flows:",
        "-  f: {from: server, to: store, payload: metrics}",
        "-  g: {from: server, to: store, payload: logs}",
    ]


def test_what_lies_in_something_that_goes_is_not_edited():
    after = write(BLOCK, Put(path=("flows", "g", "transport"), value="tls"), Remove(path=("flows", "g")))

    assert changed(BLOCK, after) == ["-  g: {from: server, to: store, payload: logs}"]


def test_several_edits_of_one_entry():
    after = write(
        BLOCK,
        Remove(path=("tasks", "t", "safeguards", 0)),
        Put(path=("tasks", "t", "safeguards", 1, "limit"), value=3.0),
        Append(path=("tasks", "t", "safeguards"), value={"kind": "update_inspection"}),
    )

    assert changed(BLOCK, after) == [
        "-      - {kind: secure_aggregation, min_clients: 2}   # two are few",
        "-        limit: 1.0",
        "+        limit: 3.0",
        "+      - {kind: update_inspection}",
    ]


def test_a_list_of_maps_in_a_block_gets_a_line_for_each():
    text = (
        BLOCK.replace("    safeguards:\n", "")
        .replace("      - {kind: secure_aggregation, min_clients: 2}   # two are few\n", "")
        .replace("      - kind: norm_bound\n        limit: 1.0\n", "")
    )
    after = write(text, Append(path=("tasks", "t", "safeguards"), value={"kind": "norm_bound", "limit": 1.0}))

    assert changed(text, after) == ["+    safeguards:", "+      - {kind: norm_bound, limit: 1.0}"]


def test_what_becomes_too_wide_goes_on_below_its_first_key():
    value = {"kind": "differential_privacy", "where": "client", "noise_multiplier": 12.5, "clipping_norm": 1.0,
             "sampling": "none", "sampling_rate": 1.0, "delta": 1e-06, "unit": "client"}  # fmt: skip
    after = write(BLOCK, Append(path=("tasks", "t", "safeguards"), value=value))

    assert changed(BLOCK, after) == [
        "+      - {kind: differential_privacy, where: client, noise_multiplier: 12.5, clipping_norm: 1.0,",
        "+         sampling: none, sampling_rate: 1.0, delta: 1.0e-6, unit: client}",
    ]
    short = write(BLOCK, Append(path=("flows", "f", "safeguards"), value=value))
    assert max(len(line) for line in short.splitlines()) <= 100


def test_a_long_entry_that_moves_up_to_its_key_keeps_the_line_ends():
    value = {"ref": "Qwen/Qwen2.5-7B-Instruct", "revision": "a09a354", "format": "safetensors",
             "weights_at": ["client", "server", "store"]}  # fmt: skip
    entry = "  base: {ref: meta-llama/Llama-3.1-8B-Instruct, weights_at: [client, server]}"
    block = "  base:\n    ref: meta-llama/Llama-3.1-8B-Instruct\n    weights_at: [client, server]"
    text = BLOCK.replace(entry, block).replace("\n", "\r\n")

    after = write(text, Put(path=("models", "base"), value=value))

    assert "format: safetensors,\r\n" in after
    assert "\n" not in after.replace("\r\n", "")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("end", ["", "newline"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_breaks_the_end_and_a_mark_of_the_file_stay(newline, end, bom):
    text = bom + BLOCK.rpartition("\n\n")[0].replace("\n", newline) + (newline if end else "")
    after = write(
        text,
        Put(path=("tasks", "t", "rounds"), value=3),
        Remove(path=("flows", "f")),
        Put(path=("flows", "g", "transport"), value="tls"),
    )

    assert after.startswith(bom + "fedpolicy")
    assert after.endswith(f"transport: tls}}{newline if end else ''}")
    assert after.replace(newline, "").count("\n") == after.replace(newline, "").count("\r") == 0
    assert len(after.split(newline)) == len(text.split(newline))


def test_a_key_at_the_end_of_a_file_without_a_break():
    text = BLOCK.partition("flows:")[0] + "governance:\n  withdrawal: none"

    assert write(text, Put(path=("governance", "audit_log"), value="mutable")).endswith(
        "governance:\n  withdrawal: none\n  audit_log: mutable"
    )


@pytest.mark.parametrize("indent", [None, 2])
def test_json_stays_json(indent):
    tree = plain_tree(document(BLOCK).deployment)
    text = json.dumps(tree, indent=indent)
    after = write(
        text,
        Put(path=("nodes", "store", "region"), value="EU"),
        Append(path=("tasks", "t", "safeguards"), value={"kind": "update_inspection"}),
        Remove(path=("flows", "f")),
        Remove(path=("nodes", "server", "host")),
    )

    wanted = json.loads(text)
    wanted["nodes"]["store"]["region"] = "EU"
    wanted["tasks"]["t"]["safeguards"].append({"kind": "update_inspection"})
    del wanted["flows"]["f"], wanted["nodes"]["server"]["host"]
    assert json.loads(after) == wanted


def test_one_of_several_documents():
    text = f"{BLOCK}---\n{BLOCK.replace('name: test', 'name: other')}"
    after = write(text, Put(path=("tasks", "t", "rounds"), value=3), place=1)

    first, second = after.split("---\n")
    assert first == BLOCK
    assert changed(BLOCK, second) == ["-name: test", "+name: other", "+    rounds: 3"]


def test_a_claim_goes_with_the_value_that_it_was_about():
    text = BLOCK.replace("host: x ", "host: {value: x, evidence: contractual} ")

    assert changed(text, write(text, Put(path=("nodes", "server", "host"), value="s"))) == [
        "-    host: {value: x, evidence: contractual}   # whose machines",
        "+    host: s                                   # whose machines",
    ]
    assert "contractual" not in write(text, Remove(path=("nodes", "server", "host")))


def test_inside_a_claim():
    claim = "weights_at: {value: [client, server], evidence: declared}"
    text = BLOCK.replace("meta-llama/Llama-3.1-8B-Instruct, weights_at: [client, server]", f"Qwen/Qwen3-8B, {claim}")

    after = write(text, Append(path=("models", "base", "weights_at"), value="store"))

    assert "weights_at: {value: [client, server, store], evidence: declared}" in after


def test_an_item_inside_a_claim():
    claim = "weights_at: {value: [client, server], evidence: declared}"
    text = BLOCK.replace("meta-llama/Llama-3.1-8B-Instruct, weights_at: [client, server]", f"Qwen/Qwen3-8B, {claim}")

    after = write(text, Remove(path=("models", "base", "weights_at", 0)))

    assert "weights_at: {value: [server], evidence: declared}" in after


def test_an_empty_list_is_filled():
    text = BLOCK.replace("payload: logs}", "payload: logs, safeguards: []}")

    after = write(text, Append(path=("flows", "g", "safeguards"), value={"kind": "norm_bound"}))

    assert "payload: logs, safeguards: [{kind: norm_bound}]}" in after


def test_maps_and_lists_that_are_too_wide_are_folded_where_they_begin():
    value = {"kind": "service", "party": "s", "operators": [f"someone-with-a-name-{number}" for number in range(6)]}

    assert as_flow(value, 4, 60) == (
        "{kind: service, party: s,\n"
        "     operators: [someone-with-a-name-0,\n"
        "                 someone-with-a-name-1,\n"
        "                 someone-with-a-name-2,\n"
        "                 someone-with-a-name-3,\n"
        "                 someone-with-a-name-4,\n"
        "                 someone-with-a-name-5]}"
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("client", "client"), ("no", '"no"'), ("1e5", '"1e5"'), ("0x1f", '"0x1f"'), ("0b1", '"0b1"'),
        ("1_000", '"1_000"'), ("0e9e39f", "0e9e39f"), ("2027-06-30", '"2027-06-30"'), ("a: b", '"a: b"'), ("", '""'),
        ("two words", "two words"), ("ref/with-parts.v1@x", "ref/with-parts.v1@x"), (True, "true"), (3, "3"),
        (1e-06, "1.0e-6"), (1.5e-07, "1.5e-7"), (1e20, "1.0e20"), (2.0, "2.0"), ([], "[]"), ({}, "{}"),
    ],
)  # fmt: skip
def test_scalars_are_quoted_where_a_reader_of_yaml_could_take_them_for_something_else(value, written):
    assert as_flow(value) == written


def test_a_comma_at_the_end_of_a_collection_is_used():
    text = BLOCK.replace("payload: logs}", "payload: logs,}").replace("[client, server]", "[client, server, ]")

    assert "payload: logs, transport: tls}" in write(text, Put(path=("flows", "g", "transport"), value="tls"))
    assert "[client, server, store" in write(text, Append(path=("models", "base", "weights_at"), value="store"))


def test_an_anchor_that_nobody_uses_is_no_obstacle():
    text = BLOCK.replace("g: {from", "g: &unused {from")

    assert "&unused {from: server, to: store, payload: logs, transport: tls}" in write(
        text, Put(path=("flows", "g", "transport"), value="tls")
    )


SHARED = [
    # What is edited is what an alias repeats, or lies in it.
    ("f: {from", "f: &f {from", "  g: {from: server, to: store, payload: logs}", "  g: *f",
     Put(path=("flows", "f", "transport"), value="tls")),
    ("f: {from", "f: &f {from", "  g: {from: server, to: store, payload: logs}", "  g: *f",
     Put(path=("flows", "g", "transport"), value="tls")),
    # It is brought by a merge key.
    ("f: {from", "f: &f {from", "  g: {from: server, to: store, payload: logs}", "  g: {<<: *f, payload: logs}",
     Put(path=("flows", "g", "from"), value="client")),
    ("f: {from", "f: &f {from", "  g: {from: server, to: store, payload: logs}", "  g: {<<: [*f], payload: logs}",
     Put(path=("flows", "g", "to"), value="client")),
    # It holds an anchor that is used elsewhere.
    ("f: {from: server,", "f: {from: &s server,", "from: server, to: store, payload: logs",
     "from: *s, to: store, payload: logs",
     Remove(path=("flows", "f"))),
    ("f: {from: server,", "f: {from: &s server,", "from: server, to: store, payload: logs",
     "from: *s, to: store, payload: logs",
     Put(path=("flows", "f", "from"), value="client")),
]  # fmt: skip


@pytest.mark.parametrize(("one", "anchored", "two", "aliased", "edit"), SHARED)
def test_what_shares_its_text_with_others_is_refused(one, anchored, two, aliased, edit):
    text = BLOCK.replace(two, aliased).replace(one, anchored)

    with pytest.raises(UnwritableError, match="shares its text with other places"):
        write(text, edit)


def test_a_key_can_be_written_over_a_merge():
    text = BLOCK.replace("f: {from", "f: &f {from").replace(
        "  g: {from: server, to: store, payload: logs}", "  g: {<<: *f, payload: logs}"
    )

    assert "g: {<<: *f, payload: logs, transport: tls}" in write(
        text, Put(path=("flows", "g", "transport"), value="tls")
    )


@pytest.mark.parametrize(
    ("old", "new", "edit"),
    [
        ("- kind: norm_bound\n        limit: 1.0", "-\n          kind: norm_bound",
         Append(path=("tasks", "t", "safeguards"), value={"kind": "norm_bound"})),
        ("- kind: norm_bound\n        limit: 1.0", "-\n          kind: norm_bound",
         Remove(path=("tasks", "t", "safeguards", 1))),
    ],
)  # fmt: skip
def test_what_cannot_be_placed_is_refused(old, new, edit):
    with pytest.raises(UnwritableError, match="written so that it cannot be changed alone"):
        write(BLOCK.replace(old, new), edit)


def test_a_change_that_does_not_fit_the_language_is_none():
    found = document(BLOCK).deployment

    assert edited(found, [Put(path=("flows", "f", "transport"), value="pigeon")]) is None
    assert edited(found, [Remove(path=("flows", "f", "payload"))]) is None
    assert edited(found, [Remove(path=("flows", "nobody", "payload"))]) is None


WORDS = st.sampled_from(["tls", "mtls", "none"])
EDITS = st.one_of(
    st.builds(lambda name, word: Put(path=("flows", name, "transport"), value=word), st.sampled_from("fg"), WORDS),
    st.sampled_from([
        Remove(path=("flows", "f")), Remove(path=("flows", "g")), Remove(path=("nodes", "server", "host")),
        Remove(path=("tasks", "t", "safeguards", 0)), Remove(path=("tasks", "t", "safeguards", 1)),
        Append(path=("tasks", "t", "safeguards"), value={"kind": "update_inspection"}),
        Append(path=("tasks", "t", "runs_on"), value="server"),
        Append(path=("nodes", "server", "operators"), value="a"),
        Put(path=("tasks", "t", "rounds"), value=2), Put(path=("models", "base"), value={"weights_at": ["client"]}),
        Put(path=("models", "base", "revision"), value="1.10"), Put(path=("governance", "audit_log"), value="none"),
    ]),
)  # fmt: skip


@settings(max_examples=examples(few=20), derandomize=True)
@given(
    st.lists(EDITS, min_size=1, max_size=6, unique_by=lambda edit: edit.path),
    st.sampled_from(["block", "json", "lines", "crlf"]),
)
def test_whatever_is_edited_reads_back_as_meant(edits, form):
    text = f"{BLOCK}governance: {{withdrawal: none}}\n"
    if form in {"json", "lines"}:
        text = json.dumps(plain_tree(document(text).deployment), indent=2 if form == "lines" else None)
    elif form == "crlf":
        text = text.replace("\n", "\r\n")

    after = write(text, *edits)

    kept = set(text.splitlines()) - {line[1:] for line in changed(text, after) if line[0] == "-"}
    assert kept <= set(after.splitlines())


def test_an_entry_with_a_day_can_be_edited():
    text = (
        "fedpolicy: 1\nname: x\nparties: {a: {role: participant}, b: {role: coordinator}}\n"
        "agreements: {dpa: {kind: data_processing, between: [a, b], expires: 2027-01-31}}\n"
    )
    (found,) = load_text(text, "d.yaml", catalog()).documents

    after = edited(found.deployment, [Put(path=("agreements", "dpa", "reference"), value="contracts/dpa.pdf")])

    assert after is not None
    assert after.agreements["dpa"].reference == "contracts/dpa.pdf"
    assert after.agreements["dpa"].expires == found.deployment.agreements["dpa"].expires


def test_the_space_behind_a_colon_stays():
    text = BLOCK.replace("    party: s\n", "    party:   s\n")

    assert changed(text, write(text, Put(path=("nodes", "server", "party"), value="x"))) == [
        "-    party:   s",
        "+    party:   x",
    ]


@pytest.mark.parametrize(("text", "place"), [("", 0), (BLOCK, 1), ("a: [\n", 0)], ids=["none", "one", "broken"])
def test_a_text_without_the_document_is_refused(text, place):
    found = document(f"{BLOCK}---\n{BLOCK}", place=place)
    edit = Put(path=("parties", "a", "role"), value="user")

    with pytest.raises(UnwritableError) as refused:
        rewritten(text, found, [edit], found.deployment, catalog())

    assert str(refused.value).endswith(
        ": `d.yaml` is written so that this cannot be changed without changing something else (change it by hand)"
    )


def test_what_would_not_read_back_as_expected_is_refused():
    found = document(BLOCK)
    edit = Put(path=("parties", "a", "role"), value="user")

    with pytest.raises(UnwritableError, match="without changing something else"):
        rewritten(BLOCK, found, [edit], found.deployment, catalog())
