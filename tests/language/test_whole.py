"""
All keys of the language as they are declared: which may be unknown, which rules may read, what each holds.

`--update-golden` writes the table; read the difference before you keep it.
"""

from __future__ import annotations

from pathlib import Path

from fedpolicy.language.model import Deployment, types
from fedpolicy.language.model.shape import entries_under, entry_shape


def shape_of(shape):
    """What a key holds, without what it holds by default."""
    if shape.kinds:
        return "one of several kinds"
    below = [(name, getattr(shape, name)) for name in ("items", "values") if getattr(shape, name)]
    nested = [f"{name}: {shape_of(one)}" for name, one in below]
    scalar = [shape.scalar.__name__] if shape.scalar else []
    entry = [shape.entry.__name__] if shape.entry else []
    return " ".join([*scalar, *entry, *shape.choices, *nested])


def lines():
    for entry in entries_under(Deployment):
        yield entry.__name__
        for key in entry_shape(entry).values():
            flags = [name for name in ("open", "required", "rule") if getattr(key, name)]
            default = "" if key.required else f" = {key.default!r}"
            unknown = "" if key.unknown is ... else f", unknown is {key.unknown!r}"
            named = f", names {key.names}" if key.names else ""
            attribute = f" ({key.attribute})" if key.attribute != key.name else ""
            yield f"  {key.name}{attribute}: {shape_of(key.shape)}{default} [{' '.join(flags)}]{unknown}{named}"
    for name in ("AGGREGATIONS", "SECTORS"):
        yield f"{name}: {' '.join(getattr(types, name))}"


def test_the_language_has_these_keys_and_no_others(golden):
    golden("".join(f"{line}\n" for line in lines()), Path(__file__).with_name("whole.txt"))
