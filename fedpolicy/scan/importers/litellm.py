"""LiteLLM's proxy: whom a gateway passes prompts on to, also where the first choice fails, and who is told of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan import Evidence, ForeignNode, settled
from fedpolicy.scan.reading.cloud import profile_of
from fedpolicy.scan.reading.variables import is_literal, told, variables
from fedpolicy.scan.services import AZURE, CLOUD, DEPLOYED, Services, elsewhere, is_own

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File

_GATEWAY = "gateway"
_FROM_ENVIRONMENT = "os.environ/"
_SECRET = re.compile(r"(?:key|secret|token|password)(?:_id)?$", re.IGNORECASE)
_REGIONS = {"aws_region_name": "region", "vertex_location": "region", "s3_region_name": "batch_region"}
_FALLBACKS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
_CALLBACKS = ("success_callback", "failure_callback", "callbacks")
_OTHERS = ("finetune_settings", "files_settings")
_COMPATIBLE = "openai"  # by this prefix, an address decides who answers
SAME = "it is the recipient of the first choice, too"


def wants(file: File) -> bool:
    """YAML with a list of models for LiteLLM, whatever it is called."""
    words = (b"model_list:", b"litellm_params:")
    return file.path.suffix in (".yml", ".yaml") and all(word in file.content for word in words)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for whole in file.yaml[:1]:
        root = whole.get("proxy_config") or whole  # of the values of its chart
        if root is not whole:
            yield from _secrets(whole)
        listed = [(one, given) for one in root.each("model_list") if (given := one.get("litellm_params"))]
        models: dict[str, str | None] = {}
        for entry, parameters in listed:
            yield from _entry(file.services, parameters)
            models.setdefault(entry.text("model_name") or "", _whose(file.services, parameters)[0])
        for key in ("litellm_settings", "router_settings"):
            if settings := root.get(key):
                yield from _settings(file.services, settings, models)
        for key in _OTHERS:
            for one in root.each(key):
                yield from _other(file.services, one)
        if general := root.get("general_settings"):
            yield from _secrets(general)
        yield from told(file.services, _GATEWAY, variables(root.get("environment_variables")))


def _whose(services: Services, parameters: ForeignNode) -> tuple[str | None, str]:
    """Who runs what an entry names (None: oneself), and the model."""
    model = str(value.value) if (value := parameters.get("model")) else ""
    row, name = services.asked(model)
    if row and row.id == CLOUD:  # a server of one's own passes it on
        return row.id, name
    address = parameters.get("api_base")
    said = str(address.value) if address else ""
    if said and settled(said) and not said.startswith(_FROM_ENVIRONMENT):
        behind = services.behind(said)
        return (None if is_own(said) else behind.id if behind else "unknown"), name
    if row is None or (said and row.id == _COMPATIBLE):
        return "unknown", name
    return (None if row.kind == "own" else row.id), name


def _entry(services: Services, parameters: ForeignNode) -> Iterator[Evidence]:
    model = parameters.get("model")
    if model is None:
        return
    who, name = _whose(services, parameters)
    # A server of one's own is often given a key that means nothing.
    yield from _secrets(parameters, literal=who is not None)
    if who is None:
        yield model.says("model:own", "served", model.value)
        return
    yield model.says(f"call:{who}", "from", _GATEWAY)
    yield from _asked(model, who, name)
    for key, attribute in _REGIONS.items():
        if place := parameters.get(key):
            yield place.tells(f"call:{who}", attribute)


def _asked(model: ForeignNode, who: str, name: str) -> Iterator[Evidence]:
    if who == AZURE:
        yield model.says(f"call:{who}", "model", None, note=DEPLOYED)
    elif who != "unknown":
        yield model.says(f"call:{who}", "model", name)
        if profile := profile_of(name):
            yield model.says(f"call:{who}", "profile", profile)


def _secrets(holder: ForeignNode, *, literal: bool = True) -> Iterator[Evidence]:
    """Keys by the variables that hold them, or literal ones."""
    for name, node in holder.items():
        if not _SECRET.search(name) or not isinstance(node.value, str) or not node.value:
            continue
        if node.value.startswith(_FROM_ENVIRONMENT):
            yield node.says(f"secret:{node.value.removeprefix(_FROM_ENVIRONMENT)}", "held_by", _GATEWAY)
        elif literal and is_literal("api_key", node.value):
            yield node.says(f"secret:{name}", "literal", _GATEWAY)


def _settings(services: Services, settings: ForeignNode, models: dict[str, str | None]) -> Iterator[Evidence]:
    for key in _FALLBACKS:
        for entry in settings.each(key):
            for first, targets in entry.items():
                for target in targets.each():
                    yield from _fallback(services, target, first, models)
    for target in settings.each("default_fallbacks"):
        yield from _fallback(services, target, "the first choice", models)
    telemetry = settings.get("telemetry")
    if telemetry and telemetry.value is False:
        yield telemetry.says(_GATEWAY, "telemetry", "off")
    yield from _callbacks(services, settings)
    for team in settings.each("default_team_settings"):
        yield from _callbacks(services, team)
        yield from _secrets(team)


def _fallback(services: Services, target: ForeignNode, first: str, models: dict[str, str | None]) -> Iterator[Evidence]:
    name = str(target.value)
    row, _ = services.asked(name)
    who = models.get(name, row.id if row else "unknown")
    known, _ = services.asked(first)
    before = models.get(first, known.id if known else None)
    if who is not None:
        yield target.says(f"call:{who}", "fallback", first, note=SAME if before == who else "")


def _callbacks(services: Services, holder: ForeignNode) -> Iterator[Evidence]:
    """Who gets prompts and answers in full, and at which address."""
    found = None
    for key in _CALLBACKS:
        for one in holder.each(key):
            row = services.callbacks.get(str(one.value))
            if row:
                found = row
                yield one.says(f"tracker:{row.id}", "used", "true")
    if found:
        place = holder.get(f"{found.id}_host") or holder.get(f"{found.id}_base_url")
        subject, usual = f"tracker:{found.id}", found.usual_host if place is None else ""
        yield (
            place.tells(subject, "address")
            if place
            else holder.says(subject, "address", usual or None, note=elsewhere(found) if usual else "")
        )


def _other(services: Services, one: ForeignNode) -> Iterator[Evidence]:
    provider = one.get("custom_llm_provider")
    row = services.prefixes.get(str(provider.value)) if provider else None
    if provider and row and row.kind != "own":
        yield provider.says(f"call:{row.id}", "from", _GATEWAY)
    yield from _secrets(one)
