"""
Edits of a deployment's text that leave every other character as it is.

`edits` says what an edit is and what it makes of a value in memory, `layout` where values stand and how they are
written, `splice` which characters an edit replaces; it applies several.
"""
