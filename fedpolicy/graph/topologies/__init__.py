"""
How a task's contributions travel, one file a topology.

Each has `desugar(builder, job) -> list[Outcome]`: it adds the flows and says where the result rests.
"""
