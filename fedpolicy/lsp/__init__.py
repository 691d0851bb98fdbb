"""The editor server; it calls the pipeline."""
