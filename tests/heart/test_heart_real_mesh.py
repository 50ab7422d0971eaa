"""A real contrast CT, from DICOM to mesh. No truth is known for its chambers: soundness and plausible ranges only."""

from pathlib import Path

import numpy as np
import pytest

from twinviewer import dicom
from twinviewer.domain import Patient, Volume, silent
from twinviewer.geometry.quality import tet_quality
from twinviewer.organs.heart import ORGAN


@pytest.mark.slow
def test_real_ct_becomes_a_sound_heart(data_dir: Path) -> None:
    image = dicom.read(dicom.scan(data_dir / "cta_heart_totalseg" / "dicom_wrapped_heart_crop")[0])
    assert isinstance(image, Volume)
    labels = ORGAN.segment(image, silent)
    mesh = ORGAN.build(labels, image, silent)
    quality = tet_quality(mesh.points_mm, mesh.tets)
    assert quality.inverted == 0 and quality.boundary_manifold and quality.components == 1
    assert quality.min_dihedral_deg > 8 and quality.max_edge_mm <= 3.01
    for side in ("lv", "rv"):
        assert mesh.enclosed_ml(f"{side}_cavity") == pytest.approx(labels.volume_ml(f"{side}_blood"), rel=0.01)
    assert set(np.unique(mesh.point_fields["aha_segment"])) == set(range(18))
    apex, base = mesh.landmarks["lv_apex"], mesh.landmarks["mitral_centre"]
    assert apex[0] > base[0] and apex[1] < base[1] and apex[2] < base[2]
    found = ORGAN.measure(labels, mesh, image, Patient(""))
    assert 50 < found["lv_volume_ml"].value < 250 and 80 < found["lv_mass_g"].value < 300
    assert 6 < found["lv_wall_thickness_mm"].value < 16
    assert "lv_ef_percent" not in found
