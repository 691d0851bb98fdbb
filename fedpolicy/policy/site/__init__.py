"""A site's own policy: what it permits and demands, whatever the federation says."""
