"""Where no end-systole was measured, an ejection fraction is assumed that both ventricles can have."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from twinviewer.domain import Quantity
from twinviewer.organs.heart.personal import EF, RV_EF_PERCENT, RV_EF_SPREAD, _of_one_stroke

ASSUMED = Quantity(60.0, "%", "population", "adults")


def _fraction(left_ml: float, right_ml: float, assumed: Quantity = ASSUMED, **measured: Quantity) -> float:
    mesh: Any = SimpleNamespace(enclosed_ml=lambda name: left_ml if name == "lv_cavity" else right_ml)
    return _of_one_stroke(mesh, {"assumed_ef_percent": assumed}, measured)["assumed_ef_percent"].value


def test_a_wide_left_ventricle_beside_a_slim_right_one_ejects_less() -> None:
    """60 % of 206 mL would leave 24 of the right one's 147 mL: the stroke is the likeliest of two normal hearts."""
    fraction = _fraction(206.0, 147.0)
    strokes = np.linspace(60.0, 130.0, 7001)
    unlikely = ((100 * strokes / 206 - 60) / 6) ** 2 + ((100 * strokes / 147 - RV_EF_PERCENT) / RV_EF_SPREAD) ** 2
    assert fraction == pytest.approx(100.0 * strokes[np.argmin(unlikely)] / 206.0, abs=0.01)
    assert 100.0 * fraction / 100.0 * 206.0 / 147.0 < 70.0


def test_normal_hearts_chosen_and_measured_fractions_are_left_alone() -> None:
    assert _fraction(143.0, 154.0) == 60.0  # men's means (Petersen et al., 2017)
    assert _fraction(206.0, 147.0, Quantity(60.0, "%", "chosen", "user")) == 60.0
    ends = {f"lv_{one}_ml": Quantity(value, "mL", "measured", "CT") for one, value in (("edv", 206.0), ("esv", 120.0))}
    assert _fraction(206.0, 147.0, **ends) == 60.0
    assert EF == "lv_ef_percent"
