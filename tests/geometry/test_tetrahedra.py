"""Tetrahedra from distances: volumes of known shapes, guaranteed angles, a closed skin, layers in thin walls."""

import numpy as np
import pytest
from numpy.typing import NDArray

from twinviewer.domain import MeshError
from twinviewer.geometry.quality import dihedral_deg, scaled_jacobian, tet_quality
from twinviewer.geometry.refine import split_through_edges, through_edges
from twinviewer.geometry.relax import shorten_edges
from twinviewer.geometry.stuffing import stuff

Array = NDArray[np.float64]


def shell(outer: float, inner: float):
    def distance(p: Array) -> Array:
        r = np.linalg.norm(p, axis=1)
        return np.maximum(r - outer, inner - r)

    return distance


def test_regular_tetrahedron() -> None:
    p = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=float)
    t = np.array([[0, 1, 2, 3]])
    if np.linalg.det(p[1:] - p[0]) < 0:
        t = np.array([[1, 0, 2, 3]])
    assert np.allclose(dihedral_deg(p, t), np.degrees(np.arccos(1 / 3)))
    assert scaled_jacobian(p, t)[0] == pytest.approx(1.0)


def test_ball_has_its_volume() -> None:
    points, tets = stuff(shell(30.0, -1.0), np.full(3, -33.0), np.full(3, 33.0), 2.5)
    volume = np.linalg.det(points[tets[:, 1:]] - points[tets[:, :1]]).sum() / 6
    assert volume == pytest.approx(4 / 3 * np.pi * 30**3, rel=3e-3)
    quality = tet_quality(points, tets)
    assert quality.inverted == 0 and quality.boundary_manifold and quality.components == 1


@pytest.mark.parametrize("seed", range(4))
def test_angles_are_bounded_for_any_shape(seed: int) -> None:
    """Labelle & Shewchuk 2007, theorem: 10.7° to 164.8° whatever the cut surface."""
    rng = np.random.default_rng(seed)
    waves, shift = rng.normal(size=(4, 3)) * 0.15, rng.uniform(0, 6, 4)

    def distance(p: Array) -> Array:
        return np.maximum(3 * np.sin(p @ waves.T + shift).sum(axis=1), np.abs(p).max(axis=1) - 20)

    points, tets = stuff(distance, np.full(3, -22.0), np.full(3, 22.0), 1.7)
    angle = dihedral_deg(points, tets)
    assert angle.min() > 10.7 and angle.max() < 164.8
    assert (scaled_jacobian(points, tets) > 0).all()


def test_thin_wall_has_no_holes_and_an_inner_layer() -> None:
    """A shell of 3 mm on a lattice of 2.6 mm: two closed faces, and no edge left that runs from one to the other."""
    points, tets = stuff(shell(30.0, 27.0), np.full(3, -33.0), np.full(3, 33.0), 2.6)
    points, tets = split_through_edges(points, tets)
    quality = tet_quality(points, tets)
    assert quality.boundary_manifold and quality.inverted == 0
    assert len(through_edges(tets)) == 0
    # Euler characteristic of the boundary: 2 for each of its two spheres; a hole would take 2 away
    from twinviewer.geometry.quality import edge_list
    from twinviewer.geometry.surfaces import boundary_triangles

    skin = boundary_triangles(tets)
    assert len(np.unique(skin)) - len(edge_list(skin)) + len(skin) == 4
    volume = np.linalg.det(points[tets[:, 1:]] - points[tets[:, :1]]).sum() / 6
    assert volume == pytest.approx(4 / 3 * np.pi * (30**3 - 27**3), rel=0.02)


def test_edges_are_shortened_without_spoiling_angles() -> None:
    distance = shell(30.0, 20.0)
    points, tets = stuff(distance, np.full(3, -33.0), np.full(3, 33.0), 2.6)
    assert tet_quality(points, tets).max_edge_mm > 3.0
    moved = shorten_edges(points, tets, 3.0, distance)
    quality = tet_quality(moved, tets)
    assert quality.max_edge_mm <= 3.0 and quality.min_dihedral_deg > 10.0 and quality.inverted == 0


def test_nothing_to_mesh_is_said() -> None:
    with pytest.raises(MeshError, match="nothing to mesh"):
        stuff(lambda p: np.ones(len(p)), np.zeros(3), np.ones(3) * 10, 2.0)


def test_creases_are_evened_and_the_body_stays() -> None:
    """A half ball's sharp rim, cut into teeth by the lattice, becomes rounder while the volume changes little."""
    from twinviewer.geometry.relax import round_creases
    from twinviewer.geometry.surfaces import boundary_triangles, volume_ml

    def distance(p: Array) -> Array:
        return np.maximum(np.linalg.norm(p, axis=1) - 20.0, p @ np.array([0.3, 0.2, 0.93]))

    points, tets = stuff(distance, np.full(3, -23.0), np.full(3, 23.0), 2.5)
    skin = boundary_triangles(tets)
    rim = (np.abs(np.linalg.norm(points, axis=1) - 20.0) < 0.5) & (np.abs(points @ [0.3, 0.2, 0.93]) < 0.5)
    moved = round_creases(points, tets, skin)
    assert np.allclose(moved[~np.isin(np.arange(len(points)), skin)], points[~np.isin(np.arange(len(points)), skin)])
    assert np.linalg.norm(moved[rim] - points[rim], axis=1).mean() > 0.1
    assert volume_ml(moved, skin) == pytest.approx(volume_ml(points, skin), rel=0.02)
    assert dihedral_deg(moved, tets).min() > 10.0
