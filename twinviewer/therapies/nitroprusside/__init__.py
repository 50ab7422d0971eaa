"""Nitroprusside: wider arteries and veins.

Eight patients with severe failure, titrated: mean pressure 89 to 66 mmHg, wedge 31 to 16 mmHg, with active relaxation
of the veins of gut and lung (nitroprusside and regional vascular capacitance in severe failure, Circulation). Fifteen
others: cardiac index +0.67 L/min/m2, rate unchanged, pulmonary resistance down about as much as systemic (Packer et
al., captopril and nitroprusside compared). Two factors, resistance and filling, take this circulation to all three
numbers, with the muscle as it was. The dose is what it takes: the drug is titrated, so the fall of resistance is
chosen.
"""

from pathlib import Path

from twinviewer.therapies import Drug, Effect

FULL_PERCENT = 48.0
EFFECT = Effect(systemic=1.0 - FULL_PERCENT / 100.0, pulmonary=1.0 - FULL_PERCENT / 100.0, filling=0.74)

THERAPY = Drug(
    Path(__file__).parent,
    "Nitroprusside",
    "Infusion: wider arteries and veins; acute effect",
    EFFECT,
    lambda fall: fall / FULL_PERCENT,
    lambda fall: f"nitroprusside, resistance {-fall:g} %",
)
