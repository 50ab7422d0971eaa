"""Virtual cohorts: people round this patient or from published populations, who responds, and what that leaves out."""
