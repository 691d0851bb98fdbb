"""Deployment -> FlowGraph: everything that moves, with where it was said or what implies it."""
