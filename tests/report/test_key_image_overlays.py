"""What lay over a key image is in its picture: structures, lines and a second series, where and as they were."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from twinviewer.domain import CinePlane, CineStack, Fusion, Grid, KeyImage, KeyLine, LabelMap, StoreError, Volume
from twinviewer.report.key_images import key_pictures
from twinviewer.scene.key_picture import key_pixels, labels_under
from twinviewer.session import store
from twinviewer.session.case import Case
from twinviewer.session.image_files import scan_any
from twinviewer.session.key_images import add_key_image
from twinviewer.session.metrics import metrics_document

RED = "#FF0000"


def labelled(shift: int = 0) -> LabelMap:
    data = np.zeros((1, 10, 60, 80), np.uint8)
    data[0, 5, 20:40, 30 + shift : 50 + shift] = 3
    return LabelMap(data, Grid((10, 60, 80), np.eye(4)), {3: "lv", 4: "rv"}, np.zeros(1), "test", "grey")


@pytest.fixture
def case() -> Case:
    image = Volume(np.full((1, 10, 60, 80), 300, np.int16), Grid((10, 60, 80), np.eye(4)), "CT", np.zeros(1), None,
                   "grey")  # fmt: skip
    return Case(title="T", image=image, active_series_uid="1", labels=labelled())


def key(**more: object) -> KeyImage:
    made = KeyImage("", "Square", "grey", np.array([39.5, 29.5, 5.0]), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]),
                    np.zeros(3), 0.25, (320, 240), "axial", -1, 0, 0.0, 1000.0, 500.0)  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def with_labels(case: Case) -> KeyImage:
    assert isinstance(case.image, Volume) and case.labels is not None
    found = labels_under(case.image, case.labels, key(), 0)
    return key(labels=found, structures=((3, "lv", RED),), opacity=0.5)


def test_structures_are_where_they_were_in_their_colour_and_strength(case: Case) -> None:
    ((rgb, caption),) = key_pictures(add_key_image(case, with_labels(case)))
    grey = round(0.3 * 255)
    centre = rgb[120, 160]
    assert np.abs(centre.astype(int) - [(grey + 255) / 2, grey / 2, grey / 2]).max() < 3
    assert (np.abs(rgb[60, 60].astype(int) - grey) < 3).all() and "changed since" not in caption
    marked = rgb[..., 0].astype(int) > rgb[..., 1].astype(int) + 30
    rows, columns = np.nonzero(marked)
    assert (rows.min(), rows.max()) == pytest.approx((80, 159), abs=2)  # 20 mm are 80 pixels
    assert (columns.min(), columns.max()) == pytest.approx((120, 199), abs=2)


def test_structures_that_are_corrected_later_do_not_change_it_and_it_says_so(case: Case) -> None:
    marked = add_key_image(case, with_labels(case))
    later = replace(marked, labels=labelled(12))
    (before, _), (after, said) = key_pictures(marked)[0], key_pictures(later)[0]
    np.testing.assert_array_equal(before, after)
    assert "changed since" in said
    assert "changed since" in key_pictures(replace(marked, labels=None))[0][1]


def test_lines_are_drawn_where_they_lay(case: Case) -> None:
    ends = np.array([[[20.0, 10.0, 5.0], [20.0, 50.0, 5.0]]], np.float32)
    ((rgb, _),) = key_pictures(add_key_image(case, key(lines=(KeyLine("#00FF00", 2.0, False, ends),))))
    green = (rgb[..., 1].astype(int) - rgb[..., 0]) > 60
    rows, columns = np.nonzero(green)
    assert np.median(columns) == pytest.approx((20.0 - 39.5) / 0.25 + 160, abs=1.5)
    assert (rows.min(), rows.max()) == pytest.approx(((10 - 29.5) / 0.25 + 120, (50 - 29.5) / 0.25 + 120), abs=3)


def second_series(folder: Path, value: float) -> Fusion:
    data = np.zeros((10, 60, 80), np.float32)
    data[:, :, 40:] = value + np.random.default_rng(1).normal(0.0, 5.0, (10, 60, 40))  # else it is taken for labels
    image = SimpleITK.GetImageFromArray(data)
    SimpleITK.WriteImage(image, str(folder / "second.nii.gz"))
    (found,) = scan_any(folder)
    return Fusion(found.uid, "hot", 0.0, 1000.0, 0.6, True)


def test_the_second_series_is_read_again_and_lies_where_it_lay(case: Case, tmp_path: Path) -> None:
    look = second_series(tmp_path, 600.0)
    full = replace(case, series=scan_any(tmp_path))
    ((rgb, said),) = key_pictures(add_key_image(full, key(over=look)))
    hot = rgb[..., 0].astype(int) > rgb[..., 2].astype(int) + 30
    columns = np.nonzero(hot[60])[0]
    assert columns.min() == pytest.approx((39.5 - 39.5) / 0.25 + 160, abs=3) and hot[60, columns.min() + 4 :].all()
    assert "Over it" in said and "0 to 1000" in said
    assert (rgb[215:, :150] > 230).any()  # "frame of reference overruled" stands on the picture
    (tmp_path / "second.nii.gz").unlink()
    ((plain, told),) = key_pictures(add_key_image(full, key(over=look)))
    assert "could not be read" in told and (plain[60, 170:300].std(axis=-1) == 0).all()


def test_an_interpolated_view_of_a_cine_study_has_its_picture() -> None:
    planes = []
    for number in range(4):
        affine = np.diag([1.0, 1.0, 8.0, 1.0])
        affine[2, 3] = 10.0 * number
        planes.append(
            CinePlane(np.full((2, 60, 80), 100 * number, np.int16), affine, np.array([0, 0.4]), 0.8, "S", 8.0)
        )
    stack = CineStack(tuple(planes), "MR", "grey")
    upright = key(right=np.array([1.0, 0, 0]), down=np.array([0, 0, 1.0]), centre_mm=np.array([39.5, 29.5, 15.0]),
                  size_px=(80, 100), window=300.0, level=150.0)  # fmt: skip
    rgb = key_pixels(stack, upright)
    assert rgb is not None
    z = 15.0 + (np.arange(100) - 49.5) * 0.25
    wanted = np.clip(z * 10.0 * 255 / 300, 0, 255)
    assert np.abs(rgb[:, 40, 0] - wanted).max() < 2


def test_all_is_kept_in_the_file_and_in_the_numbers(case: Case, tmp_path: Path) -> None:
    ends = np.zeros((1, 2, 3), np.float32)
    whole = replace(with_labels(case), note="Thin here.\nAsk again", lines=(KeyLine(RED, 1.0, True, ends),),
                    over=Fusion("2", "hot", 0.0, 5.0, 0.4, True), slab="max", slab_mm=10.0)  # fmt: skip
    back = store.load(store.save(add_key_image(case, whole), tmp_path / "case.twin"))
    (found,) = back.key_images
    np.testing.assert_array_equal(found.labels, whole.labels)
    assert (found.note, found.structures, found.over, found.opacity) == (whole.note, whole.structures, whole.over, 0.5)
    assert found.lines[0].dashed and found.lines[0].ends_mm.shape == (1, 2, 3)
    (told,) = metrics_document(back)["key_images"]
    assert told["title"] == "Square" and told["note"] == "Thin here.\nAsk again" and told["series_uid"] == "1"
    assert told["image_uid"] == "grey" and told["view"] == "axial" and told["structures"] == ["lv"]
    assert told["plane"]["centre_mm"] == [39.5, 29.5, 5.0] and told["plane"]["width_mm"] == 80.0
    assert told["plane"]["number"] is None and told["window"] == {"width": 1000.0, "level": 500.0}
    assert told["slab"] == {"kind": "max", "thickness_mm": 10.0} and told["frame"] == 0
    assert told["second_series"]["series_uid"] == "2" and told["second_series"]["frame_of_reference_overruled"]


@pytest.mark.parametrize("wrong", [
    {"labels": np.zeros((2, 2, 2), np.uint8)}, {"structures": ((3, "lv", "red"),)}, {"opacity": 2.0},
    {"lines": (KeyLine(RED, 1.0, False, np.full((1, 2, 3), np.nan, np.float32)),)},
    {"over": Fusion("2", "rainbow", 0.0, 1.0, 0.5)}, {"note": "x" * 5000},
])  # fmt: skip
def test_a_file_with_an_overlay_that_cannot_be_drawn_is_refused(case: Case, tmp_path: Path, wrong: dict) -> None:
    bad = replace(case, key_images=(key(uid="x", **wrong),))
    with pytest.raises(StoreError):
        store.load(store.save(bad, tmp_path / "bad.twin"))


def test_what_is_not_sure_is_dashed_half_and_half(case: Case) -> None:
    """One long segment or many short ones: about half of it is drawn, in pieces of some pixels."""
    places = np.linspace(10.0, 50.0, 30)
    many = np.array([[[20.0, a, 5.0], [20.0, b, 5.0]] for a, b in zip(places[:-1], places[1:], strict=True)])
    one = np.array([[[20.0, 10.0, 5.0], [20.0, 50.0, 5.0]]])
    for ends in (one, many):
        line = KeyLine("#00FF00", 2.0, True, ends.astype(np.float32))
        ((rgb, _),) = key_pictures(add_key_image(case, key(lines=(line,))))
        column = round((20.0 - 39.5) / 0.25 + 160)
        green = ((rgb[..., 1].astype(int) - rgb[..., 0]) > 60)[42:202, column - 2 : column + 3].any(axis=1)
        assert green.mean() == pytest.approx(0.55, abs=0.15)
        runs = np.diff(np.flatnonzero(np.diff(green.astype(int))))
        assert len(runs) > 10 and runs.max() <= 9
