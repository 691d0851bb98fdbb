"""How a task's contributions travel: one file a topology, each with `desugar(builder, job) -> str` (who ends up with the sum)."""
