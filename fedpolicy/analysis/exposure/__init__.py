"""
Exposure: the least fixpoint of what each place holds of each dataset (see DESIGN, section 5).

`domain` says how data are held and what is assumed, `effects` and `transfer` what a flow makes of them, `sums` whom an
aggregate hides, `fixpoint` propagates, `views` turns what places hold into what parties see, `disclosures` and
`witness` make it readable.
"""
