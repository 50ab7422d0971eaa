"""Strain, rates and volumes of the published surfaces of a volunteer's heart (biv-me, patient 1; see docs/metrics.md).

The surfaces have the same points in all 25 frames. Their ventricles' volumes were published; strain was not, but it is
tied to the volume, and to what healthy hearts do.
"""

import numpy as np
import pytest

from twinviewer.geometry.surfaces import neighbours
from twinviewer.organs.heart.coordinates import LongAxis, aha_segments
from twinviewer.organs.heart.motion.strain import face, strain
from twinviewer.organs.heart.motion.volumes import cavity_ml, peak_fraction, rates

RR_S = 0.86  # mean of the six short-axis slices


@pytest.fixture(scope="module")
def left(data_dir):
    """(25, n, 3) points, triangles and the closing fans of the left endocardium; the right one's centre."""
    import pyvista as pv

    folder = data_dir / "cine_cmr_bivme_patient1" / "fitted_mesh_vtk"
    if not folder.is_dir():
        pytest.skip("the published cine study is not there")
    frames = [pv.read(folder / f"patient1_LV_ENDOCARDIAL_{k:03d}.vtk") for k in range(25)]
    triangles = np.asarray(frames[0].regular_faces).astype(np.int32)
    points = np.stack([np.asarray(frame.points, dtype=float) for frame in frames])
    right = np.asarray(pv.read(folder / "patient1_RV_ENDOCARDIAL_000.vtk").points).mean(axis=0)
    tri, side = np.nonzero(neighbours(triangles) < 0)
    after = dict(zip(triangles[tri, side].tolist(), triangles[tri, (side + 1) % 3].tolist(), strict=True))
    lids, rim = [], np.array(list(after))
    middles: list[np.ndarray] = []
    while after:
        first, now = after.popitem()
        loop = [first]
        while now != first:
            loop.append(now)
            now = after.pop(now)
        at = points.shape[1] + len(middles)
        middles.append(points[:, loop].mean(axis=1))
        lids.append(np.column_stack([np.roll(loop, -1), loop, np.full(len(loop), at)]))
    points = np.concatenate([points, np.stack(middles, axis=1)], axis=1)
    closed = np.concatenate([triangles, *lids])
    if cavity_sign(points[0], closed) < 0:
        closed, triangles = closed[:, ::-1], triangles[:, ::-1]
    return points, triangles, closed, rim, right


def cavity_sign(points: np.ndarray, closed: np.ndarray) -> float:
    a, b, c = (points[closed[:, k]] - points.mean(axis=0) for k in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)))


def test_published_volumes(left) -> None:
    points, _, closed, _, _ = left
    volume = cavity_ml(points, closed)
    assert volume[0] == pytest.approx(174.5, abs=1.0) and volume.min() == pytest.approx(72.1, abs=1.0)
    assert int(np.argmin(volume)) == 9


def test_strain_of_the_endocardium_agrees_with_the_volume(left) -> None:
    """A ring's girth squared times the length is the volume, so (1 + circumferential)² (1 + longitudinal) is close to
    ESV / EDV. Feature tracking of the endocardium in 150 healthy adults gave -27.2 ± 4.0 % circumferential and
    -23.4 ± 3.4 % longitudinal (Andre F et al. J Cardiovasc Magn Reson 2015;17:25); the volunteer's EF is 59 %."""
    points, triangles, closed, rim, right = left
    base = points[0, rim].mean(axis=0)
    apex = points[0, np.argmax(np.linalg.norm(points[0] - base, axis=1))]
    up = (base - apex) / np.linalg.norm(base - apex)
    septal = right - apex - ((right - apex) @ up) * up
    septal /= np.linalg.norm(septal)
    anterior = np.cross(up, septal)
    segment = aha_segments(LongAxis(apex, base, septal, anterior), points[0])
    segment[: points.shape[1]][np.linalg.norm(points[0] - apex, axis=1) < 8.0] = 17
    groups = [segment == k for k in range(1, 17)]
    inner = face(points[0], triangles, groups, apex, up)
    got = strain(points, inner, points[0])
    round_ = got.circumferential_percent @ inner.amount / inner.amount.sum()
    along = got.longitudinal_percent @ inner.amount / inner.amount.sum()
    volume = cavity_ml(points, closed)
    for k in (5, 9, 12):
        expected = volume[k] / volume[0]
        assert (1 + round_[k] / 100) ** 2 * (1 + along[k] / 100) == pytest.approx(expected, rel=0.08)
    assert round_.min() == pytest.approx(-27.2, abs=4.0) and along.min() == pytest.approx(-23.4, abs=3.4)
    when = peak_fraction(round_, np.arange(25) / 25)
    assert when is not None and 0.3 < when < 0.45


def test_rates_of_a_healthy_heart(left) -> None:
    """102 mL go out within 35 % of 0.86 s and most come back early: 340 mL/s on average, and less than thrice that."""
    points, _, closed, _, _ = left
    got = rates(cavity_ml(points, closed), np.arange(25) / 25, RR_S)
    assert got is not None
    assert 340 < got.ejection_ml_s < 1020 and 0.05 < got.ejection_fraction < 0.3
    assert 340 < got.early_filling_ml_s < 1020 and 0.4 < got.early_filling_fraction < 0.7
