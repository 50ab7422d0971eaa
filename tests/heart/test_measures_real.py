"""A real contrast CT: rings, vessels and fat within what adults have. No reference values of this scan are known."""

from pathlib import Path

import pytest

from twinviewer.dicom import read, scan
from twinviewer.domain import Patient, Volume, silent
from twinviewer.organs.heart.measures.complete import completed
from twinviewer.organs.heart.segment import segment

ADULT = {
    "aortic_annulus_area_mm2": (250, 750),
    "aortic_annulus_mean_mm": (18, 31),
    "mitral_annulus_area_cm2": (4, 16),
    "tricuspid_annulus_area_cm2": (5, 20),
    "aortic_sinus_mm": (24, 44),
    "sinotubular_mm": (20, 38),
    "ascending_aorta_mm": (22, 45),
    "pulmonary_trunk_mm": (17, 35),
    "epicardial_fat_ml": (10, 300),
}


@pytest.mark.slow
def test_a_real_heart_measures_like_an_adult_heart(data_dir: Path) -> None:
    image = read(scan(data_dir / "cta_heart_totalseg" / "dicom_wrapped_heart_crop")[0])
    assert isinstance(image, Volume)
    found = completed({}, segment(image, silent), None, image, Patient("P"))
    for name, (low, high) in ADULT.items():
        assert low < found[name].value < high, name
    # the sinus is the widest part of the root, and the ring narrower than it
    assert found["aortic_annulus_area_diameter_mm"].value < found["aortic_sinus_mm"].value
    assert found["sinotubular_mm"].value < found["aortic_sinus_mm"].value
