"""Shipped rules, compiled once for all commands of a run: nine tenths of a check of a checkout go into that."""

from __future__ import annotations

from pathlib import Path

from fedpolicy.policy import Rule, load


def keep_rules() -> None:
    """Answer for the compiled packs of a wheel, which a checkout has none of."""
    known: dict[str, tuple[Rule, ...]] = {}
    found = load.bundled_once

    def bundled(pack: str, _folder: Path) -> tuple[Rule, ...] | None:
        if pack not in known:
            load.bundled_once = found
            known[pack] = load.load_rules((pack,))
            load.bundled_once = bundled
        return known[pack]

    load.bundled_once = bundled
