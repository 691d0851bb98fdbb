"""What a worker does, and how its judge gets there."""

from __future__ import annotations

import copyreg
import io
import pickle
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from fedpolicy import __version__
from fedpolicy.check import Checked, Judge, check_file
from fedpolicy.errors import SettingsError
from fedpolicy.policy.expression import library_version, restored
from fedpolicy.sources import Source

__all__ = ["check_sources", "mark", "packed", "unpacked"]


def mark() -> tuple[str, str]:
    """What has to be the same in every worker: this fedpolicy and its CEL library."""
    return __version__, library_version()


def packed(judge: Judge) -> bytes:
    """
    A judge as bytes: its rules compiled, the user's own catalogue rows, the settings.

    So a worker needs none of the user's files; what ships with fedpolicy it has itself.
    """
    text = io.BytesIO()
    pickler = pickle.Pickler(text, protocol=5)
    programs = {
        type(expression.program) for rule in judge.rules for expression in (rule.require, rule.match) if expression
    }
    pickler.dispatch_table = {
        **copyreg.dispatch_table,
        MappingProxyType: lambda mapping: (_proxy, (dict(mapping),)),
        **dict.fromkeys(programs, lambda program: (restored, (program.serialize(),))),
    }
    pickler.dump(judge)
    return text.getvalue()


def check_sources(sources: Sequence[Source], judge: bytes, made_by: tuple[str, str]) -> list[Checked]:
    """Check some files. Raises SettingsError where the judge comes from another version of fedpolicy."""
    here = mark()
    if here != made_by:
        versions = [f"fedpolicy {version} with cel-expr-python {library}" for version, library in (here, made_by)]
        message = f"a worker has {versions[0]}, and this is {versions[1]}"
        raise SettingsError(message, help="install the same versions where the workers run")
    ours = unpacked(judge)
    return [check_file(source, ours) for source in sources]


def _proxy(mapping: dict[str, object]) -> Mapping[str, object]:
    return MappingProxyType(mapping)  # the type itself has no name to be found by


@lru_cache(maxsize=1)
def unpacked(judge: bytes) -> Judge:
    """What `packed` has made; a worker does it once."""
    found: Judge = pickle.loads(judge)  # noqa: S301  it comes from whoever runs the workers
    return found
