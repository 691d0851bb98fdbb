"""Text -> Deployment: the language, its reader and its schema."""
