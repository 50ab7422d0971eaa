"""Noradrenaline: narrower arteries and veins, a somewhat stronger beat.

Cardiogenic shock, raised until the mean pressure went from 65 to 85 mmHg: output the same, filling pressures and rate
up a little, resistance up (Rokyta et al., Physiol Res 59:373, 2010). After heart surgery 0.04 ug/kg/min more raised the
mean pressure by 20 mmHg (Maas et al., Crit Care Med 41:143, 2013). The factors take this circulation from the one state
to the other, with 3 bpm and 2 mmHg of wedge for "a little"; other doses in proportion.
"""

from pathlib import Path

from twinviewer.therapies import Drug, Effect

STUDIED_UG_KG_MIN = 0.04
EFFECT = Effect(rate=1.03, force=1.23, systemic=1.67, filling=1.05)

THERAPY = Drug(
    Path(__file__).parent,
    "Noradrenaline",
    "Infusion: narrower vessels, higher pressure; acute effect",
    EFFECT,
    lambda dose: dose / STUDIED_UG_KG_MIN,
    lambda dose: f"noradrenaline {dose:g} ug/kg/min",
)
