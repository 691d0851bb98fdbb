"""
Rules on evidence itself: what a configuration shows, and no declaration can hold.

Each looks at the facts of one deployment, or at those that belong to none, and tells places with a message.
"""

from __future__ import annotations

from fedpolicy.findings import Reference, Severity
from fedpolicy.scan import (
    ANYWHERE,
    BUILT,
    NONE,
    STARTED_CLIENT,
    Evidence,
    EvidenceRule,
    Said,
    Strength,
    Told,
    evidence_rule,
    stating,
)
from fedpolicy.scan.outflow import OUTFLOW
from fedpolicy.scan.services import host_of

SECRET = "literal-secret"  # noqa: S105  the name of a rule
_HERE = ("localhost", "127.0.0.1", "::1")
_HE = "safeguard:homomorphic_encryption"
_NO_BOUND = ("PercentilePrivacy", "ExcludeVars")
_NVFLARE = Reference(basis="practice", title="nvflare 2.9.0", url="https://pypi.org/project/nvflare/2.9.0/")
_FLWR = Reference(basis="practice", title="flwr 1.42.0", url="https://pypi.org/project/flwr/1.42.0/")
_VANTAGE6 = Reference(
    basis="practice", title="vantage6, configure a node", url="https://docs.vantage6.ai/en/main/node/configure.html"
)
_REMOTE_CODE = Reference(
    basis="practice",
    title="Hugging Face Transformers, security policy",
    url="https://github.com/huggingface/transformers/blob/main/SECURITY.md",
)


def _keys_in_one_hand(said: Said) -> Told:
    amount = len({one.value for one in stating(said, "party", "node") if one.value})
    for one in stating(said, "private_keys"):
        if one.value == "central" and amount > 1:
            yield (
                one,
                f"the provisioner makes the private keys of all {amount} organisations, and can pose as any of them",
            )


def _one_party_for_all_sites(said: Said) -> Told:
    clients = {one.name for one in stating(said, "role", "node") if one.value == "client"}
    places = [one for one in stating(said, "party", "node") if one.name in clients]
    if len(places) > 1 and len({one.value for one in places}) == 1 and places[0].value:
        yield (
            places[0],
            f"`{places[0].value}` is the organisation of all {len(places)} sites, so whose data are whose stays open",
        )


def _filter_without_bound(said: Said) -> Told:
    for one in stating(said, "result_filter"):
        if one.value in _NO_BOUND:
            yield one, f"{one.value} is not differential privacy: nothing limits what its output still shows"


def _filter_that_lets_all_pass(said: Said) -> Told:
    for one in said:
        number = _number(one)
        open_ = (one.attribute == "gamma" and number is not None and number <= 0) or (
            one.attribute == "percentile" and number is not None and not 0 <= number <= 100  # noqa: PLR2004  per cent
        )
        if open_:
            yield one, f"with {one.attribute} {one.value}, PercentilePrivacy lets everything pass"


def _noise_of_zero(said: Said) -> Told:
    for one in stating(said, "noise"):
        if _number(one) == 0:
            yield one, "the filter that should add noise is set to add none"
    for one in stating(said, "noise_multiplier", "safeguard"):
        if one.strength is Strength.WIRED and _number(one) == 0:
            yield one, "the code that should add noise adds none: its noise multiplier is 0"


def encrypting(said: Said) -> list[Evidence]:
    """What encrypts with the key of provisioning: a filter, or boosting whose histograms are added up blindly."""
    boosts = [one for one in stating(said, "used") if (one.subject, one.value) == (_HE, "true")]
    return [*(one for one in stating(said, "he_filter") if one.value not in (None, NONE)), *boosts]


def _encryption_without_keys(said: Said) -> Told:
    without = [one for one in stating(said, "he_context") if one.value == NONE]
    for one in encrypting(said):
        if without:
            yield one, f"updates are to be encrypted, but {without[0].span.file} makes no keys for that"


def _one_key_for_all_sites(said: Said) -> Told:
    context = [one for one in stating(said, "he_context") if one.value not in (None, NONE)]
    for one in encrypting(said):
        if context:
            yield (
                one,
                "every site holds the key to all encrypted updates: a site that sees another's update can open it",
            )


