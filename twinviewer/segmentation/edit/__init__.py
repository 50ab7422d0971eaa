"""Tools of a hand that mends labels: pure functions on one phase, in mm, each restricted to where it acts."""
