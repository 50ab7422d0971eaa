"""ACE inhibition by captopril, first doses: wider arteries and veins.

Fifteen patients with heart failure, 25 to 50 mg: rate 84 to 78 bpm, mean pressure 85 to 64 mmHg, left filling pressure
26 to 15 mmHg, index 2.0 to 2.5 L/min/m2 (acute and long-term effects of captopril on exercise performance). Eight with
acute failure after infarction, 25 mg: output 3.24 to 4.05 L/min, mean pressure 90 to 76 mmHg, wedge 23.5 to 16.8 mmHg,
rate unchanged. The factors lie half-way between those that take this circulation through the one and the other. The
effect is full at 25 to 50 mg (Am J Cardiol 49:1497, 1982); how it grows below 25 mg is assumed: half of it at 6 mg.
"""

from pathlib import Path

from twinviewer.therapies import Drug, Effect

FULL_MG, HALF_MG = 25.0, 6.25
EFFECT = Effect(rate=0.965, systemic=0.53, filling=0.84)


def share_of(dose_mg: float) -> float:
    """Share of the full effect: 0 without the drug, 1 from 25 mg."""
    return min(dose_mg / (dose_mg + HALF_MG) * (FULL_MG + HALF_MG) / FULL_MG, 1.0)


THERAPY = Drug(
    Path(__file__).parent,
    "ACE inhibitor",
    "Captopril: wider arteries and veins; effect of the first doses",
    EFFECT,
    share_of,
    lambda dose: f"captopril {dose:g} mg",
)
