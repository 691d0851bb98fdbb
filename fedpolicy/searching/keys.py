"""Which keys stand at the top of the documents of a YAML or JSON text, whatever style it is written in."""

from __future__ import annotations

from typing import Any

__all__ = ["has_top_level"]

_MERGE = "<<"


def has_top_level(text: bytes, word: str) -> bool:
    """
    Whether a document has this key: in flow style, anchored, tagged, escaped, by an alias or merged in.

    What no parser can read has the keys that stand before the mistake.
    """
    import yaml  # noqa: PLC0415  few texts are worth a parser

    try:
        return _found(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)), word)
    except (yaml.YAMLError, UnicodeDecodeError):
        return False


def _found(events: Any, word: str) -> bool:  # noqa: ANN401  a generator of PyYAML's
    import yaml  # noqa: PLC0415  see above

    depth, key, mapping, merges, deep = 0, True, False, False, False
    anchored: set[str | None] = set()
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            depth, key, mapping, merges, deep = 0, True, False, False, False
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            mapping = isinstance(event, yaml.MappingStartEvent) if depth == 0 else mapping
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
            key = not key if depth == 1 else key
        elif isinstance(event, (yaml.ScalarEvent, yaml.AliasEvent)):
            same = event.anchor in anchored if isinstance(event, yaml.AliasEvent) else event.value == word
            if same and event.anchor:
                anchored.add(event.anchor)
            if depth == 1 and mapping:
                if key and same:
                    return True
                merges |= key and getattr(event, "value", "") == _MERGE
                key = not key
            # What is merged in may stand anywhere: where a document merges at its top, the word anywhere will do.
            deep |= same
        if merges and deep:
            return True
    return False
