"""The conformance suite, and what compares an engine with it."""
