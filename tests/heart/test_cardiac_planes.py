"""The planes in which a heart is read, against a heart whose landmarks are known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from twinviewer.domain import LabelMap, MeshError, OrganMesh
from twinviewer.geometry.cardiac_planes import (
    FOUR,
    SHORT,
    THREE,
    TWO,
    HeartFrame,
    Plane,
    cardiac_planes,
    heart_frame,
    rotation,
    tilt_deg,
)
from twinviewer.organs.heart.build import build
from twinviewer.organs.heart.demo.anatomy import anatomy, demo_labels
from twinviewer.organs.heart.demo.shape import dilated
from twinviewer.organs.heart.demo.truth import landmarks
from twinviewer.organs.heart.views import frame_of_labels, frame_of_mesh

TILT_DEG, AWAY_MM = 5.0, 3.0


@pytest.fixture(scope="module")
def labels() -> LabelMap:
    return demo_labels(0.0, 2.0)


@pytest.fixture(scope="module")
def mesh(labels: LabelMap) -> OrganMesh:
    return build(labels)


@pytest.fixture(scope="module")
def truth() -> HeartFrame:
    """From the landmarks that the demo heart was drawn with."""
    mark = landmarks(anatomy(dilated(2026)))
    return heart_frame(
        mark["lv_apex"], mark["mitral_centre"], mark["rv_centre"], tricuspid_mm=mark["tricuspid_centre"],
        aortic_mm=mark["aortic_centre"],
    )  # fmt: skip


def area_cm2(labels: LabelMap, plane: Plane) -> dict[str, float]:
    """How much of each structure a plane cuts, counted on a 1 mm grid."""
    step = np.arange(-110.0, 110.5, 1.0)
    across, below = np.meshgrid(step, step)
    points = plane.origin_mm + across.reshape(-1, 1) * plane.right + below.reshape(-1, 1) * plane.down
    found = _at(labels, points)
    return {name: float((found == value).sum()) / 100.0 for value, name in labels.names.items()}


def _at(labels: LabelMap, points: NDArray[np.float64]) -> NDArray[np.uint8]:
    i, j, k = np.round(labels.grid.to_ijk(points)).astype(int).T
    depth, rows, columns = labels.grid.shape
    inside = (i >= 0) & (j >= 0) & (k >= 0) & (i < columns) & (j < rows) & (k < depth)
    found = np.zeros(len(points), np.uint8)
    found[inside] = labels.data[0][k[inside], j[inside], i[inside]]
    return found


def test_the_models_planes_are_those_of_the_true_landmarks(mesh: OrganMesh, truth: HeartFrame) -> None:
    ours, true = cardiac_planes(frame_of_mesh(mesh)), cardiac_planes(truth)
    assert set(ours) == {SHORT, FOUR, TWO, THREE}
    for name, plane in true.items():
        assert tilt_deg(ours[name], plane) < TILT_DEG, name
        assert abs(ours[name].away_mm(truth.middle_mm[None])[0]) < AWAY_MM, name
        assert ours[name].right @ plane.right > 0.99 and ours[name].down @ plane.down > 0.99


def test_labels_alone_give_the_long_axis_planes_too(labels: LabelMap, truth: HeartFrame) -> None:
    frame = frame_of_labels(labels)
    assert frame.source == "labels"
    true = cardiac_planes(truth)
    for name, plane in cardiac_planes(frame).items():
        assert tilt_deg(plane, true[name]) < TILT_DEG, name


def test_each_view_shows_the_chambers_of_its_name(mesh: OrganMesh, labels: LabelMap) -> None:
    seen = {name: area_cm2(labels, plane) for name, plane in cardiac_planes(frame_of_mesh(mesh)).items()}
    for chamber in ("lv_blood", "rv_blood", "la_blood", "ra_blood"):
        assert seen[FOUR][chamber] > 10, chamber
    assert seen[FOUR]["aorta"] < 0.5  # with the aorta it would be five
    assert seen[TWO]["lv_blood"] > 10 and seen[TWO]["la_blood"] > 10
    assert seen[TWO]["rv_blood"] + seen[TWO]["ra_blood"] < 0.5
    assert seen[THREE]["lv_blood"] > 10 and seen[THREE]["la_blood"] > 10 and seen[THREE]["aorta"] > 3
    assert seen[SHORT]["lv_blood"] > 10 and seen[SHORT]["rv_blood"] > 10
    assert seen[SHORT]["la_blood"] + seen[SHORT]["ra_blood"] < 0.5


def test_turned_as_they_are_read(mesh: OrganMesh) -> None:
    """Short axis: septum left, anterior up, seen from the apex. Long axes: apex up; on the right the left ventricle in
    four chambers, the anterior wall in two, the aorta in three."""
    mark, planes = mesh.landmarks, cardiac_planes(frame_of_mesh(mesh))
    side = {name: plane.to_plane(np.array([mark["rv_centre"], mark["aortic_centre"], mark["lv_apex"]]))
            for name, plane in planes.items()}  # fmt: skip
    assert side[SHORT][0][0] < -20
    assert planes[SHORT].normal @ (mark["mitral_centre"] - mark["lv_apex"]) > 0
    wall = mesh.points_mm[: mesh.wall_points][mesh.point_fields["aha_segment"][: mesh.wall_points] == 7]  # mid anterior
    assert planes[SHORT].to_plane(wall.mean(axis=0)[None])[0][1] < -15
    for name in (FOUR, TWO, THREE):
        assert side[name][2][1] < -30, name
    assert side[FOUR][0][0] < -20
    assert planes[TWO].to_plane(wall.mean(axis=0)[None])[0][0] > 15
    assert side[THREE][1][0] > 5


def test_long_axis_planes_meet_in_the_long_axis(truth: HeartFrame) -> None:
    planes = cardiac_planes(truth)
    for name in (FOUR, TWO, THREE):
        assert np.abs(planes[name].away_mm(np.array([truth.apex_mm, truth.mitral_mm]))).max() < 1e-9
    assert abs(planes[SHORT].normal @ truth.up) == pytest.approx(1.0)
    assert abs(planes[FOUR].away_mm(truth.tricuspid_mm[None])[0]) < 1e-9  # type: ignore[index]
    assert abs(planes[THREE].away_mm(truth.aortic_mm[None])[0]) < 1e-9  # type: ignore[index]


def test_turning_about_the_long_axis_keeps_it_in_the_plane(truth: HeartFrame) -> None:
    plane = cardiac_planes(truth)[FOUR].turned(truth.up, 37.0, truth.apex_mm)
    assert np.abs(plane.away_mm(np.array([truth.apex_mm, truth.mitral_mm]))).max() < 1e-9
    assert tilt_deg(plane, cardiac_planes(truth)[FOUR]) == pytest.approx(37.0)
    np.testing.assert_allclose(rotation(np.array([0.0, 0.0, 2.0]), 90.0) @ [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], atol=1e-12)


def test_no_axis_is_said_and_not_made_up(labels: LabelMap) -> None:
    empty = LabelMap(np.zeros_like(labels.data), labels.grid, labels.names, labels.phase_percent, "none", "")
    with pytest.raises(MeshError, match="both ventricles"):
        frame_of_labels(empty)
    with pytest.raises(MeshError, match="long axis"):
        heart_frame(np.zeros(3), np.zeros(3), np.ones(3))
