"""Single ventricular cells: voltage, calcium and duration of the action potential, with and without drugs."""
