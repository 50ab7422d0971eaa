"""Cardiac resynchronisation therapy: pacing leads added to the heart's own excitation.

The leads are stimuli in muscle at their own times; the conduction system keeps its stimuli at theirs. Whatever arrives
first activates, so capture, fusion and pseudofusion come out of the activation and are not written in here.
"""

from twinviewer.therapies.crt.therapy import Crt

THERAPY = Crt()

__all__ = ["THERAPY", "Crt"]
