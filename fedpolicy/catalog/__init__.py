"""Facts that change: levels, payloads, methods, safeguards, models, providers, licences, countries, categories."""

from __future__ import annotations

from fedpolicy.catalog.load import Catalog, load_catalog

__all__ = ["Catalog", "load_catalog"]
