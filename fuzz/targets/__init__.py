"""The targets, one file a part of the product; each has its own in `TARGETS`, and is found by the name of its file."""
