"""How the privacy ledger is written."""
