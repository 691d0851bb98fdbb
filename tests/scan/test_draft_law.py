"""Whatever a project calls its sites, its draft can be read, and no site is lost or told twice."""

from __future__ import annotations

import json

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fedpolicy.check import catalog_of
from fedpolicy.language.reading import load_text
from fedpolicy.scan.draft import draft_of
from fedpolicy.scan.gather import Fact
from fedpolicy.scan.groups import projects_of
from fedpolicy.scan.importers import importers
from fedpolicy.scan.reading import File
from fedpolicy.scan.services import Services
from fedpolicy.settings import Settings
from tests.laws import examples

CATALOG = catalog_of(Settings())
NAMES = st.sampled_from(
    [
        "a",
        "a b",
        "a-b",
        "a.b",
        "public",
        "unknown",
        "1",
        "no",
        "TODO",
        "x-1",
        "é",
        "openai",
        "ß-ß",
        "-",
        "n" * 2000,
        "n" * 1999 + "m",
    ]
)
PARTICIPANTS = st.lists(
    st.tuples(NAMES, st.sampled_from(["client", "client", "server", "relay", "admin"]), NAMES), min_size=1, max_size=6
)


def facts_of(participants):
    """What importers say of a project with these participants, and of code that calls a model."""
    listed = [{"name": name, "type": kind, "org": org} for name, kind, org in participants]
    text = f"participants: {json.dumps(listed)}\nbuilders: [{{path: nvflare.lighter.impl.cert.CertBuilder}}]\n"
    services = Services()
    code = b"import openai\nopenai.OpenAI()\n"
    files = [File("p/project.yml", text.encode(), services), File("p/call.py", code, services)]
    asked = [(file, who, each) for file in files for who, each in importers().items() if each.wants(file)]
    return [Fact(evidence=one, importer=who) for file, who, each in asked for one in each.read(file)]


@settings(deadline=None, max_examples=examples(few=60))
@given(PARTICIPANTS)
def test_a_draft_can_be_read(participants):
    kinds = {name: kind for name, kind, _ in reversed(participants) if kind != "admin"}
    assume(kinds)
    (group,) = projects_of(facts_of(participants))
    draft = draft_of(group)
    loaded = load_text(draft.text, draft.file, CATALOG)
    assert [str(error) for error in loaded.errors] == []
    (document,) = loaded.documents
    clients = [one for one in document.deployment.nodes.values() if one.kind == "client"]
    assert len(clients) == (list(kinds.values()).count("client") or 2)
    assert "openai" in document.deployment.parties
