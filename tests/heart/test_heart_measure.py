"""What the images say: volumes against exact shapes, honest intervals, nothing claimed that one phase cannot tell."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ideal_heart import BASE_MM, LV_LENGTH_MM, LV_RADIUS_MM, ideal_heart, ideal_labels, lv_blood_ml
from scipy import ndimage

from twinviewer.domain import LabelMap
from twinviewer.organs.heart import ORGAN
from twinviewer.organs.heart.measure import face_area_mm2, measure, wall_thickness_mm

DOCS = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def beating() -> LabelMap:
    """Two phases: the ideal heart, and the same with one voxel of blood less all round."""
    labels = ideal_labels()
    first = labels.data[0]
    second = first.copy()
    for blood, wall in ((2, 1), (3, 8)):
        mask = first == blood
        second[mask & ~ndimage.binary_erosion(mask)] = wall
    return replace(labels, data=np.stack([first, second]), phase_percent=np.array([0.0, 40.0]))


def test_one_phase_gives_volumes_and_no_ejection() -> None:
    found = measure(ideal_labels(), ideal_heart())
    assert found["lv_volume_ml"].value == pytest.approx(lv_blood_ml(), rel=0.01)
    assert not {"lv_edv_ml", "lv_esv_ml", "lv_ef_percent", "lv_stroke_volume_ml"} & set(found)


def test_two_phases_give_ejection() -> None:
    labels = beating()
    found = measure(labels, ideal_heart())
    edv, esv = labels.volume_ml("lv_blood", 0), labels.volume_ml("lv_blood", 1)
    assert found["lv_edv_ml"].value == edv and found["lv_esv_ml"].value == esv
    assert found["lv_ef_percent"].value == pytest.approx(100 * (edv - esv) / edv)
    assert found["lv_stroke_volume_ml"].value == pytest.approx(edv - esv)
    assert {"rv_edv_ml", "rv_esv_ml", "rv_ef_percent", "la_max_ml", "la_min_ml", "ra_max_ml"} <= set(found)


@pytest.mark.parametrize("labels", [ideal_labels(), beating()], ids=["one", "two"])
def test_every_number_has_an_interval_an_origin_and_a_name_in_the_docs(labels: LabelMap) -> None:
    listed = set(re.findall(r"`([a-z]+_[a-z0-9_]+)`", DOCS.read_text(encoding="utf-8")))
    mesh = ideal_heart()
    for name, quantity in measure(labels, mesh).items():
        assert name in listed
        assert quantity.origin == "measured" and quantity.source == mesh.label_uid
        assert quantity.low is not None and quantity.high is not None
        assert quantity.low <= quantity.value <= quantity.high


def test_interval_is_the_exact_area_times_the_shift() -> None:
    """dV/ds of the truncated ellipsoid is its area, lid included; the face is held to move by 0.45 voxel."""
    found = measure(ideal_labels(), ideal_heart())["lv_volume_ml"]
    w = np.linspace(-LV_LENGTH_MM, BASE_MM, 20001)
    r = LV_RADIUS_MM * np.sqrt(1 - (w / LV_LENGTH_MM) ** 2)
    area = float(np.sum(np.pi * (r[1:] + r[:-1]) * np.hypot(np.diff(r), np.diff(w)))) + np.pi * r[-1] ** 2
    assert found.high is not None
    assert found.high - found.value == pytest.approx(area * 0.45 * 1.5 / 1000, rel=0.08)


def test_face_area_of_a_ball() -> None:
    k, j, i = np.meshgrid(*[np.arange(60)] * 3, indexing="ij")
    ball = (i - 29.3) ** 2 + (j - 29.6) ** 2 + (k - 30.1) ** 2 < 25**2
    assert face_area_mm2(ball, (1.0, 1.0, 1.0)) == pytest.approx(4 * np.pi * 25**2, rel=0.03)


def test_thickness_and_mass_of_the_ideal_wall() -> None:
    mesh = ideal_heart()
    # between confocal-like ellipsoids of 24 and 34 mm radius: 10 mm across at the middle of the lateral wall
    assert wall_thickness_mm(mesh, (11, 12)) == pytest.approx(10.0, abs=0.6)
    labels = ideal_labels()
    assert measure(labels, mesh)["lv_mass_g"].value == pytest.approx(1.05 * labels.volume_ml("lv_myocardium"))


def test_the_organ_offers_all_its_doors() -> None:
    from twinviewer.domain import Organ

    assert isinstance(ORGAN, Organ)
    names = set(ideal_labels().names.values()) | set(ideal_heart().surfaces)
    assert names <= set(ORGAN.styles)
    assert ORGAN.styles["lv_myocardium"].colour == "#C96A5B" and ORGAN.styles["aorta"].colour == "#D9544F"


def test_looking_at_the_organ_loads_no_physics() -> None:
    """Start-up asks whether the heart is an Organ; compilers and solvers must wait until they are used."""
    import subprocess
    import sys

    code = (
        "import sys; from twinviewer.domain import Organ; from twinviewer.organs.heart import ORGAN;"
        "assert isinstance(ORGAN, Organ); heavy = {'numba', 'scipy', 'vtk', 'SimpleITK'} & set(sys.modules);"
        "assert not heavy, heavy; assert len(ORGAN.setup_parameters) > 0"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr == ""
