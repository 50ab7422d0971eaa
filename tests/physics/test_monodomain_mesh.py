"""The template heart as a grid of cells, and back."""

import numpy as np
import pytest

from twinviewer.domain import EngineError
from twinviewer.geometry.quality import six_volumes
from twinviewer.organs.heart.template.shape import template
from twinviewer.physics.cells.phenomenological import MitchellSchaeffer
from twinviewer.physics.monodomain.mesh_grid import immerse
from twinviewer.physics.monodomain.solver import Monodomain, Tissue
from twinviewer.physics.monodomain.stimulus import ball


def test_the_template_heart_keeps_its_volume_and_its_fields_go_there_and_back() -> None:
    heart = template()
    fibre = np.zeros((len(heart.tets), 3))
    middle = heart.points_mm[heart.tets].mean(axis=1)
    fibre[:, 0], fibre[:, 1] = -middle[:, 1], middle[:, 0]
    fibre /= np.linalg.norm(fibre, axis=1, keepdims=True)
    wall = immerse(heart.points_mm, heart.tets, fibre, 1.4)
    true_ml = float(six_volumes(heart.points_mm, heart.tets).sum()) / 6000.0
    assert wall.grid.fill.sum() * 1.4**3 / 1000.0 == pytest.approx(true_ml, rel=0.002)
    # a linear field comes back as itself, up to the border, where corners outside the wall are missing
    linear = wall.grid.points_mm @ np.array([1.0, 2.0, -1.0])
    off = np.abs(wall.to_mesh(linear) - heart.points_mm @ np.array([1.0, 2.0, -1.0]))
    assert np.median(off) < 1e-6
    assert off.max() < 3.0
    assert np.abs(np.einsum("ni,ni->n", wall.fibre, fibre[wall.tet])).mean() > 0.99
    layer = wall.layers(heart.coordinates["transmural"])
    assert set(np.unique(layer)) == {0, 1, 2}

    beating = Monodomain(Tissue(wall.grid, wall.fibre, 0.31, 0.077, layer=layer), MitchellSchaeffer())
    apex = wall.grid.nearest(heart.landmarks["lv_apex"])[0]
    stimulus = ball(wall.grid, wall.grid.points_mm[apex], 4.0)
    found = wall.to_mesh(beating.run(60.0, [stimulus], every_ms=10.0).activation_ms)
    near = np.linalg.norm(heart.points_mm - heart.landmarks["lv_apex"], axis=1)
    assert np.isfinite(found[near < 12.0]).all()
    reached = np.isfinite(found) & (near > 12.0)
    assert (near[reached] / found[reached]).max() < 0.75  # nowhere faster than along the fibres, and the stimulus' size


def test_dead_tetrahedra_are_no_tissue_and_bad_input_is_named() -> None:
    heart = template()
    fibre = np.tile([1.0, 0.0, 0.0], (len(heart.tets), 1))
    scale = np.where(heart.right, 0.0, 0.5)
    wall = immerse(heart.points_mm, heart.tets, fibre, 2.0, scale)
    left_ml = float(six_volumes(heart.points_mm, heart.tets[~heart.right]).sum()) / 6000.0
    assert wall.grid.fill.sum() * 8.0 / 1000.0 == pytest.approx(left_ml, rel=0.01)
    assert np.allclose(wall.scale, 0.5)
    with pytest.raises(EngineError, match="does not conduct"):
        immerse(heart.points_mm, heart.tets, fibre, 2.0, np.zeros(len(fibre)))
    with pytest.raises(EngineError, match="above zero"):
        immerse(heart.points_mm, heart.tets, fibre, 0.0)
