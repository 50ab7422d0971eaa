"""A real heart of which base and apex are missing: what no slice shows beats as the slices beside it do."""

from pathlib import Path

import numpy as np
import pytest

from twinviewer.dicom import read, scan
from twinviewer.domain import CineStack
from twinviewer.organs.heart.motion.volumes import cavity_ml
from twinviewer.organs.heart.template.model import build_cine
from twinviewer.organs.heart.template.shape import template
from twinviewer.segmentation.cine import delineate, volumes

pytestmark = pytest.mark.slow


def test_a_normal_heart_cut_off_at_both_ends_ejects_as_its_slices_do(data_dir: Path) -> None:
    """Sunnybrook SC-N-2, of the group of normal hearts. The expert's endocardium narrows by 58 % in the slices drawn in
    both phases, so the whole ejects half at least (normal is 52 to 72 %, Lang RM et al. J Am Soc Echocardiogr 2015)."""
    stack = read(scan(data_dir / "sunnybrook_scd0003701_edes" / "dicom")[0])
    assert isinstance(stack, CineStack)
    contours = delineate(stack)
    assert any("stack ends before the heart does" in note for note in contours.notes)
    assert volumes(contours, stack).base_uncertainty_ml > 20.0
    mesh = build_cine(contours, stack)
    assert mesh.motion_mm is not None
    motion = mesh.motion_mm.astype(np.float64)
    lv = cavity_ml(motion, mesh.surfaces["lv_cavity"])
    assert 50.0 <= 100.0 * (1.0 - lv.min() / lv.max()) <= 72.0
    # the tip of the heart stays nearly where it is, the base comes down to it by 12 to 15 mm in health
    shape = template()
    rest, systole = motion[int(np.argmax(lv))], motion[int(np.argmin(lv))]
    rim, outer = shape.rim("lv"), shape.nodes("lv_epicardium")
    axis = rest[outer].mean(axis=0) - rest[rim].mean(axis=0)
    axis /= np.linalg.norm(axis)
    assert abs((systole[outer] @ axis).max() - (rest[outer] @ axis).max()) < 3.0
    assert 8.0 <= (systole[rim] - rest[rim]).mean(axis=0) @ axis <= 20.0
