"""
The search for repairs: which sets of changes clear the chosen findings, each one proved by checking again.

`checking` runs the stages of a check on a changed copy, `goal` says what was asked for and what counts as reached,
`options` finds sets of changes for single findings, `search` puts them together, `prove` shows that they hold,
`repair` is the whole.
"""
