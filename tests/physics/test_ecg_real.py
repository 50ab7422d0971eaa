"""Intervals measured on a real 12-lead ECG against those that the cardiograph stored with it; and waves by name."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from twinviewer.physics.ecg import LEADS
from twinviewer.physics.ecg_measure import EcgMeasures, measure
from twinviewer.physics.ecg_waves import waves

STORED = {"pr": 156.0, "qrs": 86.0, "qt": 398.0, "axis": 44.0, "rr": 750.0}
P_ONSET, QRS_ONSET, QRS_END = 300.0, 456.0, 542.0  # samples 150, 228 and 271 at 500 Hz


@pytest.fixture(scope="module")
def found(data_dir: Path) -> EcgMeasures:
    """The median beat of the recording: 12 leads, 600 samples at 500 Hz, 5 uV a step."""
    record = pydicom.dcmread(data_dir / "signals_and_records" / "ecg" / "dicom_12lead_waveform.dcm")
    volts = record.waveform_array(1)
    assert volts.shape == (600, 12)
    return measure({name: volts[:, i] / 1000.0 for i, name in enumerate(LEADS)}, 500.0, STORED["rr"])


def test_intervals_are_those_of_the_cardiograph(found: EcgMeasures) -> None:
    """Programs and readers differ by 10 ms (P, QRS) and 25 to 30 ms (end of T) on one ECG: IEC 60601-2-51, CSE."""
    assert found.pr_ms == pytest.approx(STORED["pr"], abs=10.0)
    assert found.qrs_ms == pytest.approx(STORED["qrs"], abs=10.0)
    assert found.qt_ms == pytest.approx(STORED["qt"], abs=25.0)
    assert found.axis_deg == pytest.approx(STORED["axis"], abs=10.0)


def test_so_are_the_points_in_time(found: EcgMeasures) -> None:
    assert found.p_onset_ms == pytest.approx(P_ONSET, abs=10.0)
    assert found.qrs_onset_ms == pytest.approx(QRS_ONSET, abs=6.0)
    assert found.qrs_end_ms == pytest.approx(QRS_END, abs=10.0)


def test_without_p_no_pr() -> None:
    time = np.arange(1000.0)
    qrs = np.interp(time, [400.0, 440.0, 480.0], [0.0, 1.0, 0.0], left=0.0, right=0.0)
    assert measure(dict.fromkeys(LEADS, qrs)).pr_ms is None
    p = 0.12 * np.exp(-0.5 * ((time - 290.0) / 18.0) ** 2)
    assert measure(dict.fromkeys(LEADS, qrs + p)).pr_ms == pytest.approx(400.0 - 290.0 + 2.2 * 18.0, abs=15.0)


def test_waves_have_the_names_of_a_reader() -> None:
    time = np.arange(200.0)

    def lead(*points: tuple[float, float]) -> np.ndarray:
        return np.interp(time, [50.0, *(t for t, _ in points), 150.0], [0.0, *(v for _, v in points), 0.0])

    septal = waves(lead((60, -0.2), (90, 1.0), (120, -0.3)), 50.0, 150.0)
    assert (septal.q_mv, septal.r_mv, septal.s_mv, septal.r2_mv) == pytest.approx((0.2, 1.0, 0.3, 0.0))
    assert septal.q_ms == pytest.approx(15.0, abs=1.0) and not septal.notched
    right = waves(lead((60, 0.2), (80, -0.8), (120, 0.6)), 50.0, 150.0)
    assert (right.q_mv, right.r_mv, right.s_mv, right.r2_mv) == pytest.approx((0.0, 0.2, 0.8, 0.6))
    assert waves(lead((80, -1.0)), 50.0, 150.0).q_mv == pytest.approx(1.0)  # QS
    assert waves(lead((75, 1.0), (95, 0.7), (110, 0.95)), 50.0, 150.0).notched
    assert waves(lead((75, 1.0), (110, 0.97)), 50.0, 150.0).notched  # a plateau is a slur
