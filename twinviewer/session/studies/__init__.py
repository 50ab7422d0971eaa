"""Many simulations of one heart: sweeps of a therapy, what is uncertain in a patient, cohorts sampled round one.

All go through one door: a study is a Setup and a list of Points, each answered on its own by :func:`answer` in whatever
process it lands, so the result does not depend on how many workers there are or in which order they finish.
"""
