"""Foreign configuration -> evidence -> a draft of a deployment. Loaded by nothing but the commands that scan."""
