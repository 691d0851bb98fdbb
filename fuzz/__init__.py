"""Look for what tests did not think of: `make fuzz`. See CONTRIBUTING.md; no part of the product."""
