"""What resources of clouds say of models and workloads, whether Terraform's files or its plans have them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from fedpolicy.records import dataclass, replace
from fedpolicy.scan import Evidence, ForeignNode
from fedpolicy.scan.reading.variables import Variable, told, variables
from fedpolicy.scan.services import Services

Resolve = Callable[[object], tuple[str | None, bool]]
_ARN = re.compile(r"arn:aws[\w-]*:bedrock:([\w*-]*):[^:]*:(?:foundation-model|inference-profile)/(.+)")
_REFERENCE = re.compile(r"\$\{[^}]*\}(?=.*/)")
_PROFILE = re.compile(r"(us|eu|apac|jp|au|ca|global|us-gov)\.[a-z]")
_CLOUDS = {"aws": "aws", "google": "google", "azurerm": "azure"}
_HOSTS = (
    "aws_instance", "aws_ecs_service", "aws_ecs_task_definition", "aws_eks_cluster", "aws_eks_node_group",
    "google_container_cluster", "google_compute_instance", "azurerm_kubernetes_cluster",
    "azurerm_linux_virtual_machine", "azurerm_container_app",
)  # fmt: skip
# Programs whose machines nobody sees, and where these get their variables from.
_PROGRAMS = (
    "aws_lambda_function", "aws_apprunner_service", "azurerm_*_web_app", "azurerm_*_function_app",
    "azurerm_container_app", "google_cloud_run_*", "google_cloudfunctions*_function",
    "kubernetes_*",
)  # fmt: skip
_ENVIRONMENTS = ("variables", "app_settings", "runtime_environment_variables", "environment_variables")
# A block of a resource, or a switch in it, that makes its memory confidential.
_ENCLAVES = {
    ("confidential_nodes", "enabled"): "confidential_nodes",
    ("confidential_instance_config", "enable_confidential_compute"): "confidential_instance",
    ("enclave_options", "enabled"): "nitro_enclave",
}
_SKUS = {"Global": "anywhere", "DataZone": "zone"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """
    One resource: its type and name, where it stands, what it says, and how references in it are looked up.

    `optional` is the place of what decides whether it is there at all; `region` is that of its provider.
    """

    kind: str
    name: str
    place: ForeignNode
    node: ForeignNode
    resolve: Resolve
    optional: ForeignNode | None = None
    region: str | None = None

    def text(self, *steps: str | int) -> str | None:
        """A value in it, where it is known."""
        found = self.node.get(*steps)
        return self.resolve(found.value)[0] if found else None

    def used(self, name: str) -> Evidence:
        """That it asks a service, or may."""
        if self.optional:
            note = "a variable decides whether it is deployed"
            return self.optional.says(f"call:{name}", "used", None, note=note)
        return self.place.says(f"call:{name}", "used", "true")

    def says(self, node: ForeignNode, subject: str, attribute: str) -> Evidence:
        """What a place in it says in its own words; a value that somebody may set says so."""
        value, may_change = self.resolve(node.value)
        return node.says(subject, attribute, value, note="a default of a variable" if may_change else "")


def profile_of(model: str) -> str | None:
    """The area in which a profile of Bedrock may have prompts processed: `us.`, `eu.`, `global.`, ..."""
    found = _PROFILE.match(model)
    return found[1] if found else None


def resource(services: Services, one: Resource) -> Iterator[Evidence]:
    """What one resource says."""
    row = next((row for pattern, row in services.resources if fnmatchcase(one.kind, pattern)), None)
    if row:
        yield one.used(row.id)
        yield from () if one.optional else _models(one, row.id)
    yield from _permissions(services, one)
    for kinds, say in _SAY.items():
        if one.kind in kinds:
            yield from say(services, one)
    if one.kind in _HOSTS:
        yield from _host(services, one)
    if any(fnmatchcase(one.kind, pattern) for pattern in _PROGRAMS):
        yield from told(services, f"workload:{one.name}", _settings(one.node))


def said_of(one: Resource, found: ForeignNode, name: str) -> Iterator[Evidence]:
    """The model, its region and its area, as a text with a resource name of AWS in it says."""
    text, may_change = one.resolve(found.value)
    # Of a name whose region is open, the model is not.
    arn = _ARN.fullmatch(text or _REFERENCE.sub("*", str(found.value)))
    note = "a default of a variable" if may_change else ""
    if arn and arn[2] != "*":
        said = found.says(f"call:{name}", "model", arn[2], note="")
        yield said
        if profile := profile_of(arn[2]):
            yield replace(said, attribute="profile", value=profile)
        if arn[1] not in ("", "*"):
            yield replace(said, attribute="region", value=arn[1], note=note)


def _models(one: Resource, name: str) -> Iterator[Evidence]:
    found = [node for node in _leaves(one.node) if isinstance(node.value, str) and "bedrock:" in node.value]
    told_region = False
    for node in found:
        for said in said_of(one, node, name):
            told_region = told_region or said.attribute == "region"
            yield said
    for key in ("model_id", "foundation_model"):
        if (model := one.node.get(key)) and not _ARN.fullmatch(str(model.value)):
            said = one.says(model, f"call:{name}", "model")
            yield said
            if profile := profile_of(said.value or ""):
                yield replace(said, attribute="profile", value=profile)
    if one.region and not told_region:
        yield one.place.says(f"call:{name}", "region", one.region)


def _permissions(services: Services, one: Resource) -> Iterator[Evidence]:
    """Statements that let somebody ask a model: they make it possible, and prove nothing."""
    for statement in _maps(one.node):
        actions = statement.get("actions") or statement.get("Action")
        effect = statement.text("effect") or statement.text("Effect") or "Allow"
        listed = actions.one_or_each() if actions else ()
        row = next((row for each in listed if (row := services.permission(str(each.value)))), None)
        if row is None or actions is None or effect != "Allow":
            continue
        yield actions.says(f"call:{row.id}", "used", None, note="it is allowed, which proves no use")
        for target in statement.one_or_each("resources") or statement.one_or_each("Resource"):
            yield from said_of(one, target, row.id)
    policy = one.node.get("policy_arn")
    if policy and "policy/AmazonBedrock" in str(policy.value):
        yield policy.says("call:amazon-bedrock", "used", None, note="it is allowed, which proves no use")


def _host(services: Services, one: Resource) -> Iterator[Evidence]:
    subject = f"workload:{one.name}"
    yield one.place.says(subject, "host", _CLOUDS[one.kind.partition("_")[0]])
    for (block, key), name in _ENCLAVES.items():
        if (switch := one.node.get(block, key)) and one.resolve(switch.value)[0] == "true":
            yield switch.says(subject, "tee", name)
    if place := one.node.get("location"):
        yield one.says(place, subject, "region")
    listed = one.node.get("container_definitions")
    for container in _decoded(listed).each() if listed else ():
        if image := container.get("image"):
            yield one.says(image, subject, "image")
        yield from told(services, subject, _variables(container))


def _settings(node: ForeignNode) -> Iterator[Variable]:
    """The variables of a program: in a map, or in blocks with a name and a value each."""
    for one in _maps(node):
        for key in _ENVIRONMENTS:
            if found := one.get(key):
                yield from variables(found)
        for entry in one.one_or_each("env"):
            if name := entry.text("name"):
                value = entry.get("value")
                said = "" if value is None else str(value.value)
                yield Variable(name=name, value=said, node=entry, given=value is None)


def _variables(container: ForeignNode) -> Iterator[Variable]:
    for key, given in (("environment", False), ("secrets", True)):
        for entry in container.each(key):
            if name := entry.text("name"):
                value = entry.get("value")
                said = "" if value is None or value.value is None else str(value.value)
                yield Variable(name=name, value=said, node=entry, given=given)


def _azure_account(_: Services, one: Resource) -> Iterator[Evidence]:
    if one.text("kind") in ("OpenAI", "AIServices"):
        if place := one.node.get("location"):
            yield one.says(place, "call:azure-openai", "region")
        if public := one.node.get("public_network_access_enabled"):
            yield one.says(public, "call:azure-openai", "public_network")


def _azure_deployment(_: Services, one: Resource) -> Iterator[Evidence]:
    yield one.used("azure-openai")
    if one.optional:
        return
    if model := one.node.get("model", "name") or one.node.get("model", 0, "name"):
        yield one.says(model, "call:azure-openai", "model")
    sku = one.node.get("sku", "name") or one.node.get("sku", 0, "name")
    where = next((where for start, where in _SKUS.items() if sku and str(sku.value).startswith(start)), None)
    if sku and where:
        yield sku.says("call:azure-openai", "processed", where)


def _azure_private(_: Services, one: Resource) -> Iterator[Evidence]:
    for found in _leaves(one.node):
        if "azurerm_cognitive_account." in str(found.value):
            yield found.says("call:azure-openai", "endpoint", "private")


def _azure_role(services: Services, one: Resource) -> Iterator[Evidence]:
    """What a role lets somebody ask, by its name."""
    role = one.node.get("role_definition_name")
    if role and (row := services.permission(str(role.value))):
        yield role.says(f"call:{row.id}", "used", None, note="it is allowed, which proves no use")


def _azure_group(_: Services, one: Resource) -> Iterator[Evidence]:
    if place := one.node.get("location"):
        yield one.says(place, "cloud:azure", "region")


def _aws_endpoint(services: Services, one: Resource) -> Iterator[Evidence]:
    found = one.node.get("service_name")
    row = services.endpoints.get(str(found.value).rpartition(".")[2]) if found else None
    if found and row:
        yield found.says(f"call:{row.id}", "endpoint", "private")


def _google_service(services: Services, one: Resource) -> Iterator[Evidence]:
    found = one.node.get("service")
    row = services.behind(str(found.value)) if found else None
    if found and row:
        yield found.says(f"call:{row.id}", "used", None, note="it is switched on, which proves no use")


def _leaves(node: ForeignNode) -> Iterator[ForeignNode]:
    inner = [*(value for _, value in node.items()), *node.each()]
    if not inner:
        yield node
    for one in inner:
        yield from _leaves(one)


def _maps(node: ForeignNode) -> Iterator[ForeignNode]:
    """All maps below, those in texts of JSON too."""
    node = _decoded(node)
    if isinstance(node.value, dict):
        yield node
    for one in (*(value for _, value in node.items()), *node.each()):
        yield from _maps(one)


def _decoded(node: ForeignNode) -> ForeignNode:
    """What a text of JSON holds, at the place of the text."""
    if not isinstance(node.value, str) or not node.value.lstrip().startswith(("{", "[")):
        return node
    try:
        return ForeignNode(value=json.loads(node.value), at=lambda _: node.span, path=node.path)
    except (ValueError, RecursionError):
        return node


_SAY: dict[tuple[str, ...], Callable[[Services, Resource], Iterator[Evidence]]] = {
    ("azurerm_cognitive_account", "azurerm_ai_services"): _azure_account,
    ("azurerm_cognitive_deployment",): _azure_deployment,
    ("azurerm_private_endpoint",): _azure_private,
    ("azurerm_resource_group",): _azure_group,
    ("azurerm_role_assignment",): _azure_role,
    ("aws_vpc_endpoint",): _aws_endpoint,
    ("google_project_service",): _google_service,
}
