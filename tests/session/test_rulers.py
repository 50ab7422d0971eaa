"""Measurements by hand: known lengths, angles and areas; intervals that hold; kept in the case and its file."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from twinviewer.domain import CinePlane, CineStack, Grid, Ruler, RulerKind, StoreError, TwinviewerError, Volume
from twinviewer.geometry import rulers as of
from twinviewer.geometry.cardiac_planes import rotation
from twinviewer.session import store
from twinviewer.session.case import Case
from twinviewer.session.history import History
from twinviewer.session.rulers import add_ruler, details, measured, remove_all, remove_ruler, words

TURN = rotation(np.array([0.3, -1.0, 0.4]), 50.0)
SPACING = np.array([0.5, 0.5, 2.0])


def volume() -> Volume:
    """Turned voxels; grey 100 left of the middle and 300 right of it, with noise of 20."""
    affine = np.eye(4)
    affine[:3, :3] = TURN @ np.diag(SPACING)
    affine[:3, 3] = (10.0, -200.0, 33.0)
    shape = (8, 120, 120)
    side = np.where(np.arange(120) < 60, 100.0, 300.0)
    data = side + np.random.default_rng(0).normal(0.0, 20.0, shape)
    return Volume(data[None].astype(np.int16), Grid(shape, affine), "CT", np.zeros(1), None, "ramp")


@pytest.fixture(scope="module")
def case() -> Case:
    return Case(title="T", image=volume(), active_series_uid="1")


def ruler(kind: RulerKind, ijk: list[list[float]], case: Case) -> Ruler:
    assert isinstance(case.image, Volume)
    points = case.image.grid.to_mm(np.array(ijk, float))
    return Ruler(kind, points, {}, "", TURN[:, 0], TURN[:, 1], case.image.uid)


def value(case: Case, one: Ruler, name: str) -> float:
    return measured(case, one).values[name].value


def test_known_figures(case: Case) -> None:
    assert value(case, ruler("distance", [[10, 10, 3], [40, 50, 3]], case), "length") == pytest.approx(25.0)
    assert value(case, ruler("angle", [[10, 10, 3], [30, 10, 3], [30, 40, 3]], case), "angle") == pytest.approx(90.0)
    assert value(case, ruler("angle", [[50, 10, 3], [30, 10, 3], [50, 30, 3]], case), "angle") == pytest.approx(45.0)
    path = ruler("polyline", [[0, 0, 3], [20, 0, 3], [20, 20, 3], [0, 20, 3]], case)
    assert value(case, path, "length") == pytest.approx(30.0)
    square = ruler("area", [[0, 0, 3], [20, 0, 3], [20, 20, 3], [0, 20, 3]], case)
    assert value(case, square, "area") == pytest.approx(1.0) and value(case, square, "perimeter") == pytest.approx(40.0)
    oval = ruler("ellipse", [[90, 60, 3], [110, 60, 3], [90, 72, 3]], case)
    assert value(case, oval, "area") == pytest.approx(np.pi * 10 * 6 / 100)


def test_an_ellipse_reads_the_voxels_in_it_and_their_noise(case: Case) -> None:
    found = measured(case, ruler("ellipse", [[90, 60, 3], [110, 60, 3], [90, 80, 3]], case)).values
    assert found["voxels"].value == pytest.approx(np.pi * 20 * 20, rel=0.02)
    assert found["mean"].value == pytest.approx(300.0, abs=3) and found["mean"].unit == "HU"
    assert found["sd"].value == pytest.approx(20.0, rel=0.08)  # interpolated values would have less
    half = measured(case, ruler("area", [[40, 10, 3], [79, 10, 3], [79, 49, 3], [40, 49, 3]], case)).values
    assert half["mean"].value == pytest.approx(200.0, abs=8) and half["sd"].value > 90


def test_intervals_hold_nine_times_in_ten(case: Case) -> None:
    """Points that fall anywhere in their pixels: the true value lies within the interval as often as it says."""
    rng = np.random.default_rng(7)
    true = {
        "distance": [[20.0, 20, 3], [90, 45, 3]],
        "angle": [[20.0, 20, 3], [50, 70, 3], [100, 40, 3]],
        "area": [[20.0, 20, 3], [70, 15, 3], [95, 60, 3], [40, 90, 3]],
    }
    for kind, ijk in true.items():
        sharp = ruler(kind, ijk, case)  # type: ignore[arg-type]
        name = next(iter(measured(case, sharp).values))
        wanted, inside = value(case, sharp, name), 0
        for _ in range(400):
            moved = np.array(ijk)
            moved[:, :2] += rng.uniform(-0.5, 0.5, (len(ijk), 2))
            found = measured(case, ruler(kind, moved.tolist(), case)).values[name]  # type: ignore[arg-type]
            assert found.low is not None and found.high is not None
            inside += found.low <= wanted <= found.high
        assert 0.85 < inside / 400 < 0.97, (kind, inside)


def test_a_pixels_size_depends_on_the_direction(case: Case) -> None:
    assert isinstance(case.image, Volume)
    for axis in range(3):
        assert of.pixel_mm(case.image.grid, TURN[:, axis]) == pytest.approx(SPACING[axis])


def test_steps_have_names_and_come_back(case: Case) -> None:
    history = History(case)
    history.push(add_ruler(case, ruler("distance", [[10, 10, 3], [40, 50, 3]], case)))
    assert history.undo_text == "Measure distance, 25.0 mm"
    (one,) = history.current.rulers
    moved = Ruler(one.kind, one.points_mm * 1.0 + [0.0, 0.0, 0.0], {}, one.uid, one.right, one.down, one.image_uid)
    assert len(add_ruler(history.current, moved).rulers) == 1  # in its place
    history.push(remove_ruler(history.current, one.uid))
    assert history.undo_text == "Remove distance, 25.0 mm" and not history.current.rulers
    history.undo()
    assert history.current.rulers == (one,)
    assert not remove_all(history.current).rulers
    assert "90 %" in details(one) and "JCGM" in details(one)


def test_they_are_kept_in_the_file_and_leave_with_the_images(case: Case, tmp_path: Path) -> None:
    full = add_ruler(case, ruler("ellipse", [[90, 60, 3], [110, 60, 3], [90, 80, 3]], case))
    back = store.load(store.save(full, tmp_path / "a.twin"))
    (one,), (kept,) = full.rulers, back.rulers
    assert words(kept) == words(one) and kept.uid == one.uid
    np.testing.assert_array_equal(kept.points_mm, one.points_mm)
    assert dict(kept.values) == dict(one.values)
    assert not full.changed("Open series", image=volume()).rulers
    assert full.changed("Segment", labels=None).rulers


def test_the_file_of_all_numbers_and_the_report_have_them(case: Case) -> None:
    from twinviewer.report.by_hand import by_hand
    from twinviewer.session.metrics import metrics_document

    full = add_ruler(case, ruler("distance", [[10, 10, 3], [40, 50, 3]], case))
    full = add_ruler(full, ruler("ellipse", [[90, 60, 3], [110, 60, 3], [90, 80, 3]], case))
    first, second = metrics_document(full)["by_hand"]
    assert first["kind"] == "distance" and first["values"]["length"]["value"] == pytest.approx(25.0)
    assert first["values"]["length"]["low"] < 25.0 < first["values"]["length"]["high"]
    assert second["values"]["mean"]["unit"] == "HU" and len(second["points_mm"]) == 3
    (one, where, found), (_, _, more) = by_hand(full)
    assert one == "1 Distance" and where == "image" and found[0][0] == "Length"
    assert [name for name, _ in more] == ["Area", "Mean", "SD"]


def test_a_forged_one_is_refused(case: Case, tmp_path: Path) -> None:
    bad = Ruler("distance", np.array([[0.0, 0, np.nan], [1, 1, 1]]), {}, "x")
    with pytest.raises(StoreError, match="by hand"):
        store.load(store.save(case.changed("x", rulers=(bad,)), tmp_path / "b.twin"))


def test_what_is_no_measurement_is_refused(case: Case) -> None:
    with pytest.raises(TwinviewerError, match="one place"):
        measured(case, ruler("distance", [[10, 10, 3], [10, 10, 3]], case))
    with pytest.raises(TwinviewerError, match="do not make"):
        measured(case, ruler("angle", [[10, 10, 3], [20, 10, 3]], case))


def test_on_a_cine_plane_the_frame_is_read() -> None:
    affine = np.diag([1.5, 1.5, 1.0, 1.0])
    frames = np.stack([np.full((40, 40), 10.0), np.full((40, 40), 70.0)])
    stack = CineStack((CinePlane(frames, affine, np.array([0.0, 0.5]), 1.0, "SAX 1", 8.0),), "MR", "cine")
    centre = np.array([30.0, 30.0, 0.0])
    points = np.array([centre, centre + [9.0, 0, 0], centre + [0, 9.0, 0]])
    one = Ruler("ellipse", points, {}, "", np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), "cine", plane=0, frame=1)
    found = measured(Case(image=stack), one).values
    assert found["mean"].value == 70.0 and found["sd"].value == 0.0
    assert found["voxels"].value == pytest.approx(np.pi * 36, rel=0.05)


def test_points_on_a_mesh_ride_along() -> None:
    corners: NDArray[np.float64] = np.array([[0.0, 0, 0], [3, 0, 0], [0, 3, 0], [0, 0, 9]])
    nodes, weights = np.array([[0, 1, 2], [0, 1, 3]], np.int32), np.array([[1 / 3] * 3, [0.0, 0.5, 0.5]])
    one = Ruler("distance", np.zeros((2, 3)), {}, "", mesh_uid="m", nodes=nodes, weights=weights)
    np.testing.assert_allclose(one.points_on(corners), [[1, 1, 0], [1.5, 0, 4.5]])
    np.testing.assert_allclose(one.points_on(2 * corners), [[2, 2, 0], [3, 0, 9]])
