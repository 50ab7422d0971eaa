"""Dobutamine: a stronger beat against less resistance, a little faster.

Fifteen patients with severe heart failure, 10 ug/kg/min: output 3.1 to 5.6 L/min, mean pressure 93 to 98 mmHg, wedge
27.4 to 21.1 mmHg, rate 98.5 to 105.2 bpm (Am J Cardiol 36:202, 1975, doi:10.1016/0002-9149(75)90526-3). The factors are
those that take this circulation from the first state to the second; with half the dose half of them, since the level in
blood and its effect rose with the infusion between 2.5 and 10 ug/kg/min (Leier et al., Circulation 58:466, 1978).
"""

from pathlib import Path

from twinviewer.therapies import Drug, Effect

STUDIED_UG_KG_MIN = 10.0
EFFECT = Effect(rate=105.2 / 98.5, force=1.44, systemic=0.50, filling=0.98)

THERAPY = Drug(
    Path(__file__).parent,
    "Dobutamine",
    "Infusion: stronger beat, less resistance; acute effect",
    EFFECT,
    lambda dose: dose / STUDIED_UG_KG_MIN,
    lambda dose: f"dobutamine {dose:g} ug/kg/min",
)
