"""
Control: who can take what away from whom (see DESIGN, section 6).

`formula` holds capabilities as monotone conditions, `capabilities` builds them, `matrix` asks what is left when a party
withdraws everything that it operates, hosts or may revoke.
"""
