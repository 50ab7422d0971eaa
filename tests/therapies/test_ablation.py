"""A lesion takes the muscle that a ball or a straight line of its radius holds, and nothing else."""

from functools import lru_cache

import numpy as np
import pytest
from scipy.spatial import cKDTree
from thick_ventricle import thick_ventricles

from twinviewer.domain import OrganMesh, Setup, Therapy, TherapyError
from twinviewer.therapies.ablation import THERAPY, lesion


@lru_cache(maxsize=1)
def heart() -> OrganMesh:
    return thick_ventricles()


@pytest.fixture
def setup() -> Setup:
    return Setup(heart(), {}, ())


def middle() -> np.ndarray:
    return heart().points_mm[heart().tets].mean(axis=1)


def test_is_a_therapy() -> None:
    assert isinstance(THERAPY, Therapy)
    assert THERAPY.edits == {"conduction"}


def test_a_single_lesion_is_a_ball(setup: Setup) -> None:
    node = int(np.flatnonzero(np.asarray(heart().point_fields["aha_segment"]) == 8)[0])
    treated = THERAPY.apply(setup, {"site_node": node, "radius_mm": 6})
    far = np.linalg.norm(middle() - heart().points_mm[node], axis=1)
    np.testing.assert_array_equal(treated.tissue["conduction_scale"] == 0.0, far <= 6.0)
    np.testing.assert_array_equal(treated.tissue["contractility_scale"], treated.tissue["conduction_scale"])
    assert "no longer conduct" in treated.notes[-1] and not setup.tissue


def test_a_line_joins_two_sites(setup: Setup) -> None:
    """Along the way every element within the radius is dead; what was scar before stays scar."""
    inside = np.flatnonzero(np.asarray(heart().point_fields["aha_segment"]) > 0)
    begin, end = int(inside[0]), int(inside[-1])
    dead = lesion(heart(), begin, end, 4.0)
    way = heart().points_mm[end] - heart().points_mm[begin]
    on_line = heart().points_mm[begin] + np.linspace(0, 1, 300)[:, None] * way
    near = cKDTree(on_line).query(middle())[0]
    assert dead[near <= 3.9].all() and not dead[near > 4.1].any()
    scarred = Setup(heart(), {}, (), {"conduction_scale": np.where(near > 30.0, 0.0, 0.7)})
    treated = THERAPY.apply(scarred, {"site_node": begin, "line_to_node": end, "radius_mm": 4})
    assert set(np.unique(treated.tissue["conduction_scale"])) == {0.0, 0.7}


@pytest.mark.parametrize("values", [{"radius_mm": 40}, {"site_node": 10_000_000}, {"site": "AHA99"}, {"depth": 1}])
def test_what_cannot_be_is_refused(setup: Setup, values: dict) -> None:
    with pytest.raises(TherapyError):
        THERAPY.apply(setup, values)
