"""What `fedpolicy whatif` says."""
