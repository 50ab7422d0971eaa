"""The sac by its published curve, and tamponade as it was measured in patients."""

from dataclasses import replace

import numpy as np
import pytest
from patched_heart import beat_of, heart, output_l_min

from twinviewer.domain import EngineError
from twinviewer.physics.heart_model import sac_of
from twinviewer.physics.pericardium import NO_SAC, Sac, sac_pressure


def test_published_curve() -> None:
    # Lu 2001: 1 mmHg at 380 mL of blood in the chambers, e-fold every 40 mL
    sac = Sac(0.5, 350.0)
    assert sac_pressure(sac, 380.0) == pytest.approx(1.0, rel=0.1)
    assert sac_pressure(sac, 420.0) / sac_pressure(sac, 380.0) == pytest.approx(np.e, rel=1e-6)


def test_fluid_counts_like_blood_and_an_overfull_sac_stays_finite() -> None:
    assert sac_pressure(Sac(0.5, 350.0, 60.0), 340.0) == pytest.approx(sac_pressure(Sac(0.5, 350.0), 400.0))
    assert sac_pressure(Sac(0.5, 350.0), 420.0) < sac_pressure(Sac(0.5, 350.0), 5000.0) < 5000.0


def test_a_healthy_heart_hardly_feels_it() -> None:
    found, opened = beat_of(heart()), beat_of(replace(heart(), sac=NO_SAC))
    assert found["pericardium_pressure_mmhg"].max() < 1.0
    assert found["lv_volume_ml"].max() == pytest.approx(opened["lv_volume_ml"].max(), rel=0.01)
    assert output_l_min(found) == pytest.approx(output_l_min(opened), rel=0.02)


def test_tamponade() -> None:
    # Reddy et al., Circulation 58:265 (1978), 14 patients before against after tapping: right atrium 16 against 7 mmHg,
    # output 3.9 against 7.0 L/min, right end-diastolic pressure equal to the pericardium's
    free, full = beat_of(heart()), beat_of(heart(fluid_ml=420.0))
    assert full["ra_pressure_mmhg"].mean() > free["ra_pressure_mmhg"].mean() + 6.0
    assert 0.35 < output_l_min(full) / output_l_min(free) < 0.75
    filled = np.searchsorted(full.time_s, 0.17)  # the QRS: end-diastole
    pressed = full["pericardium_pressure_mmhg"][filled]
    assert full["rv_pressure_mmhg"][filled] == pytest.approx(pressed, abs=3.0)
    # both sides fill at nearly one pressure
    apart = [beat["lv_pressure_mmhg"][filled] - beat["rv_pressure_mmhg"][filled] for beat in (free, full)]
    assert apart[1] < 0.7 * apart[0]


def test_what_cannot_be_is_named() -> None:
    with pytest.raises(EngineError, match="pericardial_fluid_ml"):
        sac_of({"pericardial_fluid_ml": -1.0}, 400.0)
