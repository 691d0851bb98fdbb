"""Targets, one a file."""
