"""Excitation of the tissue by reaction and diffusion: every beat as it comes, re-entry too; the wall stands still."""

from twinviewer.engines.tissue.engine import ENGINE

__all__ = ["ENGINE"]
