"""Settings that stand in a file: found, read, checked. The command line has the last word."""
