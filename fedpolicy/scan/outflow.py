"""Rules on what leaves a site beside the federation: to models of others, to trackers, in copies, and to anybody."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from operator import itemgetter

from fedpolicy.findings import Severity, Verdict
from fedpolicy.scan import NONE, Evidence, EvidenceRule, Said, Strength, Told, evidence_rule, stating
from fedpolicy.scan.services import OTHERWISE, is_own

CALLS = "model-of-others"
CLOSER = ("gateway-falls-back", "model-elsewhere")  # say more of a call than that there is one

_ANY_HOST = ("80", "443", "all", "http", "https", "0-65535", "1-65535")
_LOCAL = ("file:", "sqlite:", "/", "./", "postgresql:", "mysql:")  # where trackers keep runs without a server
_TELLING = {"labels": "labels", "model_update": "model updates"}  # of what scripts copy, what shows single cases


def _model_of_others(said: Said) -> Told:
    models, sends = _Nearest(said, "model"), _Nearest(said, "sends")
    for one in _asking(said):
        if one.name != "unknown":
            asked, sent = models.to(one), sends.to(one)
            model = f"{asked} of {one.name}" if asked else one.name
            model += f", with data read from {sent}" if sent else ""
            yield one, f"calls a model that others run: {model}" + (f" ({one.note})" if one.note else "")


class _Nearest:
    """What is said of a call nearest to it in its file; elsewhere, only where one thing is said."""

    def __init__(self, said: Said, attribute: str) -> None:
        self._files: dict[tuple[str, str], list[tuple[int, str]]] = {}
        self._code: dict[str, set[str]] = {}
        for one in stating(said, attribute, "call"):
            listed = self._files.setdefault((one.subject, one.span.file), [])
            if one.value:
                listed.append((one.span.line, one.value))
            if one.value and one.strength is Strength.WIRED:
                self._code.setdefault(one.subject, set()).add(one.value)
        for listed in self._files.values():
            listed.sort(key=itemgetter(0))

    def to(self, call: Evidence) -> str | None:
        """The value next to a call."""
        near = self._files.get((call.subject, call.span.file))
        if near is not None:
            at = bisect_left(near, call.span.line, key=itemgetter(0))
            before = bisect_left(near, near[at - 1][0], key=itemgetter(0)) if at else 0
            beside = [*near[before : before + 1], *near[at : at + 1]]
            return min(beside, key=lambda one: (abs(one[0] - call.span.line), one[0]), default=(0, None))[1]
        # Code is spread over modules; what one gateway asks says nothing of another.
        code = self._code.get(call.subject, set())
        return next(iter(code)) if len(code) == 1 and call.strength is Strength.WIRED else None


def _falls_back(said: Said) -> Told:
    for one in _new_recipients(said):
        first = (one.value or "").removeprefix("gateway:")
        yield one, f"if {first} fails, the same prompts go to {one.name}"


def _new_recipients(said: Said) -> list[Evidence]:
    """Whom a gateway asks only after somebody else, where that is somebody else."""
    return [one for one in stating(said, "fallback", "call") if not one.note]


def _key_of_a_model(said: Said) -> Told:
    """Where the same program shows the call itself, that is told, and not the key; one reason is told once of each."""
    known = {(one.name, _program(one)) for one in _asking(said)}
    told = set[tuple[str, str, str]]()
    for one in stating(said, "used", "call"):
        place = (one.name, _program(one))
        if one.value is None and one.strength is Strength.CONFIGURED and place not in known:
            if (*place, one.note) not in told:
                yield one, f"may call a model of {one.name}: {one.note}"
            told.add((*place, one.note))


def _program(one: Evidence) -> str:
    """All modules of Python are taken for one program, a folder of Terraform for one; another file stands alone."""
    folder, _, name = one.span.file.rpartition("/")
    if name.endswith((".py", ".ipynb")):
        return ".py"
    return folder + "/" if name.endswith((".tf", ".tofu")) else one.span.file


def _model_at_unknown_address(said: Said) -> Told:
    for one in _asking(said):
        if one.name == "unknown":
            yield one, "calls a model, and no file says where it runs" + (f": {one.note}" if one.note else "")


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
            name = one.name.replace("_", " ")
            yield one, f"{name} are copied to another machine, outside the federation: they hold {_TELLING[one.value]}"


def _tracker_of_others(said: Said) -> Told:
    """Where reports go to an address of others, and nothing of the deployment switches them off or keeps them."""
    kept = {one.subject for one in stating(said, "used", "tracker") if one.value == NONE}
    addresses = stating(said, "address", "tracker")
    said_otherwise = {one.subject for one in addresses if one.value and not one.note.startswith(OTHERWISE)}
    for one in addresses:
        ours = one.value is None or is_own(one.value) or one.value.startswith(_LOCAL)
        default = one.note.startswith(OTHERWISE) and one.subject in said_otherwise
        if not (ours or default or one.subject in kept):
            yield one, f"reports to {one.name} at {one.value}" + (f" ({one.note})" if one.note else "")


def _upload(said: Said) -> Told:
    for one in stating(said, "made", "upload"):
        yield one, f"`{one.value}` uploads files to {one.name}, a registry that others run"


def _documents_at_others(said: Said) -> Told:
    for one in said:
        held = one.attribute == "vector_store" and one.value not in (None, "own")
        used = one.kind == "vector_store" and one.value == "true"
        if held or used:
            yield one, f"keeps pieces of documents and their embeddings at {one.value if held else one.name}"


def _processed_elsewhere(said: Said) -> Told:
    """Where a model is asked, or may process prompts, outside of the regions of everything else."""
    homes = ", ".join(_homes(said))
    for one in _elsewhere(said):
        if one.attribute == "region":
            yield one, f"{one.name} is called in {one.value}, but everything else in these files is in {homes}"
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
          title="A site's programs may send to any host",
          why="If any host can be reached, only the code itself keeps data in, even in an enclave.",
          advice="Name the destinations: the hosts of the federation, and any other that is meant."),
    evidence_rule("files-leave-beside", _MEDIUM, "data-locality", _files_leave,
          title="A script copies what the federation protects",
          why="A copy of a site's checkpoint is its update without safeguards; predictions give away patients' labels.",
          advice="Copy only what was aggregated, or declare the flow and protect it."),
    replace(evidence_rule("model-at-unknown-address", _HIGH, "data-locality", _model_at_unknown_address,
          title="Code calls a model, and no file says who runs it",
          why="If the address comes from the environment, the person who sets it decides who sees the prompts.",
          advice="Write the address down, or declare who runs the model (`fedpolicy import`)."),
          verdict=Verdict.UNKNOWN),
    replace(evidence_rule("model-may-be-asked", _MEDIUM, "data-locality", _key_of_a_model,
          title="A program may call a model that others run",
          why="A key, a permission or an open route is there for a reason. The files do not say what is sent.",
          advice="Declare the call (`fedpolicy import`), or take the key away from where nobody needs it."),
          verdict=Verdict.UNKNOWN),
    evidence_rule("gateway-falls-back", _HIGH, "data-locality", _falls_back,
          title="A gateway falls back to a model of another party",
          why="The stand-in sees the prompts on the day the first choice fails, and nobody is asked first.",
          advice="Let a model of the same party stand in, or declare the call with its `fallback`."),
    evidence_rule("model-elsewhere", _HIGH, "data-locality", _processed_elsewhere,
          title="A model is called outside the region of everything else",
          why="Prompts are processed, and may be kept, under the law of that place.",
          advice="Call the model in your own region, by a profile or a deployment that stays there."),
    evidence_rule(CALLS, _HIGH, "data-locality", _model_of_others,
          title="Code calls a model that others run",
          why="The party that runs a model sees what is sent to it, however well the federation protects updates.",
          advice="Declare what is sent and under which terms (`fedpolicy import`), or run a model of your own."),
    evidence_rule("tracker-of-others", _MEDIUM, "data-minimisation", _tracker_of_others,
          title="Runs are reported to a service that others run",
          why="Each step sends out the site's metrics, and often samples and prompts.",
          advice="Run a server of your own, switch reporting off, or declare the tracker (`fedpolicy import`)."),
    replace(evidence_rule("upload-to-others", _MEDIUM, "data-locality", _upload,
          title="Code uploads to a registry that others run",
          why="Weights can repeat what they were trained on, and a registry may show them to everybody.",
          advice="Upload only what was aggregated, to a place that the parties have agreed on."),
          verdict=Verdict.UNKNOWN),
)  # fmt: skip
