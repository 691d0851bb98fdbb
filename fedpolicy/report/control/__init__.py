"""What `fedpolicy control` says: one file per format."""
