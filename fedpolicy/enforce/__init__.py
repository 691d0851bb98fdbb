"""
A deployment -> what enforces it: one target a file, found by its name.

A target has `SUMMARY` and `write(plan)`, which gives the whole text, and what the target cannot express. It knows no
other target, and writes nothing down itself.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from fedpolicy.enforce import targets
from fedpolicy.files import modules_in

if TYPE_CHECKING:
    from fedpolicy.enforce.plan import Enforced, Plan


class EnforceTarget(Protocol):
    """What a module of the folder `targets` offers."""

    SUMMARY: str

    def write(self, plan: Plan) -> Enforced:
        """What enforces a deployment. Raises InputError where the target can make nothing of it."""


@cache
def target_ids() -> tuple[str, ...]:
    """The names of all targets, as users write them."""
    return tuple(sorted(module.replace("_", "-") for module in modules_in(targets.__path__)))


def load_target(name: str) -> EnforceTarget:
    """One target by its name."""
    return cast("EnforceTarget", import_module(f"{targets.__name__}.{name.replace('-', '_')}"))
