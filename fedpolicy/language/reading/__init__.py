"""Text to a deployment: YAML with positions, checked whole; every mistake with its place and what to write instead."""
