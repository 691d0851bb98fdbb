"""Many files at once: in this process, in processes of its own, or on any executor, with one and the same report."""
