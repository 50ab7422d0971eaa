"""Files changed at random, shown to every reader in worker processes: nothing untyped, nothing dead, nothing slow.

``python -m tests.support.mutants --count 500000`` runs as many as wanted; the tests run five thousand.
"""
