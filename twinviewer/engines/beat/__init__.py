"""The electromechanical beat: activation, ECG, multi-patch TriSeg mechanics in a closed loop, kinematic motion."""

from twinviewer.engines.beat.engine import ENGINE

__all__ = ["ENGINE"]
