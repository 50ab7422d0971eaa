"""What a measured motion of the heart says: volumes, filling, thickness, strain and the travel of the valves' rings."""

from twinviewer.organs.heart.motion.curves import BULLSEYES, MotionCurves, motion_curves
from twinviewer.organs.heart.motion.measures import measure_motion

__all__ = ["BULLSEYES", "MotionCurves", "measure_motion", "motion_curves"]
