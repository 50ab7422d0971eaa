"""The template of a cine fit: a sound mesh of a whole heart, and modes that are what its Laplacian says they are."""

import numpy as np

from twinviewer.geometry.laplace import Elements
from twinviewer.geometry.quality import components, dihedral_range_deg, is_closed_manifold, six_volumes
from twinviewer.organs.heart.build import wall_fields
from twinviewer.organs.heart.landmarks import axis_and_apex
from twinviewer.organs.heart.template.shape import template

SHAPE = template()


def test_the_wall_is_sound_and_its_skin_closed() -> None:
    every = SHAPE.faces.every
    assert is_closed_manifold(every)
    assert components(SHAPE.tets) == 1
    assert dihedral_range_deg(SHAPE.points_mm, SHAPE.tets)[0].min() > 8.0
    assert six_volumes(SHAPE.points_mm, SHAPE.tets).min() > 0.0
    edge = SHAPE.points_mm[every] - SHAPE.points_mm[np.roll(every, 1, axis=1)]
    assert np.linalg.norm(edge, axis=2).max() < 6.0


def test_cavities_are_closed_and_of_ordinary_size() -> None:
    """Normal adults, MR: LV EDV 57-105, RV EDV 48-121 mL/m2 over both sexes (Kawel-Boehm N et al. J Cardiovasc Magn
    Reson 2020;22:87); 1.6 to 2.2 m2 of body surface."""
    from twinviewer.domain import enclosed_volume_ml

    faces = SHAPE.faces
    for which, lid, least, most in ((faces.lv, faces.lv_lid, 90.0, 230.0), (faces.rv, faces.rv_lid, 77.0, 266.0)):
        cavity = faces.cavity(which, lid)
        assert is_closed_manifold(cavity)
        assert least < enclosed_volume_ml(SHAPE.points_mm, cavity) < most


def test_every_segment_of_the_left_wall_and_of_the_right_is_there() -> None:
    faces = SHAPE.faces
    left = np.zeros(len(SHAPE.points_mm), dtype=bool)
    left[SHAPE.tets[~SHAPE.right]] = True
    inner = faces.every[faces.rv]
    axis, landmarks = axis_and_apex(SHAPE.points_mm, faces, inner[left[inner].all(axis=1)])
    fields, _ = wall_fields(
        SHAPE.points_mm, SHAPE.tets, faces, SHAPE.right, axis, landmarks, lambda *_: None, SHAPE.coordinates
    )
    assert set(np.unique(fields["aha_segment"])) == set(range(18))  # 0 is right wall
    assert set(np.unique(fields["rv_segment"])) == {0, 1, 2, 3}
    # no segment is a sliver: each of the 16 of the ring holds at least a fiftieth of the left wall
    share = np.bincount(fields["aha_segment"][left], minlength=18)[1:17] / left.sum()
    assert share.min() > 0.02


def test_modes_are_eigenfunctions_of_the_wall() -> None:
    """Orthonormal by the wall's mass, and stretched by its Laplacian by the square of their wavenumbers."""
    elements = Elements(SHAPE.points_mm, SHAPE.tets)
    modes = SHAPE.modes.astype(np.float64)
    mass = elements.mass / elements.mass.sum()
    gram = modes.T @ (mass[:, None] * modes)
    assert np.abs(gram - np.eye(len(gram))).max() < 0.02  # they are kept as 8-bit numbers
    assert np.abs(mass @ modes).max() < 0.02  # and free of any shift
    assert (np.diff(SHAPE.wavenumber) >= 0.0).all() and SHAPE.wavenumber[0] > 0.0
    few = modes[:, :30]
    stretched = np.einsum("nk,nk->k", few, elements.stiffness @ few) / elements.mass.sum()
    # rounding by half a step of 1/127 from point to point, 1.5 mm apart, has slopes of its own
    np.testing.assert_allclose(stretched, SHAPE.wavenumber[:30] ** 2, rtol=0.02, atol=1e-4)
