"""Sweeps: a therapy over its places and settings, every combination simulated, ranked and mapped."""
