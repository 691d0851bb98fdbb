"""
Repairs: changes of a deployment that could clear a finding (see docs/repair.md).

`change` says what a change is, `case` what is asked of a deployment, `kinds` holds one file for each kind of change,
`cuts` finds the cheapest sets of changes that separate data from a viewer. Nothing here judges: what a set of changes
does is computed again by `fedpolicy.repairing`.
"""
