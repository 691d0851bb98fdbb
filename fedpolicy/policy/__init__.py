"""Facts -> Findings: rules are data, expressions are CEL, verdicts have three values."""
