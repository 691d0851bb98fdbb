"""One file per kind of element that a rule may apply to: what can be read of it, and which there are."""
