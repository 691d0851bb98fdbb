"""
Repairs: which sets of changes clear the chosen findings, each one proved by checking again (see docs/repair.md).

`answer` is the whole. `candidates` asks every kind in `changes` what bears on a finding, `search` tries that and puts
it together (`plan` where the file is too large to try), `proof` applies a set to a copy and checks it, `goal` says
whether that is what was asked for.
"""
