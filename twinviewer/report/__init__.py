"""What leaves the program for people: pictures, films and pages. Each carries the pseudonym and "research only"."""

RESEARCH_ONLY = "Simulated scenario. Research only, not for clinical use."
