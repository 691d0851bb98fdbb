"""FlowGraph -> Study: who can learn what about whose data, and how open each model is."""
