"""What `fedpolicy test` says of packs: one file per format, each with `render(results) -> str`."""
