"""Intervals and axis of synthetic complexes whose onset, end and direction are known."""

import numpy as np
import pytest

from twinviewer.domain import EngineError
from twinviewer.physics.ecg import LEADS
from twinviewer.physics.ecg_measure import measure

TIME = np.arange(1000.0)


def complex_mv(onset: float, length: float, axis_deg: float, t_end: float | None = None) -> dict[str, np.ndarray]:
    """A triangular QRS and a parabolic T in the frontal plane at an angle; chest leads alike."""
    shape = np.interp(TIME, [onset, onset + length / 2, onset + length], [0.0, 1.2, 0.0], left=0.0, right=0.0)
    if t_end is not None:
        u = (TIME - (t_end - 80.0)) / 80.0
        shape = shape + 0.3 * np.clip(1.0 - u**2, 0.0, None)
    angle = np.radians(axis_deg)
    leads = {name: np.cos(angle) * shape for name in LEADS}
    leads["II"] = np.cos(angle - np.pi / 3) * shape
    return leads


@pytest.mark.parametrize(("onset", "length"), [(160.0, 80.0), (120.0, 150.0), (200.0, 110.0)])
def test_duration(onset: float, length: float) -> None:
    found = measure(complex_mv(onset, length, 30.0))
    assert found.qrs_onset_ms == pytest.approx(onset, abs=5) and found.qrs_ms == pytest.approx(length, abs=8)


def test_a_slow_terminal_wave_belongs_to_qrs() -> None:
    """As in right bundle branch block: 60 ms of a steep complex, then 100 ms of a slow R' in V1 and S in I, V6."""
    leads = {name: 2.5 * lead for name, lead in complex_mv(160.0, 60.0, 30.0, t_end=560.0).items()}
    for name, share, top in (("V1", 0.4, 275.0), ("V2", 0.2, 275.0), ("I", -0.5, 250.0), ("V6", -0.5, 250.0)):
        leads[name] = leads[name] + np.interp(TIME, [220.0, top, 320.0], [0.0, share, 0.0], left=0.0, right=0.0)
    assert measure(leads).qrs_ms == pytest.approx(160.0, abs=8)


@pytest.mark.parametrize("axis", [-60.0, 0.0, 45.0, 100.0, 170.0])
def test_axis(axis: float) -> None:
    assert measure(complex_mv(160.0, 90.0, axis)).axis_deg == pytest.approx(axis, abs=1)


def test_qt_by_the_tangent_and_fridericia() -> None:
    found = measure(complex_mv(160.0, 90.0, 40.0, t_end=540.0))
    assert found.qt_ms is not None and found.qtc_ms is not None
    # the steepest point of a parabola is its foot, so tangent and truth agree
    assert found.qt_ms == pytest.approx(380.0, abs=12)
    faster = measure({name: values[:800] for name, values in complex_mv(160.0, 90.0, 40.0, t_end=540.0).items()})
    assert faster.qtc_ms == pytest.approx(faster.qt_ms / 0.8 ** (1 / 3))


def test_no_t_wave_no_qt() -> None:
    assert measure(complex_mv(160.0, 90.0, 40.0)).qt_ms is None


def test_a_small_p_wave_does_not_count() -> None:
    leads = complex_mv(160.0, 90.0, 40.0)
    p = 0.12 * np.exp(-0.5 * ((TIME - 60.0) / 20.0) ** 2)
    assert measure({name: values + p for name, values in leads.items()}).qrs_onset_ms == pytest.approx(160.0, abs=6)


def test_a_flat_line_is_refused() -> None:
    with pytest.raises(EngineError, match="no QRS"):
        measure({name: np.zeros(1000) for name in LEADS})