def claims_without_code(said: Said) -> Told:
    """Only where the app's code was read: a strategy that is constructed shows that."""
    if not any(one.strength is Strength.WIRED for one in stating(said, "strategy", "app")):
        return
    read = {one.name for one in said if one.kind == "config"}
    wired = {one.subject for one in said if one.kind == "safeguard" and one.strength is Strength.WIRED}
    for one in said:
        claimed = one.kind == "safeguard" and one.attribute == "used" and one.value is None
        key = one.key.rpartition(".")[2]
        if claimed and one.subject not in wired and key not in read:
            what = one.name.replace("_", " ")
            yield one, f"`{key}` claims {what}, and no code of the app names the key or constructs {what}"


def _literal_secret(said: Said) -> Told:
    for one in stating(said, "literal"):
        default = (
            f"has a default in this file, which counts {one.note}:" if one.note else "is written in this file, where"
        )
        yield one, f"{one.name} {default} every reader of the repository sees it"


def _image_not_pinned(said: Said) -> Told:
    for one in stating(said, "image"):
        name = (one.value or "").rpartition("/")[2]
        moves = ":" not in name or name.endswith(":latest")
        # No image is named in capitals: a script puts the name there.
        if one.value and one.note != BUILT and "@sha256:" not in one.value and moves and not one.value.isupper():
            yield one, f"{one.value} has no digest: each pull may bring another image under that name"


def _telemetry_on(said: Said) -> Told:
    for one in stating(said, "telemetry", "node"):
        if one.value == "on":
            yield one, f"{one.name} sends usage data to Flower Labs: FLWR_TELEMETRY_ENABLED is not 0"


def _transport_open(said: Said) -> Told:
    local = {one.subject for one in stating(said, "address") if _stays_here(one)}
    for one in stating(said, "transport"):
        if one.value == NONE and one.subject not in local:
            yield (
                one,
                f"{one.name or 'the federation'} connects without encryption: anyone along the way can read it all",
            )


def _stays_here(address: Evidence) -> bool:
    """Whether a connection never leaves the machine. A server there is for all; a client that asks there is at home."""
    host = host_of(address.value or "")
    return host in _HERE or (host in ANYWHERE and address.subject == STARTED_CLIENT)


def _any_algorithm(said: Said) -> Told:
    for one in stating(said, "algorithms", "site"):
        if one.value == "any":
            yield one, "nothing limits which algorithms run here: the node runs whatever it is sent"


def _attestation_of_nothing(said: Said) -> Told:
    for one in stating(said, "attestation"):
        if "mock" in (one.value or "").lower():
            yield one, f"{one.value} attests nothing: it accepts everything"


def _host_keys_unchecked(said: Said) -> Told:
    for one in stating(said, "host_keys"):
        yield one, "ssh accepts any machine that answers for the host"


def _unpickles(said: Said) -> Told:
    for one in stating(said, "unpickles"):
        yield one, f"{one.value} runs whatever code the bytes hold, and in a federation they may come from a peer"


def _publisher_code(said: Said) -> Told:
    for one in stating(said, "runs", "code"):
        model = one.value or "the model"
        yield one, f"loading {model} runs code that its publisher can change" + (f" ({one.note})" if one.note else "")


def _number(one: Evidence) -> float | None:
    try:
        return float(one.value or "")
    except ValueError:
        return None


