"""Every state on a heart that the program built from a patient's CT: the features that docs/verification.md lists."""

from functools import lru_cache
from pathlib import Path

import pytest
from ecg_features import STATES, found
from electrical_states import read_state

from twinviewer.domain import OrganMesh
from twinviewer.session.case import Case
from twinviewer.session.steps import build, choose_series, open_series, scan_folder, segment

pytestmark = pytest.mark.slow
UNMET = {
    ("normal", "axis -30 to 90°"),  # 94: this heart lies steep, and its right wall is a broad one
    ("lad_extensive", "no r or less than 0.3 mV in V1, V2"),  # the right free wall's r stays
    ("biv_paced", "I less positive than RV-paced"),  # the lead lies low: segment 11
}


@lru_cache(maxsize=1)
def patient(folder: Path) -> OrganMesh:
    case = scan_folder(Case(), folder)
    case = build(segment(open_series(case, choose_series(case))))
    assert case.mesh is not None
    return case.mesh


@pytest.mark.parametrize("state", STATES)
def test_a_patient_s_heart_shows_the_features_of_each_state(state: str, data_dir: Path) -> None:
    mesh = patient(data_dir / "cta_heart_totalseg" / "dicom_wrapped_heart_crop")
    compared = read_state(mesh, "rv_paced" if state == "biv_paced" else "normal")
    there = found(state, read_state(mesh, state), compared)
    assert {text for text, met in there.items() if not met} == {text for one, text in UNMET if one == state}
