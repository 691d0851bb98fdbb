"""What `fedpolicy diff` says: one file per format, each with `render(comparison) -> str`."""
