"""Agatston's score of cylinders whose area and density are known, and what a real scan without contrast gives."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twinviewer.domain import Grid, LabelMap, Patient, SegmentationError, Volume
from twinviewer.segmentation.calcium import cac_drs, category, density_factor, find_lesions
from twinviewer.session.calcium import Region, accept_calcium, calcium_numbers, compute_candidates, why_not
from twinviewer.session.case import Case

PIXEL_MM = 0.4


def phantom(slice_mm: float, *rods: tuple[float, float, float, float]) -> tuple[np.ndarray, Grid]:
    """Soft tissue of 40 HU with rods along the slices' axis: (x, y, radius, HU) in mm, 12 mm long."""
    count, deep = 200, int(round(30.0 / slice_mm))
    affine = np.diag([PIXEL_MM, PIXEL_MM, slice_mm, 1.0])
    hu = np.full((deep, count, count), 40.0, np.float32)
    y, x = np.mgrid[:count, :count] * PIXEL_MM
    inside = slice(int(round(9.0 / slice_mm)), int(round(21.0 / slice_mm)))
    for cx, cy, radius, level in rods:
        hu[inside, (x - cx) ** 2 + (y - cy) ** 2 < radius**2] = level
    return hu, Grid((deep, count, count), affine)


def everywhere(hu: np.ndarray) -> np.ndarray:
    return np.ones(hu.shape, bool)


@pytest.mark.parametrize(("level", "factor"), [(150, 1), (250, 2), (350, 3), (500, 4)])
@pytest.mark.parametrize("slice_mm", [3.0, 1.5])
def test_a_rod_scores_its_area_its_factor_and_its_length(level: float, factor: int, slice_mm: float) -> None:
    radius = 3.0
    hu, grid = phantom(slice_mm, (40.0, 40.0, radius, level))
    (found,) = find_lesions(hu, grid, everywhere(hu))
    area = np.pi * radius**2
    assert found.agatston == pytest.approx(area * factor * 12.0 / 3.0, rel=0.03)
    assert found.volume_mm3 == pytest.approx(area * 12.0, rel=0.03)
    assert found.mass_mg == pytest.approx(level * 0.001 * area * 12.0, rel=0.03)
    assert found.peak_hu == level and not found.leaves and not found.bulky and found.doubt == ""
    assert found.centre_mm == pytest.approx((40.0, 40.0, 15.0 - slice_mm / 2), abs=0.3)
    assert found.agatston_low <= found.agatston <= found.agatston_high


def test_specks_noise_and_soft_tissue_do_not_score() -> None:
    hu, grid = phantom(3.0, (40.0, 40.0, 3.0, 129.0))
    hu[5, 10, 10:12] = 900.0  # two pixels
    hu[5, 30, 30] = 900.0
    assert find_lesions(hu, grid, everywhere(hu)) == ()
    coarse = Grid(grid.shape, np.diag([0.2, 0.2, 3.0, 1.0]))  # 3 x 5 pixels of 0.04 mm² are less than 1 mm²
    hu[5, 50:53, 50:55] = 300.0
    assert find_lesions(hu, coarse, everywhere(hu)) == ()


def test_only_the_region_is_looked_at_and_bone_says_what_it_is() -> None:
    hu, grid = phantom(3.0, (20.0, 20.0, 2.0, 300.0), (60.0, 60.0, 12.0, 350.0))
    region = everywhere(hu)
    both = find_lesions(hu, grid, region)
    assert [one.bulky for one in both] == [True, False] and "bone" in both[0].doubt
    region[:, :, 100:] = False
    (plaque,) = find_lesions(hu, grid, region)
    assert not plaque.bulky and plaque.number == 1
    region[:, :, 50:] = False
    (cut,) = find_lesions(hu, grid, region)
    assert cut.leaves and cut.doubt and cut.agatston < plaque.agatston
    with pytest.raises(SegmentationError):
        find_lesions(hu, grid, ~everywhere(hu))


def test_two_lesions_in_a_slice_have_factors_of_their_own() -> None:
    hu, grid = phantom(3.0, (20.0, 20.0, 3.0, 150.0), (60.0, 60.0, 3.0, 450.0))
    dense, faint = find_lesions(hu, grid, everywhere(hu))
    assert dense.agatston == pytest.approx(4 * faint.agatston, rel=0.02)


def test_categories() -> None:
    assert [category(s) for s in (0, 5, 11, 101, 401)] == ["none", "minimal", "mild", "moderate", "severe"]
    assert [cac_drs(s) for s in (0, 1, 99, 100, 299, 300)] == [0, 1, 1, 2, 2, 3]
    assert [density_factor(h) for h in (129, 130, 199, 200, 300, 400)] == [0, 1, 1, 2, 3, 4]


def case(hu: np.ndarray, grid: Grid) -> Case:
    image = Volume(hu[None].astype(np.int16), grid, "CT", np.zeros(1), None, "scan")
    return Case(patient=Patient("P"), image=image)


def test_what_was_chosen_is_kept_with_the_case() -> None:
    made = case(*phantom(3.0, (20.0, 20.0, 3.0, 250.0), (60.0, 60.0, 3.0, 450.0)))
    region = Region(centre_mm=(40.0, 40.0, 15.0), radius_mm=45.0)
    first, second = compute_candidates(made, region)
    found = accept_calcium(made, region, [second], 2)
    score = found.measurements["calcium_agatston"]
    assert score.value == second.agatston and score.low is not None and score.high is not None
    assert "1 of 2 candidates" in score.source and "Agatston" in score.source and found.revision > made.revision
    assert found.measurements["calcium_lesions"].value == 1
    assert calcium_numbers(made, region, [first, second], 2)["calcium_agatston"].value > score.value
    small = Region(centre_mm=(20.0, 20.0, 15.0), radius_mm=10.0)
    assert len(compute_candidates(made, small)) == 1


def test_contrast_is_refused_with_the_reason() -> None:
    made = case(*phantom(3.0, (40.0, 40.0, 25.0, 320.0)))
    labels = (made.image.data >= 300).astype(np.uint8) * 2  # type: ignore[union-attr]
    blood = LabelMap(labels, made.image.grid, {2: "lv_blood"}, np.zeros(1), "hand", "scan")  # type: ignore[union-attr]
    assert why_not(made) == ""
    refused = replace(made, labels=blood)
    assert "320 HU" in why_not(refused)
    with pytest.raises(SegmentationError, match="contrast"):
        compute_candidates(refused, Region("lv_blood"))
    assert "contrast" in why_not(replace(made, organ="heart"))
    assert why_not(Case())


def test_chest_ct_without_contrast(data_dir: Path) -> None:
    """lidc0314: no reference score is known. In a ball where the heart lies there are candidates; the breastbone, which
    would score thousands, says that it is too thick for an artery."""
    from twinviewer.dicom import read, scan

    series = max(scan(data_dir / "chest_ct_lidc0314" / "dicom"), key=lambda one: one.slices)
    image = read(series)
    assert isinstance(image, Volume)
    made = Case(image=image)
    assert why_not(made) == ""
    x, y, z = image.grid.centre_mm + [15.0, -30.0, -20.0]
    found = compute_candidates(made, Region(centre_mm=(x, y, z), radius_mm=60.0))
    assert found[0].bulky and found[0].agatston > 10_000
    assert 0.0 < sum(one.agatston for one in found if not one.doubt) < 400.0
