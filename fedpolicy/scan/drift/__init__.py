"""Drift: what a declaration says against what files show."""
