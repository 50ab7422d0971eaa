"""Windows of the studies: sweeps, what is uncertain, cohorts."""
