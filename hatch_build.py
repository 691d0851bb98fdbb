"""Adds to a wheel what would cost every start time: the shipped rules, compiled. Checkouts do without."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

__all__ = ["BundleRules"]


class BundleRules(BuildHookInterface[Any]):
    """One JSON file a pack; see `fedpolicy/policy/bundle.py`."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the rules of the tree that is built."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        try:
            from fedpolicy.policy.bundling import bundle_of  # noqa: PLC0415  found only now
            from fedpolicy.policy.load import shipped_packs  # noqa: PLC0415
        finally:
            sys.path.remove(self.root)
        self.folder = TemporaryDirectory()
        for pack in shipped_packs():
            path = Path(self.folder.name) / f"{pack}.json"
            path.write_text(bundle_of(pack), encoding="utf-8")
            build_data["force_include"][str(path)] = f"fedpolicy/_data/bundles/{pack}.json"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Leave nothing behind."""
        del build_data, artifact_path
        if version != "editable":
            self.folder.cleanup()
