"""Cine MR: find the heart in a stack of planes and delineate it in every phase, by classical image analysis."""

from twinviewer.segmentation.cine.contours import STRUCTURES, CineContour, CineContours
from twinviewer.segmentation.cine.delineate import delineate
from twinviewer.segmentation.cine.volumes import CineVolumes, volumes

__all__ = ["STRUCTURES", "CineContour", "CineContours", "CineVolumes", "delineate", "volumes"]
