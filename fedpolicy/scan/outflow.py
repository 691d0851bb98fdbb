"""Rules on what leaves a site beside the federation: to models of others, to trackers, in copies, and to anybody."""

from __future__ import annotations

from dataclasses import replace

from fedpolicy.findings import Severity, Verdict
from fedpolicy.scan.evidence import NONE, Evidence, Strength
from fedpolicy.scan.rule import EvidenceRule, Said, Told, evidence_rule, stating
from fedpolicy.scan.services import is_own

__all__ = ["CALLS", "CLOSER", "OUTFLOW"]

CALLS = "model-of-others"
CLOSER = ("gateway-falls-back", "model-elsewhere")  # say more of a call than that there is one

_ANY_HOST = ("80", "443", "all", "http", "https", "0-65535", "1-65535")
_LOCAL = ("file:", "sqlite:", "/", "./", "postgresql:", "mysql:")  # where trackers keep runs without a server
_TELLING = ("labels", "model_update")  # of what scripts copy, what shows single cases


def _model_of_others(said: Said) -> Told:
    for one in _asking(said):
        if one.name != "unknown":
            asked, sent = _nearest(said, "model", one), _nearest(said, "sends", one)
            model = f"{asked} of {one.name}" if asked else one.name
            model += f", with what is read from {sent}" if sent else ""
            yield one, f"asks a model that others run, {model}" + (f" ({one.note})" if one.note else "")


def _nearest(said: Said, attribute: str, call: Evidence) -> str | None:
    """What is said of a call nearest to it in its file; elsewhere, only where one thing is said."""
    there = [one for one in stating(said, attribute, "call") if one.subject == call.subject]
    near = [one for one in there if one.span.file == call.span.file]
    if near:
        known = [one for one in near if one.value]
        first = min(known, key=lambda one: (abs(one.span.line - call.span.line), one.span.line), default=None)
        return first.value if first else None
    # Code is spread over modules; what one gateway asks says nothing of another.
    code = {one.value for one in there if one.value and one.strength is call.strength is Strength.WIRED}
    return code.pop() if len(code) == 1 else None


def _falls_back(said: Said) -> Told:
    for one in _new_recipients(said):
        first = (one.value or "").removeprefix("gateway:")
        yield one, f"where {first} fails, the same prompts go to {one.name}"


def _new_recipients(said: Said) -> list[Evidence]:
    """Whom a gateway asks only after somebody else, where that is somebody else."""
    return [one for one in stating(said, "fallback", "call") if not one.note]


def _key_of_a_model(said: Said) -> Told:
    """Where the same file shows the call itself, that is told, and not the key."""
    made = {(one.name, one.span.file) for one in _asking(said)}
    for one in stating(said, "used", "call"):
        known = (one.name, one.span.file) in made
        if one.value is None and one.strength is Strength.CONFIGURED and not known:
            yield one, f"may ask a model that others run, of {one.name}: {one.note}"


def _model_at_unknown_address(said: Said) -> Told:
    for one in _asking(said):
        if one.name == "unknown":
            yield one, "asks a model, and no file says where it runs" + (f": {one.note}" if one.note else "")


def _asking(said: Said) -> list[Evidence]:
    made = ("made", "from", "used")
    return [one for one in said if one.kind == "call" and one.attribute in made and one.value not in (None, NONE)]


def _egress_open(said: Said) -> Told:
    for one in stating(said, "egress_port"):
        if one.value in _ANY_HOST:
            what = "every port is" if one.value == "all" else f"port {one.value} is"
            if one.kind in ("workload", "policy", "firewall"):
                yield one, f"{one.name} may send to any host: {what} open, and no destination is named"
            else:
                yield one, f"{what} open to every host, so the enclave does not keep data in"


def _files_leave(said: Said) -> Told:
    for one in stating(said, "payload", "transfer"):
        if one.value in _TELLING:
            what = f"{one.name} are copied to another machine, beside the federation: they are {one.value}"
            yield one, what.replace("_", " ")


def _tracker_of_others(said: Said) -> Told:
    """Where reports go to an address of others, and nothing of the deployment switches them off or keeps them."""
    kept = {one.subject for one in stating(said, "used", "tracker") if one.value == NONE}
    for one in stating(said, "address", "tracker"):
        ours = one.value is None or is_own(one.value) or one.value.startswith(_LOCAL)
        if not ours and one.subject not in kept:
            yield one, f"reports to {one.name} at {one.value}" + (f" ({one.note})" if one.note else "")


def _upload(said: Said) -> Told:
    for one in stating(said, "made", "upload"):
        yield one, f"`{one.value}` sends files to a registry of others, {one.name}"


def _documents_at_others(said: Said) -> Told:
    for one in said:
        held = one.attribute == "vector_store" and one.value not in (None, "own")
        used = one.kind == "vector_store" and one.value == "true"
        if held or used:
            yield one, f"keeps pieces of documents and what they embed to at {one.value if held else one.name}"


