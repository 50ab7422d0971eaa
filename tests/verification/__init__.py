"""Verification by command: one module a case, each with ``section() -> str`` (Markdown; pictures it writes itself)."""
