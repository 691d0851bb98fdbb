"""`participants` stands for the names of all of them."""

from __future__ import annotations

from tests.language.reading import ACCEPT, load

TEXT = next(path for path in ACCEPT if path.name == "participants.yaml").read_bytes()


def deployment(text=TEXT):
    (document,) = load(text, "participants.yaml").documents
    return document.deployment


def test_agreements_and_safeguards_name_them_each_once():
    found = deployment()

    assert found.agreements["all"].between == ("a", "b")
    assert found.agreements["more"].between == ("a", "b", "c")
    train = found.tasks["train"]
    assert train.safeguards[0].operated_by == ("a", "b", "c")
    assert train.hops[0].safeguards[0].operated_by == ("a", "b")
    assert found.api_calls["ask"].safeguards[0].operated_by == ("a", "b")
    assert found.flows["logs"].safeguards[0].operated_by == ("a", "b")


def test_where_everybody_means_its_own_the_word_stays():
    found = deployment()

    assert found.parties["a"].trusts == ("participants",)
    assert found.models["judge"].account == "participants"


def test_what_names_parties_is_left_as_it_is():
    text = TEXT.replace(b"between: participants", b"between: [a, b]").replace(b"[participants, c, b]", b"[a, c, b]")
    found = deployment(
        text.replace(b"operated_by: participants", b"operated_by: a").replace(b"[participants, c]}]", b"c}]")
    )

    assert found.agreements["more"].between == ("a", "c", "b")
    assert found.tasks["train"].hops[0].safeguards[0].operated_by == ("a",)