def _processed_elsewhere(said: Said) -> Told:
    """Where a model is asked, or may process prompts, outside of the regions of everything else."""
    homes = ", ".join(_homes(said))
    for one in _elsewhere(said):
        if one.attribute == "region":
            yield one, f"{one.name} is asked in {one.value}, and the rest of these files is in {homes}"
        elif one.attribute == "profile":
            where = "the world" if one.value == "global" else f"`{one.value}`"
            yield one, f"{one.name} may process prompts in any region of {where}"
        else:
            known = next((f", although the account is in {each.value}" for each in said if _accounts(each, one)), "")
            yield one, f"{one.name} may process prompts anywhere{known}"


def _elsewhere(said: Said) -> list[Evidence]:
    homes = _homes(said)
    areas = {_AREAS.get(home.partition("-")[0], "") for home in homes} - {""}
    away = [one for one in stating(said, "region", "call") if homes and one.value and one.value not in homes]
    wide = [
        one for one in stating(said, "profile", "call") if one.value == "global" or (areas and one.value not in areas)
    ]
    return [*away, *wide, *(one for one in stating(said, "processed", "call") if one.value == "anywhere")]


def _homes(said: Said) -> list[str]:
    return sorted({one.value for one in stating(said, "region") if one.value and _is_home(one)})


def _is_home(one: Evidence) -> bool:
    return one.kind in ("cloud", "workload") and "." not in one.name


def _accounts(each: Evidence, one: Evidence) -> bool:
    return (each.subject, each.attribute) == (one.subject, "region") and each.value is not None


_AREAS = {"eu": "eu", "us": "us", "ap": "apac"}  # of AWS: what its regions begin with, and what its profiles do
_HIGH, _MEDIUM = Severity.HIGH, Severity.MEDIUM
OUTFLOW: tuple[EvidenceRule, ...] = (
    evidence_rule("documents-at-others", _HIGH, "data-locality", _documents_at_others,
          title="Documents are kept in a store that others run",
          why="A vector store holds the texts themselves, and embeddings give most of a text back.",
          advice="Run the store yourself, or declare the flow and its terms (`fedpolicy import`)."),
    evidence_rule("egress-open", _MEDIUM, "data-locality", _egress_open,
          title="A site's programs may talk to every host",
          why="Where every host can be reached, nothing outside of the code keeps data in, in an enclave or not.",
          advice="Name the destinations: the hosts of the federation, and whatever else is meant."),
    evidence_rule("files-leave-beside", _MEDIUM, "data-locality", _files_leave,
          title="A script copies what the federation protects",
          why="A copy of a site's checkpoint is its update without any safeguard; predictions are labels of patients.",
          advice="Copy what was aggregated, or declare the flow and protect it."),
    replace(evidence_rule("model-at-unknown-address", _HIGH, "data-locality", _model_at_unknown_address,
          title="Code asks a model, and nobody can tell whose",
          why="Where the address comes from the environment, whoever sets it decides who sees the prompts.",
          advice="Write the address down, or declare who runs the model (`fedpolicy import`)."),
          verdict=Verdict.UNKNOWN),
    replace(evidence_rule("model-may-be-asked", _MEDIUM, "data-locality", _key_of_a_model,
          title="A program may ask a model that others run",
          why="A key, a permission or an open way is there for a reason. What is sent, the files do not say.",
          advice="Declare the call (`fedpolicy import`), or take the key away from where nobody needs it."),
          verdict=Verdict.UNKNOWN),
    evidence_rule("gateway-falls-back", _HIGH, "data-locality", _falls_back,
          title="A gateway falls back to a model of another party",
          why="Whoever stands in sees the prompts on the day that the first choice fails, and nobody is asked again.",
          advice="Let a model of the same party stand in, or declare the call with its `fallback`."),
    evidence_rule("model-elsewhere", _HIGH, "data-locality", _processed_elsewhere,
          title="A model is asked outside of where everything else is",
          why="Prompts are processed, and may be kept, under the law of that place.",
          advice="Ask the model in a region of your own, by a profile or a deployment that stays there."),
    evidence_rule(CALLS, _HIGH, "data-locality", _model_of_others,
          title="Code calls a model that others run",
          why="Whoever runs a model sees what is sent to it, whatever the federation does to protect updates.",
          advice="Declare what is sent and under which terms (`fedpolicy import`), or run a model of your own."),
    evidence_rule("tracker-of-others", _MEDIUM, "data-minimisation", _tracker_of_others,
          title="Runs are reported to a service of others",
          why="Curves of a site, its samples and what it asked of a model leave with each step.",
          advice="Run a server of your own, switch it off, or declare the tracker (`fedpolicy import`)."),
    replace(evidence_rule("upload-to-others", _MEDIUM, "data-locality", _upload,
          title="Code uploads to a registry of others",
          why="Weights repeat what they were trained on, and a registry may show them to everybody.",
          advice="Upload what was aggregated only, to a place that the parties have agreed on."),
          verdict=Verdict.UNKNOWN),
)  # fmt: skip
