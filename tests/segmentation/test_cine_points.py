"""Cine MR: the named points lie where the published landmarks of the study lie, and move as they do."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from twinviewer.domain import CineStack
from twinviewer.segmentation.cine import CineContours

PLANES = {7: 6, 8: 7, 9: 8, 11: 10}
"""frameID of the published landmarks -> place in the stack; they lie in those planes to 1e-5 mm."""
PHASES = 25


@pytest.fixture(scope="module")
def landmarks(data_dir: Path) -> dict[tuple[str, int, int], NDArray[np.float64]]:
    """(name, plane, phase) -> (n, 3) LPS mm of the landmarks published with the study."""
    out: dict[tuple[str, int, int], list[list[float]]] = {}
    for path in sorted((data_dir / "cine_cmr_bivme_patient1" / "guidepoints").glob("GPFile_*.txt")):
        for line in path.read_text().splitlines()[1:]:
            x, y, z, name, frame, *_ = line.split("\t")
            if int(frame) in PLANES:
                key = (name, PLANES[int(frame)], int(path.stem[-3:]))
                out.setdefault(key, []).append([float(x), float(y), float(z)])
    return {key: np.array(points) for key, points in out.items()}


def distances(
    contours: CineContours,
    landmarks: dict[tuple[str, int, int], NDArray[np.float64]],
    name: str,
    published: tuple[str, ...],
) -> NDArray[np.float64]:
    """Distance in mm of every point of a name to the nearest published one in its plane and phase."""
    out = []
    for point in contours.points:
        known = [landmarks[key] for kind in published if (key := (kind, point.plane, point.phase)) in landmarks]
        if point.name == name and known:
            out.append(np.linalg.norm(np.concatenate(known) - point.point_mm, axis=1).min())
    return np.array(out)


def test_mitral_ends_lie_near_the_published_valve_points(
    contours: CineContours, landmarks: dict[tuple[str, int, int], NDArray[np.float64]]
) -> None:
    # in the plane through the outflow tract the anterior wall ends at the aortic ring
    found = distances(contours, landmarks, "mitral", ("MITRAL_VALVE", "AORTA_VALVE"))
    assert len(found) == 3 * 2 * PHASES
    assert np.median(found) <= 5.0
    assert np.percentile(found, 90) <= 11.0  # the muscle of the septum ends below the ring in the four-chamber plane


def test_aortic_hinges_lie_near_the_published_ones_in_the_plane_through_the_outflow_tract(
    contours: CineContours, landmarks: dict[tuple[str, int, int], NDArray[np.float64]]
) -> None:
    found = {side: [p for p in contours.points if p.name == "aortic" and p.side == side] for side in (-1, 1)}
    for side, most in ((-1, 6.0), (1, 8.0)):  # the hinge on the curtain is inferred, not seen
        assert {point.plane for point in found[side]} == {7}
        assert len(found[side]) == PHASES
        off = []
        for point in found[side]:
            both = landmarks[("AORTA_VALVE", 7, point.phase)]
            off.append(float(np.linalg.norm(both - point.point_mm, axis=1).min()))
        assert np.median(off) <= most
    # 20 mm apart in the published landmarks
    across = [np.linalg.norm(a.point_mm - b.point_mm) for a, b in zip(found[-1], found[1], strict=True)]
    assert 17.0 <= np.median(across) <= 25.0
    assert max(point.confidence for point in found[1]) <= 0.5


def test_trusted_mitral_ends_lie_nearer(
    contours: CineContours, landmarks: dict[tuple[str, int, int], NDArray[np.float64]]
) -> None:
    found = distances(contours, landmarks, "mitral", ("MITRAL_VALVE", "AORTA_VALVE"))
    sure = np.array([point.confidence for point in contours.points if point.name == "mitral"])
    assert np.percentile(found[sure > 0.6], 90) < 0.75 * np.percentile(found[sure <= 0.6], 90)


def test_apex_lies_near_the_published_one(
    contours: CineContours, landmarks: dict[tuple[str, int, int], NDArray[np.float64]]
) -> None:
    found = distances(contours, landmarks, "lv_apex_epi", ("APEX_POINT",))
    assert len(found) == PHASES
    assert np.median(found) <= 3.0
    assert np.percentile(found, 90) <= 5.0


def test_tricuspid_ends_lie_near_the_published_ones(
    contours: CineContours, landmarks: dict[tuple[str, int, int], NDArray[np.float64]]
) -> None:
    found = distances(contours, landmarks, "tricuspid", ("TRICUSPID_VALVE",))
    side = np.array([point.side for point in contours.points if point.name == "tricuspid"])
    assert len(found) == 2 * PHASES
    assert np.median(found[side > 0]) <= 4.0
    assert np.percentile(found[side > 0], 90) <= 10.0
    assert np.median(found[side < 0]) <= 8.0  # the septum's muscle, not the leaflet's hinge


def test_the_free_wall_end_travels_as_far_as_published(
    contours: CineContours, patient: CineStack, landmarks: dict[tuple[str, int, int], NDArray[np.float64]]
) -> None:
    axis = patient.planes[contours.short_axis[0]].normal
    mine = np.array([p.point_mm @ axis for p in contours.points if p.name == "tricuspid" and p.side > 0])
    right = [landmarks["TRICUSPID_VALVE", 6, t] for t in range(PHASES)]
    published = np.array([both[np.argmin(both[:, 0])] @ axis for both in right])  # the patient's right: least x
    assert np.ptp(mine) == pytest.approx(np.ptp(published), abs=4.0)
    assert np.corrcoef(mine, published)[0, 1] > 0.9


def test_points_lie_in_their_planes_in_every_phase_with_a_trust(contours: CineContours, patient: CineStack) -> None:
    assert {point.name for point in contours.points} == {"mitral", "aortic", "tricuspid", "lv_apex_endo", "lv_apex_epi"}
    for point in contours.points:
        plane = patient.planes[point.plane]
        assert abs((point.point_mm - plane.affine[:3, 3]) @ plane.normal) < 1e-6
        assert 0.0 <= point.confidence <= 1.0
    for plane_index in (6, 7, 8):
        mine = [p for p in contours.points if p.plane == plane_index and p.name == "mitral"]
        assert sorted((p.side, p.phase) for p in mine) == [(side, t) for side in (-1, 1) for t in range(PHASES)]


def test_the_base_moves_as_the_published_valve_points_do(
    contours: CineContours, patient: CineStack, landmarks: dict[tuple[str, int, int], NDArray[np.float64]]
) -> None:
    assert contours.base_depth_mm is not None
    first = patient.planes[contours.short_axis[0]]
    axis = first.normal  # from base to apex in this study
    published = np.array(
        [
            np.mean([landmarks["MITRAL_VALVE", plane, t].mean(axis=0) @ axis for plane in (6, 7, 8)])
            - first.affine[:3, 3] @ axis
            for t in range(PHASES)
        ]
    )
    sign = np.sign((patient.planes[contours.short_axis[-1]].affine[:3, 3] - first.affine[:3, 3]) @ axis)
    off = contours.base_depth_mm - sign * published
    assert abs(np.mean(off)) <= 4.0  # wall ends lie below the ring where the septum goes on without muscle
    assert np.std(off) <= 2.0
    assert np.ptp(contours.base_depth_mm) == pytest.approx(np.ptp(published), abs=3.0)
