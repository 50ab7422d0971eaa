"""What a cine study's model says of the patient, and what a slip in the header costs."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from thick_ventricle import moving, scaled

from twinviewer.domain import Patient
from twinviewer.organs.heart import cine
from twinviewer.organs.heart.motion.body import body_surface_m2


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The model's measures of a beating pair of thick ventricles, for a patient of this height and weight."""
    monkeypatch.setattr(cine, "measure_cine", lambda contours, stack: {})
    monkeypatch.setattr(cine, "volumes", lambda contours, stack: SimpleNamespace(base="long_axis"))
    at = np.arange(20) / 20
    mesh = moving([scaled(s, s) for s in (1.0 - 0.3 * (1.0 - np.cos(2 * np.pi * at))) ** (1 / 3)])
    stack = cast(Any, SimpleNamespace(mean_rr_s=0.9))

    def of(height_cm: float | None, weight_kg: float | None) -> Any:
        patient = Patient("P", "F", 60.0, height_cm=height_cm, weight_kg=weight_kg)
        return cine.measure_model(cast(Any, None), stack, mesh, patient)

    return of


def test_volumes_are_indexed_by_body_surface(measured: Any) -> None:
    found = measured(176.0, 81.0)
    assert found["lv_edv_index_ml_m2"].value == pytest.approx(found["lv_edv_ml"].value / body_surface_m2(176.0, 81.0))


@pytest.mark.parametrize(("height_cm", "weight_kg"), [(1.76, 81.0), (176.0, 81000.0)])
def test_a_height_in_metres_costs_the_indexed_values_only(measured: Any, height_cm: float, weight_kg: float) -> None:
    """Seen in real headers: metres for centimetres, grams for kilograms."""
    found, sound = measured(height_cm, weight_kg), measured(176.0, 81.0)
    assert found["lv_edv_ml"].value == sound["lv_edv_ml"].value
    assert set(sound) - set(found) == {name for name in sound if "_index_" in name or name in ("body_surface_m2",)}
