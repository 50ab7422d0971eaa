"""One mesh, hearts of all sizes: what a heart s times as large does, computed on the heart that there is.

Let every volume of heart and vessels be s times as large, so every length s^(1/3) times, with the same pressures and
stresses and a beat of the same length. Flows are then s times as large, resistances 1/s, compliances and blood s times;
areas of valves and elastances of the atria follow (s and 1/s), and the wall's strains are the same. Fronts have s^(1/3)
times as far to go. Potentials on a body that grows as well stay as they are, for lead fields fall with length as
gradients do while volume grows.

So a heart of size s with resistance R, compliance C, blood V and speeds v beats, in all that has no volume in its unit,
as the reference heart with R s, C / s, V / s and v / s^(1/3); the rest is its own times s. That is exact where all that
no parameter names (veins, atria, valves, impedance of the aortic root, atrial walls) grows along; a test shows it on a
mesh that was scaled. Two things do not. The inertia of blood in a valve grows with length alone: that moves volumes by
less than 1 % at s = 1.4. One speed stays: waves from an electrode run in the endocardial layer at 1 m/s of the
reference at most, which is s^(1/3) m/s in the heart of that size. What it cannot give is another shape, wall thickness
or position in the chest.
"""

from collections.abc import Mapping

PER_VOLUME = ("systemic_resistance_mmhg_s_ml", "pulmonary_resistance_mmhg_s_ml")
WITH_VOLUME = ("systemic_compliance_ml_mmhg", "pulmonary_compliance_ml_mmhg", "stressed_volume_ml")
WITH_LENGTH = ("conduction_fibre_m_s", "conduction_cross_m_s", "conduction_endocardial_m_s")
VOLUMES = ("_ml", "_l_min", "_mmhg_ml")


def on_reference(own: Mapping[str, float], size: float) -> dict[str, float]:
    """Parameters of a heart of a size, as the reference heart must have them to beat alike. size: ratio of volumes."""
    out = dict(own)
    for names, factor in ((PER_VOLUME, size), (WITH_VOLUME, 1.0 / size), (WITH_LENGTH, size ** (-1.0 / 3.0))):
        for name in names:
            if name in out:
                out[name] *= factor
    return out


def of_own(metrics: Mapping[str, float], size: float) -> dict[str, float]:
    """Metrics of the reference heart as those of the heart of that size."""
    return {name: value * _factor(name, size) for name, value in metrics.items()}


def _factor(name: str, size: float) -> float:
    if name.endswith("_mmhg_s_ml"):
        return 1.0 / size
    return size if name.endswith(VOLUMES) else 1.0
