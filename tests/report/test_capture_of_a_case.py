"""One picture of a case as DICOM: a secondary capture that says that it is simulated and names nobody."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from tests.ui.conftest import ball_mesh, ball_run
from twinviewer.domain import Patient, RenderError, Setup
from twinviewer.report.capture import capture
from twinviewer.session.case import Case, Scenario


def test_a_picture_becomes_a_secondary_capture(tmp_path: Path) -> None:
    mesh = ball_mesh()
    baseline = Scenario("baseline", "Baseline", (), Setup(mesh, {}, ()), ball_run(mesh, 0.1, 160.0))
    case = replace(Case(), organ="heart", mesh=mesh, scenarios=(baseline,), patient=Patient("P-1"))
    path = capture(case, tmp_path / "deep" / "picture.dcm", size=(640, 480))
    data = pydicom.dcmread(path)
    assert data.SOPClassUID.name.endswith("Secondary Capture Image Storage") and str(data.PatientName) == "P-1"
    pixels = data.pixel_array
    assert pixels.shape == (480, 640, 3) and np.unique(pixels.reshape(-1, 3), axis=0).shape[0] > 50
    with pytest.raises(RenderError, match="no model"):
        capture(Case(), tmp_path / "x.dcm")
