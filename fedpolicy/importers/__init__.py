"""Foreign configuration -> Deployment, one file each."""
