"""A bundle: one zip with the report, the case and what it takes to compute all of its numbers again, and to say where
they differ."""
