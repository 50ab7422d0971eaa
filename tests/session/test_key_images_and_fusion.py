"""Key images and a second series: kept with the case and in its file, doubted where coordinates may not be the same."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twinviewer.domain import Grid, KeyImage, Patient, Series, StoreError, TwinviewerError, Volume
from twinviewer.scene.key_picture import key_pixels
from twinviewer.session import store
from twinviewer.session.case import Case
from twinviewer.session.fusion import candidates, change_fusion, doubt, lay_over, take_away
from twinviewer.session.key_images import LIMIT, add_key_image, remove_key_image
from twinviewer.session.units import unit_of


def volume(shift_mm: float = 0.0, modality: str = "CT") -> Volume:
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    affine[:3, 3] = shift_mm
    data = np.arange(20 * 30 * 40, dtype=np.int16).reshape(1, 20, 30, 40)
    return Volume(data, Grid((20, 30, 40), affine), modality, np.zeros(1), None, f"{modality} {shift_mm}")


def series(uid: str, modality: str, frame: str, who: str = "P-1") -> Series:
    extra = {"frame_of_reference": frame} if frame else {}
    return Series(uid, "1", Patient(who), "ct_volume" if modality == "CT" else "volume", modality, modality, "20260101",
                  20, 1, (30, 40), (1.0, 1.0, 2.0), ("a",), extra=extra)  # fmt: skip


@pytest.fixture
def case() -> Case:
    known = (series("1", "CT", "9.9"), series("2", "PT", "9.9"), series("3", "MR", "8.8"), series("4", "MR", ""))
    return Case(title="T", series=known, active_series_uid="1", image=volume())


def key(case: Case, title: str = "Axial 11/20") -> KeyImage:
    assert case.image is not None
    return KeyImage("", title, case.image.uid, np.array([20.0, 15.0, 20.0]), np.array([1.0, 0, 0]),
                    np.array([0, 1.0, 0]), np.array([20.0, 15.0, 20.0]), 0.5, (40, 30), "axial", -1, 0, 0.0, 400.0,
                    11000.0)  # fmt: skip


def test_a_key_image_is_kept_named_and_saved(case: Case, tmp_path: Path) -> None:
    marked = add_key_image(case, key(case))
    assert marked.action == "Mark key image, Axial 11/20" and len(marked.key_images) == 1
    twice = add_key_image(add_key_image(marked, key(case)), key(case))
    assert [one.title for one in twice.key_images] == ["Axial 11/20", "Axial 11/20 (2)", "Axial 11/20 (3)"]
    named = add_key_image(marked, replace(marked.key_images[0], title="  Scar of  the septum "))
    assert named.action == "Rename key image, Scar of the septum" and len(named.key_images) == 1
    back = store.load(store.save(named, tmp_path / "case.twin"))
    (found,) = back.key_images
    assert found.title == "Scar of the septum" and found.uid == named.key_images[0].uid
    np.testing.assert_array_equal(found.centre_mm, key(case).centre_mm)
    assert not remove_key_image(named, found.uid).key_images
    assert remove_key_image(named, "none") is named
    assert not named.changed("Open another", image=volume(1.0)).key_images


def test_its_picture_is_made_again_from_the_images(case: Case) -> None:
    picture = key_pixels(case.image, key(case))
    assert picture is not None and picture.shape == (30, 40, 3)
    # 0.5 mm a pixel, 40 x 30 of them about (20, 15) mm in slice 10: columns 10.25 to 29.75 mm, rows 7.75 to 22.25
    column, row = 8, 5
    i, j = 20 + (column - 19.5) * 0.5, 15 + (row - 14.5) * 0.5
    value = 10 * 1200 + 40 * j + i
    wanted = np.clip((value - (11000 - 200)) * 255 / 400, 0, 255)
    assert abs(float(picture[row, column, 0]) - wanted) < 255 / 400 + 1.0
    assert key_pixels(volume(5.0), key(case)) is None and key_pixels(None, key(case)) is None


def test_views_of_other_images_nameless_and_too_many_are_refused(case: Case) -> None:
    with pytest.raises(TwinviewerError, match="not of the images"):
        add_key_image(case, replace(key(case), image_uid="other"))
    with pytest.raises(TwinviewerError, match="name"):
        add_key_image(case, key(case, "  "))
    full = replace(case, key_images=tuple(replace(key(case), uid=str(n)) for n in range(LIMIT)))
    with pytest.raises(TwinviewerError, match=str(LIMIT)):
        add_key_image(full, key(case))


@pytest.mark.parametrize("wrong", [{"mm_per_px": 0.0}, {"right": np.array([2.0, 0, 0])}, {"size_px": (10**9, 5)},
                                   {"centre_mm": np.array([np.nan, 0, 0])}, {"slab": "median"}])  # fmt: skip
def test_a_file_with_a_key_image_that_cannot_be_drawn_is_refused(case: Case, tmp_path: Path, wrong: dict) -> None:
    bad = replace(case, key_images=(replace(key(case), uid="x", **wrong),))
    with pytest.raises(StoreError):
        store.load(store.save(bad, tmp_path / "bad.twin"))


def test_coordinates_are_trusted_within_one_frame_of_reference_only(case: Case) -> None:
    by_uid = {one.uid: why for one, why in candidates(case)}
    assert set(by_uid) == {"2", "3", "4"}
    assert by_uid["2"] == "" and "differ" in by_uid["3"] and "does not say" in by_uid["4"]
    assert "another patient" in doubt(case, series("5", "PT", "9.9", "P-2"))


def test_a_second_series_is_a_step_and_says_when_a_doubt_was_overruled(case: Case, tmp_path: Path) -> None:
    pet = volume(3.0, "PT")
    over = lay_over(case, case.series[1], pet, (1000.0, 400.0))
    assert over.fusion is not None and not over.fusion.overruled
    assert (over.fusion.low, over.fusion.high) == (0.0, 900.0)  # no negative uptake
    with pytest.raises(TwinviewerError, match="frames of reference differ"):
        lay_over(case, case.series[2], volume(3.0, "MR"), (1000.0, 500.0))
    all_the_same = lay_over(case, case.series[2], volume(3.0, "MR"), (1000.0, 500.0), overruled=True)
    assert all_the_same.fusion is not None and all_the_same.fusion.overruled
    back = store.load(store.save(change_fusion(over, opacity=0.25), tmp_path / "case.twin"))
    assert back.fusion is not None and back.fusion.opacity == 0.25 and back.fusion.series_uid == "2"
    assert take_away(over).fusion is None and over.changed("x", image=volume(2.0)).fusion is None


def test_series_that_do_not_meet_in_space_are_refused(case: Case) -> None:
    with pytest.raises(TwinviewerError, match="do not overlap"):
        lay_over(case, case.series[1], volume(500.0, "PT"), (1000.0, 400.0))


def test_units_are_those_of_the_header() -> None:
    pet = replace(series("2", "PT", "9"), extra={"unit": "BQML"})
    assert unit_of("PT", pet) == "Bq/mL" and unit_of("CT", None) == "HU" and unit_of("MR", None) == ""


def test_a_series_of_many_frames_of_reference_vouches_for_nothing(case: Case) -> None:
    torn = replace(series("6", "MR", "9.9 9.8 9.7"), kind="mr_cine")
    assert "its slices name 3 frames of reference" in doubt(case, torn)
    assert "the open one's slices name 3" in doubt(
        replace(case, series=(torn,), active_series_uid="6"), series("2", "PT", "9.9")
    )
    assert torn.uid in {one.uid for one, _ in candidates(replace(case, series=(*case.series, torn)))}


def test_a_scan_names_every_frame_of_reference_once(tmp_path: Path) -> None:
    from tests.support.mr_images import Study
    from twinviewer import dicom

    study = Study(tmp_path)
    for k in range(4):
        study.image("a", 3.0 * k, FrameOfReferenceUID="1.2.3" if k < 2 else "1.2.4")
    (found,) = dicom.scan(tmp_path)
    assert found.extra["frame_of_reference"] == "1.2.3 1.2.4"
