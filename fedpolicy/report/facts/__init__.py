"""What was computed about one deployment, as JSON (version 1, `schemas/facts.schema.json`) and as text."""
