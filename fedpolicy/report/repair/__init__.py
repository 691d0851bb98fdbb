"""What `fedpolicy repair` says."""
