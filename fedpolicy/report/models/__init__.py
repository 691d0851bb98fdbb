"""What `fedpolicy models` says of the catalogue: one file per format, each with `render(models) -> str`."""
