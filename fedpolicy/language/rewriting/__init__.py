"""
Edits of a deployment's text that leave every other character as it is.

`edits` says what an edit is, `layout` where values stand, `render` how a value is written, `splice` which characters
an edit replaces, `tree` what it makes of a value in memory, `write` applies several.
"""
