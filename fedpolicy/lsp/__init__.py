"""The language server: what an editor asks while somebody writes, answered by the way that a check takes."""
