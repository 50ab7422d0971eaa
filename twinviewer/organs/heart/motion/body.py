"""Body surface area, by which volumes, mass and output are made comparable between people."""

import math

MOSTELLER = "Mosteller RD, N Engl J Med 1987;317:1098"


def body_surface_m2(height_cm: float, weight_kg: float) -> float:
    """Body surface in m²: √(height in cm × weight in kg / 3600). Mosteller RD. N Engl J Med 1987;317:1098.

    Raises ValueError for a height or weight that no patient has (20–250 cm, 0.5–400 kg).
    """
    if not 20.0 <= height_cm <= 250.0 or not 0.5 <= weight_kg <= 400.0:
        raise ValueError(f"{height_cm:g} cm and {weight_kg:g} kg are not a body's height and weight")
    return math.sqrt(height_cm * weight_kg / 3600.0)