_HIGH, _MEDIUM, _LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW
_FRAMEWORK: tuple[EvidenceRule, ...] = (
    evidence_rule("any-algorithm-runs", _HIGH, "autonomy", _any_algorithm,
          title="A node runs any algorithm that it is sent", references=(_VANTAGE6,),
          why="Whoever may create a task can have any program read the site's data, and gets what it returns.",
          advice="vantage6: name the algorithms, or the stores that review them, under `policies`."),
    evidence_rule("attestation-of-nothing", _HIGH, "integrity", _attestation_of_nothing,
          title="An enclave's attestation is a mock", references=(_NVFLARE,),
          why="An enclave protects only if somebody checks what runs in it.",
          advice="Configure the authorizer of the hardware, such as SNPAuthorizer or TDXAuthorizer."),
    evidence_rule("claim-without-code", _HIGH, "verifiability", claims_without_code,
          title="A parameter claims a safeguard that no code uses", references=(_FLWR,),
          why="Keys of a Flower app's configuration are free text: they do what code does with them.",
          advice="Wrap the strategy, as in DifferentialPrivacyServerSideFixedClipping, or delete the key."),
    evidence_rule("encryption-without-keys", _HIGH, "verifiability", _encryption_without_keys,
          title="A job encrypts, but nothing makes its keys", references=(_NVFLARE,),
          why="HEModelEncryptor needs the context that HEBuilder puts into each startup kit.",
          advice="Add nvflare.lighter.impl.he.HEBuilder to the builders, or provision from the project that has it."),
    evidence_rule("filter-that-lets-all-pass", _HIGH, "verifiability", _filter_that_lets_all_pass,
          title="A filter is set so that it filters nothing", references=(_NVFLARE,),
          why="With numbers out of range, PercentilePrivacy returns what it got, and only its log says so.",
          advice="Set percentile between 0 and 100 and gamma above 0."),
    evidence_rule("filter-without-bound", _LOW, "verifiability", _filter_without_bound,
          title="A site's filter gives no guarantee", references=(_NVFLARE,),
          why="It leaves out or clips some values. No published bound says what can be learned from the others.",
          advice="Keep it if it is useful, and add secure aggregation or differential privacy."),
    evidence_rule("image-not-pinned", _LOW, "integrity", _image_not_pinned,
          title="A container image is not pinned",
          why="Anyone who may push to the registry can change what runs at every site.",
          advice="Pin a digest: image@sha256:..."),
    evidence_rule("keys-in-one-hand", _MEDIUM, "autonomy", _keys_in_one_hand,
          title="One party makes everybody's private keys", references=(_NVFLARE,),
          why="CertBuilder stores each participant's key beside its certificate. Who has them can sign in as any site.",
          advice="Let each site make its own key, and ask for a certificate: `nvflare cert request`."),
    evidence_rule(SECRET, _HIGH, "integrity", _literal_secret,
          title="A secret is written in a file",
          why="It stays in the history of the repository after it is deleted.",
          advice="Make a new secret, and refer to it by ${NAME}, a secrets file or a secret store."),
    evidence_rule("model-code-not-pinned", _MEDIUM, "integrity", _publisher_code,
          title="A model is loaded with code of its publisher", references=(_REMOTE_CODE,),
          why="Anyone who may push to the model's repository can run programs at the site, beside its data.",
          advice="Read that code and name its commit (`revision`), or take a model that needs none of its own."),
    evidence_rule("noise-of-zero", _HIGH, "output-privacy", _noise_of_zero,
          title="A noise filter adds no noise",
          why="The filter is listed, and with this number it changes nothing.",
          advice="Set the noise that the privacy budget asks for, or take the filter out."),
    evidence_rule("one-key-for-all-sites", _MEDIUM, "input-privacy", _one_key_for_all_sites,
          title="Homomorphic encryption with one key for all sites", references=(_NVFLARE,),
          why="HEBuilder saves the same secret key for each client. That keeps the server out, but no site.",
          advice="Keep single updates away from other sites, and add differential privacy against what sums show."),
    evidence_rule("one-party-for-all-sites", _LOW, "autonomy", _one_party_for_all_sites,
          title="One organisation stands for all sites", references=(_NVFLARE,),
          why="Certificates and permissions are by organisation, so each site may do what any other may.",
          advice="Give each site the organisation that runs it."),
    evidence_rule("peer-data-unpickled", _HIGH, "integrity", _unpickles,
          title="Data from other sites is unpickled",
          why="Unpickling runs any code that the bytes hold.",
          advice="Send arrays, or use a format without code, such as safetensors."),
    evidence_rule("ssh-host-unchecked", _MEDIUM, "integrity", _host_keys_unchecked,
          title="ssh does not check whom it talks to",
          why="Anyone along the way can take the host's place and read what is sent.",
          advice="Put the host's key into known_hosts."),
    evidence_rule("telemetry-on", _LOW, "data-minimisation", _telemetry_on,
          title="A program reports its use to its makers", references=(_FLWR,),
          why="Flower sends events and facts about the machine unless the environment switches that off.",
          advice="Set FLWR_TELEMETRY_ENABLED=0."),
    evidence_rule("transport-open", _HIGH, "input-privacy", _transport_open,
          title="A connection of the federation is not encrypted",
          why="Anyone along the way can learn from updates about the data behind them.",
          advice="Flower: --ssl-certfile, --root-certificates. NVFLARE: connection_security: mtls. gRPC: secure port."),
)  # fmt: skip
RULES = (*_FRAMEWORK, *OUTFLOW)
