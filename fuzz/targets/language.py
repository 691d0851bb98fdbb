"""How a text is read, and how one that is read is written: positions, claims, notations, edits, cursors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any

import jsonschema

from fedpolicy import api
from fedpolicy.analysis import AnalysisSettings
from fedpolicy.check import Judge
from fedpolicy.language.model import Deployment
from fedpolicy.language.model.shape import Shape
from fedpolicy.language.reading import OWN, load_text
from fedpolicy.language.reading.claims import lift
from fedpolicy.language.rewriting import Edit, Put, Remove, distinct_edits, edited, plain_tree
from fedpolicy.language.rewriting.layout import UnwritableError
from fedpolicy.language.rewriting.splice import rewritten
from fedpolicy.lsp import OpenPage, open_page
from fedpolicy.lsp.completion import offers
from fedpolicy.settings import Settings
from fuzz.command import Broken, Vacuous, bounded
from fuzz.corpus import ROOT
from fuzz.drawn import drawn
from fuzz.reading import catalog, loaded, sound, trees_of
from fuzz.target import Box, Target
from fuzz.twin import both_read, trees


def reading(box: Box) -> None:
    """A mistake is said in one line, with a place that is in the text and with what to do."""
    name, text = box.only
    lines = max(len(text.splitlines()), text.count(b"\n"), text.count(b"\r")) + 1
    for error in loaded(box)[1]:
        if error.span is None or error.span.file != name or not 1 <= error.span.line <= lines:
            raise Broken("misplaced", ("load", name), f"{error} of a text of {lines} lines", error.message[:40])
        if not error.help or not error.message or "\n" in error.message:
            raise Broken("unhelpful", ("load", name), f"{error}", error.message[:40])


def readers(box: Box) -> None:
    """Our reader and pydantic say the same of a document."""
    name, text = box.only
    with bounded(("load", name), box.seconds):
        for tree in trees(text):
            ours, theirs = both_read(tree)
            if repr(ours) != repr(theirs):
                raise Broken("readers differ", ("load", name), f"{ours!r:.500}, and pydantic {theirs!r:.500}")


def claims(box: Box) -> None:
    """A value with evidence reads as the value; what was lifted once holds nothing to lift."""
    from tests.language.test_claims import _claimable, _wrapped  # noqa: PLC0415

    document = sound(box)[0]
    tree = {key: value for key, value in trees_of(box)[0].items() if not key.startswith(OWN)}
    lifted = lift(tree, Shape(entry=Deployment))
    again = lift(lifted.tree, Shape(entry=Deployment))
    if again.claims or again.tree != lifted.tree:
        raise Broken("claims", ("load",), f"lifted twice: {again.claims}")
    places = _claimable(tree)
    if not places:
        raise Vacuous
    place = box.rng.choice(places)
    found = load_text(json.dumps(_wrapped(tree, place)), "claimed.json", catalog())
    if found.errors or found.documents[0].deployment != document.deployment:
        said = "; ".join(map(str, found.errors)) or "another deployment"
        raise Broken("claims", ("load",), f"with a claim at {place}: {said}", ".".join(map(str, place)))


def notation(box: Box) -> None:
    """The same data as JSON, with keys in any order, are the same deployment."""
    documents = sound(box)
    for document, tree in zip(documents, trees_of(box), strict=True):
        found = load_text(json.dumps(_shuffled(tree, box.rng)), "d.json", catalog())
        if found.errors or found.documents[0].deployment != document.deployment:
            said = "; ".join(map(str, found.errors)) or "another deployment"
            raise Broken("notation", ("load",), f"as JSON in another order: {said}")


def _shuffled(tree: Any, rng: Random) -> Any:
    if isinstance(tree, dict):
        return {key: _shuffled(tree[key], rng) for key in rng.sample(list(tree), len(tree))}
    return [_shuffled(item, rng) for item in tree] if isinstance(tree, list) else tree


@cache
def _schema() -> Any:
    text = (ROOT / "schemas/deployment.schema.json").read_text(encoding="utf-8")
    return jsonschema.Draft7Validator(json.loads(text))


def schema(box: Box) -> None:
    """The JSON schema accepts what the reader accepts."""
    sound(box)
    for tree in trees_of(box):
        for error in _schema().iter_errors(tree):
            place = ".".join(map(str, error.absolute_path))
            raise Broken("schema", ("load",), f"{place}: {error.message:.200}", f"{error.validator}")


def rewriting(box: Box) -> None:
    """An edited text reads as it is meant, and lines of other sections stay as they are."""
    name, text = box.only
    document = box.rng.choice(sound(box))
    tree = plain_tree(document.deployment)
    places = [place for place in _places(tree) if len(place) > 1]
    if not places:
        raise Vacuous
    edit = _edit(tree, box.rng.choice(places), box.rng)
    sizes = {section: len(entries) for section, entries in tree.items() if isinstance(entries, dict)}
    wanted = distinct_edits([edit], sizes)
    expected = edited(document.deployment, wanted)
    if expected is None:
        raise Vacuous
    with bounded(("rewrite", name), box.seconds):
        try:
            after, back = rewritten(text.decode("utf-8-sig"), document, wanted, expected, catalog())
        except (UnwritableError, UnicodeDecodeError) as error:
            raise Vacuous from error
    if back.deployment != expected:
        raise Broken("rewritten", ("rewrite", name), f"{edit} reads as something else")
    lost = _kept(text.decode("utf-8-sig"), document, edit) - set(after.splitlines())
    if lost:
        raise Broken("rewritten", ("rewrite", name), f"{edit} takes {min(lost)!r} along")


def _places(tree: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list | tuple) else ()
    for step, value in inside:
        yield (*path, step)
        yield from _places(value, (*path, step))


def _edit(tree: Any, place: tuple[str | int, ...], rng: Random) -> Edit:
    if rng.random() < 0.4:
        return Remove(path=place)
    alike = [other for other in _places(tree) if other[-1] == place[-1] and len(other) == len(place)]
    value = tree
    for step in rng.choice(alike):
        value = value[step]
    return Put(path=place, value=deepcopy(value))


def _kept(text: str, document: api.Document, edit: Edit) -> set[str]:
    """The lines of sections that an edit does not touch, where sections begin on lines of their own."""
    starts = sorted((document.spans.key((key,)).line, key) for key in plain_tree(document.deployment))
    if len({line for line, _ in starts}) < len(starts):
        return set()
    ends = [line for line, _ in starts[1:]]
    lines = text.splitlines()
    kept: set[str] = set()
    for (start, key), end in zip(starts, ends, strict=False):
        if key != edit.path[0]:
            kept |= set(lines[start - 1 : end - 1])
    return kept


def editing(box: Box) -> None:
    """Whatever place of whatever text: an editor gets offers and an answer, and no failure."""
    name, text = box.only
    said = text.decode("utf-8", "replace")
    judge, rng = Judge(catalog=catalog(), rules=(), analysis=AnalysisSettings()), box.rng
    with bounded(("edit", name), box.seconds):
        page: OpenPage | None = None
        for end in sorted(rng.randint(0, len(said)) for _ in range(2)):
            page = open_page(name, said[:end], judge, Settings(), page)
            for _ in range(3):
                line = rng.randrange(len(page.lines))
                column = rng.randint(0, len(page.lines[line]))
                found = page.symbol_at(line + 1, column + 1)
                if found:
                    list(page.uses(*found))
                words = [one.word for one in offers(page, line, column)[1]]
                if len(words) != len(set(words)):
                    twice = sorted({word for word in words if words.count(word) > 1})
                    raise Broken("offered twice", ("edit", name), f"{twice} at {line + 1}:{column + 1}")


TARGETS = (
    Target(
        name="reading",
        kind="law",
        holds="a text is a deployment or has mistakes, each with a place in it and with what to do",
        input="deployment",
        judge=reading,
    ),
    Target(
        name="reader",
        kind="differential",
        holds="our reader and pydantic, made from the same declarations, read the same values and mistakes",
        input="deployment",
        judge=readers,
    ),
    Target(
        name="loader",
        kind="law",
        holds="no text, no bytes, no punctuation and no values of another type break the loader",
        input="bytes",
        judge=drawn(
            "language.test_laws:test_no_text_breaks_the_loader",
            "language.test_laws:test_no_punctuation_breaks_the_loader",
            "language.test_laws:test_no_values_break_the_loader",
            "language.test_laws:test_any_json_reads_as_itself",
        ),
    ),
    Target(
        name="claims",
        kind="law",
        holds="a value with evidence reads as the value, and nothing is left to lift",
        input="deployment",
        judge=claims,
    ),
    Target(
        name="notation",
        kind="differential",
        holds="YAML, and JSON of the same data with keys in another order, are the same deployment",
        input="deployment",
        judge=notation,
    ),
    Target(
        name="schema",
        kind="differential",
        holds="the JSON schema accepts what the reader accepts",
        input="deployment",
        judge=schema,
    ),
    Target(
        name="rewriting",
        kind="law",
        holds="an edited text reads as the document with the change, and lines of other sections stay",
        input="deployment",
        judge=rewriting,
    ),
    Target(
        name="edits",
        kind="law",
        holds="several edits at once read back as meant, in block style, JSON and with other line ends",
        input="bytes",
        judge=drawn("language.test_rewrite:test_whatever_is_edited_reads_back_as_meant"),
    ),
    Target(
        name="editor",
        kind="law",
        holds="at every place of a text that is being written there are offers, none twice, and no failure",
        input="deployment",
        judge=editing,
    ),
)
