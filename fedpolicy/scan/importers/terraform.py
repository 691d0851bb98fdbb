"""Terraform and OpenTofu: models of clouds with their regions, who may ask them, workloads, and ways out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from fedpolicy.scan import Evidence, ForeignNode, Unread
from fedpolicy.scan.reading.cloud import Resource, resource
from fedpolicy.scan.reading.firewall import ways_out
from fedpolicy.scan.reading.hcl import dereferenced, hcl

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File

_CLOUDS = {"aws": "aws", "google": "google"}
_BESIDE = ("variables.tf", "vars.tf", "locals.tf", "providers.tf", "provider.tf", "main.tf")
_VALUES = ("terraform.tfvars",)
_WORDS = (
    b"bedrock", b"region", b"egress", b"azurerm_cognitive", b"azurerm_ai_", b"azurerm_resource_group", b"vertex",
    b"googleapis", b"aws_ecs", b"aws_eks", b"_instance", b"_cluster", b"container_app", b"_virtual_machine",
    b"firewall", b"security_rule", b"private_endpoint", b"aws_lambda", b"apprunner", b"_web_app", b"_function_app",
    b"cloud_run", b"cloudfunctions", b"kubernetes_", b"role_definition_name", b"/openai/azurerm", b"discovery_engine",
)  # fmt: skip


def wants(file: File) -> bool:
    """A file of Terraform with a word of what is looked for."""
    return file.path.suffix in (".tf", ".tofu") and any(word in file.content for word in _WORDS)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    tree = file.hcl
    whole = ForeignNode(value=_with_beside(file, tree), at=tree.at)
    regions = dict(_regions(whole))
    yield from _providers(tree, whole)
    for kind in ("data", "resource"):
        for name, node in _named(tree, kind):
            one = _resource(whole, name, node, regions)
            yield from resource(file.services, one)
            yield from ways_out(one)
    yield from _modules(file, tree)


def _modules(file: File, tree: ForeignNode) -> Iterator[Evidence]:
    """Published modules that set up a model of a cloud, if their variables say so."""
    for _, node in tree.items("module"):
        source = node.get("source")
        name = str(source.value).partition("//")[0].removeprefix("registry.terraform.io/") if source else ""
        row = next((row for known, row in file.services.resources if known == name), None)
        if source and row:
            yield source.says(f"call:{row.id}", "used", None, note=f"the module {name} may set it up")


def _named(tree: ForeignNode, kind: str) -> Iterator[tuple[tuple[str, str], ForeignNode]]:
    for sort, named in tree.items(kind):
        for name, node in named.items():
            yield (sort, name), node


def _resource(
    whole: ForeignNode, name: tuple[str, str], node: ForeignNode, regions: Mapping[str, str | None]
) -> Resource:
    provider = str(node.value.get("provider", "")) if isinstance(node.value, dict) else ""
    alias = provider.removeprefix("${").removesuffix("}") or name[0].partition("_")[0]
    amount = next((found for key in ("count", "for_each") if (found := node.get(key))), None)
    always = amount and (dereferenced(whole, amount.value)[0] or "0") not in ("0", "false")
    optional, resolve = None if always else amount, partial(dereferenced, whole)
    kind, title = name
    return Resource(
        kind=kind, name=title, place=node, node=node, resolve=resolve, optional=optional, region=regions.get(alias)
    )


def _providers(tree: ForeignNode, whole: ForeignNode) -> Iterator[Evidence]:
    """Where a cloud's resources are by default; those of a provider with an alias are where it says."""
    for name, node in _each_provider(tree):
        region = node.get("region")
        if region and name.partition(".")[0] in _CLOUDS:
            value, may_change = dereferenced(whole, region.value)
            note = "a default of a variable" if may_change else ""
            yield region.says(f"cloud:{name}", "region", value, note=note)


def _regions(whole: ForeignNode) -> Iterator[tuple[str, str | None]]:
    for name, node in _each_provider(whole):
        region = node.get("region")
        yield name, dereferenced(whole, region.value)[0] if region else None


def _each_provider(tree: ForeignNode) -> Iterator[tuple[str, ForeignNode]]:
    for name, node in tree.items("provider"):
        for one in node.one_or_each():
            alias = one.text("alias")
            yield (f"{name}.{alias}" if alias else name), one


def _with_beside(file: File, tree: ForeignNode) -> object:
    """The tree with the variables, locals and providers of the same module, which are often in files of their own."""
    found: dict[str, dict[str, object]] = {"variable": {}, "locals": {}, "provider": {}, "resource": {}}
    for name in _BESIDE:
        content = file.beside(name) if file.path.name != name else None
        for key, said in _parsed(content, name).items() if content else ():
            if key in found and isinstance(said, dict):
                found[key].update(said)
    own = tree.value if isinstance(tree.value, dict) else {}
    for key, known in found.items():
        mine = own.get(key)
        known.update(mine if isinstance(mine, dict) else {})
    for name in _VALUES:
        content = file.beside(name)
        for key, value in _parsed(content, name).items() if content else ():
            found["variable"][key] = {"default": value}
    return {**own, **found}


def _parsed(content: bytes, name: str) -> Mapping[str, object]:
    try:
        value = hcl(content, name, []).value
    except Unread:
        return {}
    return value if isinstance(value, dict) else {}
