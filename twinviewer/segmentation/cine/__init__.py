"""Cine MR: find the heart in a stack of planes and delineate it in every phase, by classical image analysis."""
