"""The heart, from contrast CT to a simulated beat."""

from twinviewer.organs.heart.organ import ORGAN

__all__ = ["ORGAN"]
