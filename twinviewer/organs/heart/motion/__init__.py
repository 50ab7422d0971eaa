"""What a measured motion of the heart says: volumes, filling, thickness, strain and the travel of the valves' rings.
And how the mesh of a multi-phase CT comes by one (ct.py)."""

from twinviewer.organs.heart.motion.curves import BULLSEYES, MotionCurves, motion_curves
from twinviewer.organs.heart.motion.measures import measure_motion

__all__ = ["BULLSEYES", "MotionCurves", "measure_motion", "motion_curves"]
