"""Label surfaces: a ball stays a ball, whatever the shape of its voxels, and lines of sight meet its near side."""

import numpy as np
import pytest

from twinviewer.domain import Grid
from twinviewer.domain.mesh import enclosed_volume_ml
from twinviewer.scene.label_surface import Box, boxes_of, first_hit, label_surface


def ball(radius_mm: float = 30.0, flip: int = 1) -> tuple[np.ndarray, Grid]:
    affine = np.diag([0.7, 0.7 * flip, 1.1, 1.0])
    affine[:3, 3] = (-60.0, -60.0 * flip, -55.0)
    grid = Grid((100, 170, 170), affine)
    k, j, i = np.indices(grid.shape)
    places = grid.to_mm(np.stack([i, j, k], axis=-1).reshape(-1, 3))
    inside = np.linalg.norm(places, axis=1).reshape(grid.shape) < radius_mm
    return inside.astype(np.uint8) * 3, grid


@pytest.mark.parametrize("flip", [1, -1])
@pytest.mark.parametrize("cells", [100, 40])
def test_the_surface_of_a_ball(flip: int, cells: int) -> None:
    labels, grid = ball(flip=flip)
    box = boxes_of(labels)[3]
    found = label_surface(labels, 3, grid, box, cells)
    assert found is not None
    radius = np.linalg.norm(found.points_mm, axis=1)
    assert np.abs(radius - 30.0).max() < 1.1 * 60.0 / cells + 0.6  # a cell
    assert abs(float(radius.mean()) - 30.0) < 0.5
    assert enclosed_volume_ml(found.points_mm, found.triangles) == pytest.approx(4 / 3 * np.pi * 27.0, rel=0.04)
    outward = np.einsum("ij,ij->i", found.normals, found.points_mm) / radius
    assert outward.min() > 0.85 and np.median(outward) > 0.98
    edges = np.sort(
        np.concatenate([found.triangles[:, [0, 1]], found.triangles[:, [1, 2]], found.triangles[:, [2, 0]]])
    )
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()  # closed


def test_boxes_hold_their_structures() -> None:
    labels = np.zeros((300, 300, 300), np.uint8)
    labels[40:90, 200:290, 10:60] = 5
    labels[0:20, 0:300, 280:300] = 9
    found = boxes_of(labels)
    assert set(found) == {5, 9}
    for value, low, high in ((5, (40, 200, 10), (90, 290, 60)), (9, (0, 0, 280), (20, 300, 300))):
        assert all(a <= b for a, b in zip(found[value].start, low, strict=True))
        assert all(a >= b for a, b in zip(found[value].stop, high, strict=True))


def test_a_line_of_sight_meets_the_near_side() -> None:
    labels, grid = ball()
    surface = label_surface(labels, 3, grid, Box((0, 0, 0), grid.shape))
    assert surface is not None and label_surface(labels, 4, grid, Box((0, 0, 0), grid.shape)) is None
    eye, along = np.array([3.0, -200.0, 4.0]), np.array([0.0, 1.0, 0.0])
    hit = first_hit([surface], eye, along)
    assert hit is not None and hit[0] == 3
    assert hit[1] == pytest.approx([3.0, -np.sqrt(900 - 25), 4.0], abs=0.9)
    assert first_hit([surface], eye, -along) is None
    assert first_hit([surface], eye + [40.0, 0.0, 0.0], along) is None
