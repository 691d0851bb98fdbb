"""Formats of foreign files -> nodes with places: YAML and JSON, HOCON, TOML."""
