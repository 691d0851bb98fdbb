"""What `fedpolicy rules` and `fedpolicy explain` say of rules: one file per format."""
