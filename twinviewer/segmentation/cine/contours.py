"""The structures that are delineated in a cine study; the contours themselves are nouns of the domain."""

from twinviewer.domain import CineContour, CineContours

STRUCTURES = ("lv_endocardium", "lv_epicardium", "rv_endocardium")

__all__ = ["STRUCTURES", "CineContour", "CineContours"]
