"""Discovery of settings."""
