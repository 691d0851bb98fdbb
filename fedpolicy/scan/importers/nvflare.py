"""NVIDIA FLARE: provisioning, site policies, confidential computing, launchers, study runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan import NONE, Evidence, ForeignNode
from fedpolicy.scan.reading.components import at, class_label, class_name, class_of, filters

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File

_YAML = (".yml", ".yaml")


def wants(file: File) -> bool:
    """By name, and by one word that has to stand in it."""
    return _reader(file) is not None


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    reader = _reader(file)
    return reader(file) if reader else ()


def _reader(file: File) -> Callable[[File], Iterable[Evidence]] | None:
    name, content = file.path.name, file.content
    plain = name.removesuffix(".default")
    named = {
        "privacy.json": (b"scopes", _privacy),
        "authorization.json": (b"permissions", _authorization),
        "resources.json": (b"components", _resources),
        "study_runtime.yaml": (b"studies", _studies),
    }
    if plain in named:
        word, reader = named[plain]
        return reader if word in content else None
    return _yaml(content) if name.endswith(_YAML) else None


def _yaml(content: bytes) -> Callable[[File], Iterable[Evidence]] | None:
    if b"participants:" in content and b"builders:" in content:
        return _project
    if b"cc_cpu_mechanism:" in content or b"cc_issuers:" in content:
        return _confidential
    return _deploy if b"runtime:" in content and (b"job_launcher:" in content or b"parent:" in content) else None


def _project(file: File) -> Iterator[Evidence]:
    root = file.tree
    for participant in root.each("participants"):
        yield from _participant(participant)
    builders = {class_of(one): one for one in root.each("builders")}
    place = root.get("builders")
    if place is None:
        return
    certificates = builders.get("CertBuilder")
    yield from _transport(root, certificates)
    yield _encryption(builders.get("HEBuilder"), place)
    if certificates:
        yield at(certificates, "path").says("federation", "private_keys", "central")
    packager = root.get("packager", "path")
    if packager and "CCBuilder" in builders:
        yield packager.says("federation", "confidential_computing", class_name(packager.value))
    for name in ("StaticFileBuilder", "DockerBuilder"):
        image = builders[name].get("args", "docker_image") if name in builders else None
        if image:
            yield image.tells("federation", "image")


def _encryption(builder: ForeignNode | None, place: ForeignNode) -> Evidence:
    """Whether keys for homomorphic encryption are made; `place` lists all that is made."""
    if builder is None:
        return place.says("federation", "he_context", NONE)
    scheme = builder.get("args", "scheme")
    return scheme.tells("federation", "he_context") if scheme else builder.says("federation", "he_context", "CKKS")


_KEYS = ("fed_learn_port", "admin_port", "default_host", "cc_config", "enable_byoc", "listening_host")
_OF_A_PARTICIPANT = {one: one for one in _KEYS}


def _participant(node: ForeignNode) -> Iterator[Evidence]:
    name, kind = node.text("name"), node.text("type")
    if name is None or kind is None:
        return
    if kind == "overseer" and node.text("overseer_exists") != "true":
        return
    subject = f"admin:{name}" if kind == "admin" else f"node:{name}"
    if kind != "admin":
        yield at(node, "type").says(subject, "role", kind)
    roles = {"role": "role", "roles": "role"} if kind == "admin" else {}
    for key, attribute in {"org": "party", **roles, **_OF_A_PARTICIPANT}.items():
        if found := node.get(key):
            yield found.tells(subject, attribute)
    if security := node.get("connection_security"):
        yield from _security(security, subject)


def _transport(root: ForeignNode, certificates: ForeignNode | None) -> Iterator[Evidence]:
    if security := root.get("connection_security"):
        yield from _security(security, "federation")
    elif certificates:
        # nvflare 2.9.0, lighter/impl/static_file.py: without the key, both sides show a certificate.
        yield at(certificates, "path").says("federation", "transport", "mtls", note="the default of NVFLARE")


def _security(node: ForeignNode, subject: str) -> Iterator[Evidence]:
    said = {"clear": "none", "tls": "tls", "mtls": "mtls"}.get(str(node.value))
    yield node.says(subject, "transport", said)


def _privacy(file: File) -> Iterator[Evidence]:
    root = file.tree
    for scope in root.each("scopes"):
        subject = f"scope:{scope.text('name') or '?'}"
        yield from filters(root, scope, subject, list(scope.each("task_result_filters")), "result_filter")
        yield from filters(root, scope, subject, list(scope.each("task_data_filters")), "data_filter")
    if default := root.get("default_scope"):
        yield default.tells("site", "default_scope")


def _authorization(file: File) -> Iterator[Evidence]:
    for role, rights in file.tree.items("permissions"):
        if not isinstance(rights.value, dict):
            yield _listed(rights, f"right:{role}", "all")
        for right, value in rights.items():
            yield _listed(value, f"right:{role}", right)


def _listed(node: ForeignNode, subject: str, attribute: str) -> Evidence:
    if isinstance(node.value, tuple):
        return node.says(subject, attribute, ", ".join(map(str, node.value)))
    return node.tells(subject, attribute)


def _resources(file: File) -> Iterator[Evidence]:
    root = file.tree
    place = root.get("components")
    if place is None:
        return
    said = [fact for one in root.each("components") for fact in _component(one)]
    yield from said
    told = {one.attribute for one in said}
    known = all((one.text("path") or "").startswith("nvflare.") for one in root.each("components"))
    for attribute in (one for one in ("security_handler", "telemetry") if one not in told):
        note = "" if known else "a class of the project, not read"
        yield place.says("site", attribute, NONE if known else None, note=note)
    for allowed in root.each("class_allow_list"):
        yield allowed.tells("site", "allowed_class")


def _component(one: ForeignNode) -> Iterator[Evidence]:
    name = class_of(one)
    if name in ("ListResourceManager", "GPUResourceManager"):
        yield from _gpus(one)
    elif name.endswith("JobLauncher"):
        yield at(one, "path").says("site", "launcher", name)
    elif name == "StatsDReporter":
        address = f"statsd://{one.text('args', 'host')}:{one.text('args', 'port')}"
        yield at(one, "path").says("site", "telemetry", None if "None" in address else address)
    elif "security" in f"{one.text('path')} {one.text('id')}".lower():
        yield at(one, "path").says("site", "security_handler", class_label(one))


def _gpus(one: ForeignNode) -> Iterator[Evidence]:
    listed, counted = one.get("args", "resources", "gpu"), one.get("args", "num_of_gpus")
    if listed and isinstance(listed.value, tuple):
        yield listed.says("site", "gpus", len(listed.value))
    elif counted:
        yield counted.tells("site", "gpus")


def _confidential(file: File) -> Iterator[Evidence]:
    root = file.tree
    for key, attribute in (("compute_env", "compute_env"), ("cc_cpu_mechanism", "tee"), ("role", "role")):
        if found := root.get(key):
            yield found.tells("site", attribute)
    for issuer in root.each("cc_issuers"):
        yield at(issuer, "path").says("site", "attestation", class_of(issuer))
    for port in root.each("allowed_out_ports"):
        yield port.tells("site", "egress_port")


def _deploy(file: File) -> Iterator[Evidence]:
    root = file.tree
    runtime = root.get("runtime")
    if runtime is None or runtime.value not in ("docker", "k8s", "slurm"):
        return
    yield runtime.tells("site", "runtime")
    if image := root.get("parent", "docker_image"):
        yield image.tells("site", "image")
    security = root.get("parent", "internal_connection_security")
    yield security.tells("site", "internal_transport") if security else root.says("site", "internal_transport", "mtls")


def _studies(file: File) -> Iterator[Evidence]:
    for study, said in file.tree.items("studies"):
        if image := said.get("container", "image"):
            yield image.tells(f"study:{study}", "image")
        for name, dataset in said.items("datasets"):
            source = dataset.get("source")
            yield (
                source.tells(f"dataset:{name}", "location")
                if source
                else dataset.says(f"dataset:{name}", "location", None)
            )
        for name, secret in said.items("secret_env"):
            yield secret.says(f"secret:{name}", "held_by", "site")
