"""The base from where contours end, and from points that come with them: known bases, and a real study's way back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twinviewer.dicom import scan
from twinviewer.dicom.write_cine_contours import write_cine_contours
from twinviewer.domain import CineContours, CineStack, Patient
from twinviewer.segmentation.cine.contour_base import base_from_ends, base_of_ends
from twinviewer.segmentation.cine.volumes import volumes
from twinviewer.session.mask_import import import_of_mask
from twinviewer.session.mask_read import read_masks

BEAT = np.arange(25) / 25.0
SQUEEZE = 0.5 - 0.5 * np.cos(2 * np.pi * BEAT)
"""0 at the R wave, 1 at end systole."""


def areas(depth: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Areas in mm2 of a cavity that halves and of the wall round it, on slices below the base alone."""
    there = depth[:, None] >= base
    return there * (1800.0 - 900.0 * SQUEEZE), np.broadcast_to(there * 3600.0, (len(depth), len(BEAT)))


@pytest.mark.parametrize("start", [-3.0, 1.0, 4.0])
@pytest.mark.parametrize("gap", [8.0, 10.0])
def test_a_base_that_passes_by_slices_is_found(start: float, gap: float) -> None:
    truth = start + 13.0 * SQUEEZE
    depth = gap * np.arange(9)
    found = base_from_ends(*areas(depth, truth), depth)
    assert found is not None
    base, spread = found
    assert np.abs(base - truth).max() < 4.0 and abs(float((base - truth).mean())) < 2.5 and 0.5 < spread < 4.0


def test_without_a_slice_that_it_passes_nothing_is_said() -> None:
    depth = 10.0 * np.arange(8)
    assert base_from_ends(*areas(depth, np.full(25, -2.0)), depth) is None
    inner, outer = areas(depth, -4.0 + 13.0 * SQUEEZE)
    still = np.arange(25) < 1  # one phase alone
    assert base_from_ends(inner * still, outer * still, depth) is None


def test_a_studys_contours_measure_the_same_after_their_way_through_files(
    patient: CineStack, contours: CineContours, data_dir: Path, tmp_path: Path
) -> None:
    """Within 3 % with the points that are written with them; nearer than by the slices alone without."""
    series = next(one for one in scan(data_dir / "cine_cmr_bivme_patient1" / "dicom") if one.kind == "mr_cine")
    write_cine_contours(tmp_path / "c.dcm", contours, series, {})
    mask = read_masks(sorted(tmp_path.glob("*.dcm")), patient, series)
    assert {(p.plane, p.phase, p.name, p.side) for p in mask.points} == {
        (p.plane, p.phase, p.name, p.side) for p in contours.points
    }
    written = volumes(contours, patient)
    imported = import_of_mask("heart", mask, patient, Patient("p"))[0]
    assert isinstance(imported, tuple)
    back = volumes(imported[0], patient)
    for name in ("lv_ml", "lv_mass_g"):
        assert getattr(back, name)[back.ed] == pytest.approx(getattr(written, name)[written.ed], rel=0.03)
    assert back.lv_ml[back.es] == pytest.approx(written.lv_ml[written.es], rel=0.03)
    assert back.rv_ml is not None and written.rv_ml is not None
    assert back.rv_ml.max() == pytest.approx(written.rv_ml.max(), rel=0.03)

    alone = import_of_mask("heart", replace(mask, points=()), patient, Patient("p"))[0]
    assert isinstance(alone, tuple) and contours.base_depth_mm is not None
    ends = base_of_ends(replace(alone[0], points=()), patient)
    assert ends is not None and alone[0].base_depth_mm is not None
    assert np.abs(ends[1] - contours.base_depth_mm).max() < 4.0
    by_ends = volumes(alone[0], patient)
    by_slices = volumes(replace(alone[0], base_depth_mm=None, base_fraction=None), patient)
    truth = written.lv_ml[written.ed]
    assert abs(by_ends.lv_ml[by_ends.ed] - truth) < 0.5 * abs(by_slices.lv_ml[by_slices.ed] - truth)
    assert by_ends.lv_ml[by_ends.ed] == pytest.approx(truth, rel=0.06)
