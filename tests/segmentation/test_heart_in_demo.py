"""The demo patient's CT against its known truth."""

import numpy as np
import pytest
from scipy import ndimage

from twinviewer.domain import Cancelled, LabelMap, Volume, silent
from twinviewer.organs.heart.demo.anatomy import anatomy, demo_labels
from twinviewer.organs.heart.demo.render import render, scan_grid
from twinviewer.organs.heart.demo.shape import dilated
from twinviewer.organs.heart.segment import segment

PHASES = np.array([0.0, 40.0])


@pytest.fixture(scope="module")
def demo() -> tuple[Volume, dict[str, np.ndarray], LabelMap, LabelMap]:
    """Scan of two phases, true volumes, true labels, found labels."""
    scan = render(anatomy(dilated(2026)), PHASES, scan_grid(1.5), 2026)
    volume = Volume(scan.hu, scan.grid, "CT", PHASES, 0.83, "demo")
    return volume, scan.volumes_ml, demo_labels(PHASES, grid=scan.grid), segment(volume, silent)


def _dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


@pytest.mark.slow
def test_left_volumes_and_ejection_fraction(demo: tuple) -> None:
    _, truth, _, found = demo
    volumes = [found.volume_ml("lv_blood", p) for p in range(2)]
    assert volumes[0] == pytest.approx(truth["lv_blood"][0], rel=0.03)
    assert volumes[1] == pytest.approx(truth["lv_blood"][1], rel=0.03)
    ef = 100 * (1 - volumes[1] / volumes[0])
    true_ef = 100 * (1 - truth["lv_blood"][1] / truth["lv_blood"][0])
    assert ef == pytest.approx(true_ef, abs=1.5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "volume_within", "least_dice"),
    [
        ("lv_blood", 0.03, 0.97),
        ("lv_myocardium", 0.04, 0.94),
        ("rv_blood", 0.04, 0.95),
        ("la_blood", 0.04, 0.95),
        ("ra_blood", 0.04, 0.95),
        ("aorta", 0.04, 0.95),
        # its branches are cut where they leave the heart, the truth's 46 mm from their fork
        ("pulmonary_artery", 0.15, 0.83),
        # a wall of two voxels
        ("rv_myocardium", 0.10, 0.79),
    ],
)
def test_structures_overlap_their_truth(demo: tuple, name: str, volume_within: float, least_dice: float) -> None:
    _, truth, labels, found = demo
    for phase in range(2):
        assert found.volume_ml(name, phase) == pytest.approx(truth[name][phase], rel=volume_within)
        assert _dice(found.mask(name, phase), labels.mask(name, phase)) > least_dice


@pytest.mark.slow
def test_cavities_are_whole_and_walled_in(demo: tuple) -> None:
    *_, found = demo
    around = np.ones((3, 3, 3), dtype=bool)
    for phase in range(2):
        data = found.data[phase]
        for blood, allowed in ((2, {1, 2, 4, 6}), (3, {1, 3, 5, 7, 8})):
            cavity = data == blood
            assert ndimage.label(cavity)[1] == 1
            assert np.array_equal(ndimage.binary_fill_holes(cavity), cavity)
            assert set(np.unique(data[ndimage.binary_dilation(cavity, around)])) <= allowed
        assert ndimage.label(data == 4)[1] == 1
        assert ndimage.label(data == 5)[1] == 1


@pytest.mark.slow
def test_notes_name_the_weaker_side(demo: tuple) -> None:
    volume, _, _, found = demo
    assert any("opacified differently" in note for note in found.notes)
    assert found.grid.same_as(volume.grid)
    assert not found.data.flags.writeable
    assert found.image_uid == "demo"


@pytest.mark.slow
def test_the_same_scan_gives_the_same_labels_and_can_be_cancelled(demo: tuple) -> None:
    volume, _, _, found = demo
    one = Volume(volume.data[:1], volume.grid, "CT", PHASES[:1], 0.83, "one")
    assert np.array_equal(segment(one, silent).data[0], found.data[0])

    def impatient(fraction: float, text: str) -> None:
        if fraction > 0.35:
            raise Cancelled

    with pytest.raises(Cancelled):
        segment(volume, impatient)
