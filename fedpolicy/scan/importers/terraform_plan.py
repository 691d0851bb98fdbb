"""Plans of Terraform and OpenTofu as JSON: the same resources as they will be. Nothing sensitive is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from fedpolicy.scan import Evidence, ForeignNode, Unread, scalar_text, settled
from fedpolicy.scan.reading.cloud import Resource, resource
from fedpolicy.scan.reading.firewall import ways_out

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File

_CLOUDS = ("aws", "google", "azurerm")
_VERSION = re.compile(r"[01]\.\d+")
_DEEPEST = 32


def wants(file: File) -> bool:
    """JSON with what a plan begins with."""
    return file.path.suffix == ".json" and all(
        word in file.content for word in (b'"format_version"', b'"planned_values"')
    )


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    root = file.tree
    version = root.get("format_version")
    if version is None or not _VERSION.fullmatch(str(version.value)):
        where = version.span if version else file.start()
        raise Unread("it is a plan in an unknown format: 1.x is read", where)
    regions: dict[str, str | None] = {}
    for provider, node in root.items("configuration", "provider_config"):
        region = node.get("expressions", "region", "constant_value")
        regions[provider] = region.text() if region else None
        if region and provider in _CLOUDS:
            yield region.tells(f"cloud:{provider}", "region")
    for found in _planned(root, regions):
        yield from resource(file.services, found)
        yield from ways_out(found)


def _planned(root: ForeignNode, regions: Mapping[str, str | None]) -> Iterator[Resource]:
    module = root.get("planned_values", "root_module")
    for one in _resources(module, 0) if module else ():
        kind, name, values = one.text("type"), one.text("name"), one.get("values")
        if kind and name and values:
            home = regions.get(kind.partition("_")[0])
            yield Resource(kind=kind, name=name, place=one, node=values, resolve=_plain, region=home)


def _plain(value: object) -> tuple[str | None, bool]:
    text = scalar_text(value)
    return (text if text is not None and settled(text) else None), False


def _resources(module: ForeignNode, depth: int) -> Iterator[ForeignNode]:
    yield from module.each("resources")
    for one in module.each("child_modules") if depth < _DEEPEST else ():
        yield from _resources(one, depth + 1)
