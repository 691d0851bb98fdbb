"""Findings -> text."""
