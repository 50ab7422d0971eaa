"""Finite elements of the left ventricle at the end of systole: a check of the fast engine's strains."""

from twinviewer.engines.solid.engine import ENGINE

__all__ = ["ENGINE"]
