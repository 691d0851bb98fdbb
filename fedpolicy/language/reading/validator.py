"""
A tree -> a Deployment, by the validator that pydantic makes from the models.

To make that validator takes a tenth of a check. A wheel carries what pydantic has worked out from the models, as a
module of its own (`schema_source` writes it). It counts with the very version of pydantic that it was made with;
otherwise, and in a checkout, pydantic works it out anew. Both are the same validator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib import import_module
from types import FunctionType
from typing import Any

from pydantic import VERSION
from pydantic_core import SchemaValidator

from fedpolicy import __version__
from fedpolicy.language.model.deployment import Deployment
from fedpolicy.language.model.entry import Entry

__all__ = ["COMPILED", "is_compiled", "schema_source", "validated"]

COMPILED = "fedpolicy._data.compiled_models"
# Only validating is wanted.
_LEFT_OUT = ("metadata", "serialization")
_REFERENCES = ("ref", "schema_ref")


def validated(tree: object) -> Deployment:
    """Read a tree. Raises pydantic's ValidationError with every mistake."""
    return _reader()(tree)


def is_compiled() -> bool:
    """Whether this installation carries what is needed, made with what is installed here."""
    return _schema() is not None


@cache
def _reader() -> Callable[[object], Deployment]:
    schema = _schema()
    return Deployment.model_validate if schema is None else SchemaValidator(schema).validate_python


def _schema() -> Any:  # noqa: ANN401  what pydantic_core takes
    try:
        compiled = import_module(COMPILED)
    except ModuleNotFoundError:
        return None
    return compiled.schema() if _made() == compiled.MADE else None


def _made() -> dict[str, str]:
    return {"fedpolicy": __version__, "pydantic": VERSION}


def schema_source() -> str:
    """
    The Python source of the module that a wheel carries.

    The schema is a function: it names what other versions of pydantic may not have, so it must not run before versions
    are compared.

    Raises ValueError where this version of pydantic uses something that has no name to write.
    """
    Deployment.model_rebuild()
    modules: set[str] = set()
    schema = _written(Deployment.__pydantic_core_schema__, modules)
    imports = "".join(f"    import {name}\n" for name in sorted(modules))
    about = '"""Made when the wheel was built; see fedpolicy/language/reading/validator.py."""'
    return f"{about}\n\nMADE = {_made()!r}\n\n\ndef schema():\n{imports}    return {schema}\n"


def _written(value: Any, modules: set[str]) -> str:  # noqa: ANN401  whatever pydantic puts there
    if isinstance(value, Mapping):
        # Fields have names of ours, which may be these words too; only what has a type is a schema.
        left_out = _LEFT_OUT if isinstance(value.get("type"), str) else ()
        # References hold a class's name and its address in this process.
        named = {key: one.partition(":")[0] if left_out and key in _REFERENCES else one for key, one in value.items()}
        pairs = [f"{key!r}: {_written(one, modules)}" for key, one in named.items() if key not in left_out]
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        items = "".join(f"{_written(item, modules)}, " for item in value)
        return f"[{items}]" if isinstance(value, list) else f"({items})"
    if value is None or isinstance(value, (str, bool, int, float)):
        return repr(value)
    if isinstance(value, (type, FunctionType)) and value.__qualname__.isidentifier():
        modules.add(value.__module__)
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, Entry) and not value.model_fields_set:
        # A default. To call the class would make its own validator first.
        return f"{_written(type(value), modules)}.model_construct()"
    if isinstance(value, partial) and not value.args:
        modules.add("functools")
        given = "".join(f", {key}={_written(one, modules)}" for key, one in value.keywords.items())
        return f"functools.partial({_written(value.func, modules)}{given})"
    raise ValueError(f"{value!r} cannot be written as Python")
