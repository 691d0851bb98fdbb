"""Adds to a wheel what would cost every start time: rules, completions and more, worked out. Checkouts do without."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Precompute(BuildHookInterface[Any]):
    """A module a pack (`policy/bundle.py`), and those of `cli/completions.py`, `cli/plain.py` and `records.py`."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Work out what belongs to the tree that is built."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        try:
            from fedpolicy.cli.commands import app  # noqa: PLC0415  found only now
            from fedpolicy.cli.commands.check import command  # noqa: PLC0415
            from fedpolicy.cli.completions import TABLE, table_source  # noqa: PLC0415
            from fedpolicy.cli.plain import WORDS, words_source  # noqa: PLC0415
            from fedpolicy.policy.bundle import bundle_of  # noqa: PLC0415
            from fedpolicy.policy.load import load_rules, shipped_packs  # noqa: PLC0415
            from fedpolicy.records import FORMS, forms_source  # noqa: PLC0415
        finally:
            sys.path.remove(self.root)
        self.folder = TemporaryDirectory()
        for pack in shipped_packs():
            self._add(f"fedpolicy/_data/bundles/{pack}.py", bundle_of(pack, load_rules([pack])), build_data)
        self._add(f"{TABLE.replace('.', '/')}.py", table_source(app), build_data)
        self._add(f"{FORMS.replace('.', '/')}.py", forms_source(), build_data)
        self._add(f"{WORDS.replace('.', '/')}.py", words_source(command), build_data)

    def _add(self, name: str, content: str, build_data: dict[str, Any]) -> None:
        path = Path(self.folder.name) / Path(name).name
        path.write_text(content, encoding="utf-8")
        build_data["force_include"][str(path)] = name

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Leave nothing behind."""
        del build_data, artifact_path
        if version != "editable":
            self.folder.cleanup()
