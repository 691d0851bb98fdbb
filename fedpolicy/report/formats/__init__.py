"""One file per output format: `ID`, `SUMMARY`, `SUFFIX` and `render(report) -> str`."""
