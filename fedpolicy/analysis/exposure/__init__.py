"""
Exposure: the least fixpoint of what each place holds of each dataset (see DESIGN, section 5).

`readings` says what is assumed, `forms` how data are held, `effects` and `transfer` what a flow makes of them,
`sums` whom an aggregate hides, `fixpoint` propagates, `views` turns what places hold into what parties see, `groups`
and `witness` make it readable.
"""
