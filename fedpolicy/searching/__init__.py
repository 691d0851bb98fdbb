"""Which files of a folder are deployments: walk it, leave out what is excluded or ignored, look at what is left."""
