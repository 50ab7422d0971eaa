"""The heart's mesh: sound, of the labels' volumes, with coordinates, segments and fibres where anatomy has them."""

import numpy as np
import pytest
from ideal_heart import (
    AXIS_U,
    AXIS_V,
    AXIS_W,
    BASE_MM,
    CENTRE_MM,
    LV_LENGTH_MM,
    WALL_MM,
    ideal_heart,
    ideal_labels,
    lv_blood_ml,
)

from twinviewer.domain import OrganMesh
from twinviewer.geometry.laplace import Elements
from twinviewer.geometry.quality import is_closed_manifold, tet_quality
from twinviewer.geometry.surfaces import boundary_triangles

SURFACES = {
    "myocardium", "lv_endocardium", "rv_endocardium", "epicardium", "lv_cavity", "rv_cavity",
    "la", "ra", "aorta", "pulmonary_artery",
}  # fmt: skip
CLOSED = ("myocardium", "lv_cavity", "rv_cavity", "la", "ra", "aorta", "pulmonary_artery")


@pytest.fixture(scope="module")
def mesh() -> OrganMesh:
    return ideal_heart()


def local(mesh: OrganMesh) -> np.ndarray:
    """(wall_points, 3) coordinates u (towards the right ventricle), v (anterior), w (towards the base)."""
    return (mesh.points_mm[: mesh.wall_points] - CENTRE_MM) @ np.stack([AXIS_U, AXIS_V, AXIS_W], axis=1)


def wall(mesh: OrganMesh, name: str) -> np.ndarray:
    return np.asarray(mesh.point_fields[name][: mesh.wall_points])


def test_tetrahedra_are_sound(mesh: OrganMesh) -> None:
    quality = tet_quality(mesh.points_mm, mesh.tets)
    assert quality.inverted == 0 and quality.components == 1 and quality.boundary_manifold
    assert quality.min_dihedral_deg > 8.0
    assert quality.max_edge_mm <= 3.01
    assert 30_000 < quality.tets < 200_000
    assert mesh.tets.max() == mesh.wall_points - 1


def test_all_doors_are_there(mesh: OrganMesh) -> None:
    assert set(mesh.surfaces) == SURFACES
    assert {"transmural", "apicobasal", "rotational_rad", "aha_segment", "rv_segment"} <= set(mesh.point_fields)
    assert {"fibre", "chamber"} <= set(mesh.cell_fields)
    assert all(len(values) == len(mesh.points_mm) for values in mesh.point_fields.values())
    assert all(len(values) == len(mesh.tets) for values in mesh.cell_fields.values())
    assert np.isfinite(wall(mesh, "transmural")).all() and np.isfinite(wall(mesh, "apicobasal")).all()
    assert np.isnan(mesh.point_fields["transmural"][mesh.wall_points :]).all()
    assert not mesh.points_mm.flags.writeable and not mesh.tets.flags.writeable


@pytest.mark.parametrize("name", CLOSED)
def test_closed_surfaces_are_closed_and_look_outwards(mesh: OrganMesh, name: str) -> None:
    assert is_closed_manifold(mesh.surfaces[name])
    assert mesh.enclosed_ml(name) > 0


def test_wall_surfaces_are_parts_of_the_boundary(mesh: OrganMesh) -> None:
    skin = {tuple(sorted(t)) for t in boundary_triangles(mesh.tets).tolist()}
    assert {tuple(sorted(t)) for t in mesh.surfaces["myocardium"].tolist()} == skin
    seen: set[tuple[int, ...]] = set()
    for name in ("lv_endocardium", "rv_endocardium", "epicardium"):
        part = {tuple(sorted(t)) for t in mesh.surfaces[name].tolist()}
        assert part <= skin and not part & seen
        seen |= part


def test_volumes_are_the_labels(mesh: OrganMesh) -> None:
    labels = ideal_labels()
    for surface, name in (
        ("lv_cavity", "lv_blood"), ("rv_cavity", "rv_blood"), ("la", "la_blood"), ("ra", "ra_blood"),
        ("aorta", "aorta"), ("pulmonary_artery", "pulmonary_artery"),
    ):  # fmt: skip
        assert mesh.enclosed_ml(surface) == pytest.approx(labels.volume_ml(name), rel=0.01), surface
    muscle = labels.volume_ml("lv_myocardium") + labels.volume_ml("rv_myocardium")
    assert mesh.wall_ml() == pytest.approx(muscle, rel=0.01)
    assert mesh.wall_ml() == pytest.approx(mesh.enclosed_ml("myocardium"), rel=1e-6)
    assert mesh.enclosed_ml("lv_cavity") == pytest.approx(lv_blood_ml(), rel=0.01)


def test_faces_lie_on_the_ellipsoids(mesh: OrganMesh) -> None:
    """The left endocardium follows the exact ellipsoid to a fraction of a voxel."""
    p = local(mesh)[np.unique(mesh.surfaces["lv_endocardium"])]
    p = p[p[:, 2] < BASE_MM - 5]
    radius = np.sqrt((p[:, 0] / 24.0) ** 2 + (p[:, 1] / 24.0) ** 2 + (p[:, 2] / 66.0) ** 2)
    off_mm = (radius - 1.0) * np.linalg.norm(p, axis=1)
    assert np.abs(off_mm).mean() < 0.3 and np.quantile(np.abs(off_mm), 0.99) < 0.9


def test_transmural_runs_through_the_wall(mesh: OrganMesh) -> None:
    t, chamber = wall(mesh, "transmural"), mesh.cell_fields["chamber"]
    lv_points = np.zeros(mesh.wall_points, dtype=bool)
    lv_points[mesh.tets[chamber == 1]] = True
    assert np.abs(t[np.unique(mesh.surfaces["lv_endocardium"])]).max() == 0
    outer = np.setdiff1d(np.unique(mesh.surfaces["epicardium"]), np.unique(mesh.surfaces["lv_endocardium"]))
    assert np.quantile(t[outer], 0.02) > 0.95
    # septum: 1 on its right side; right free wall: 0 on its inner side
    right = np.unique(mesh.surfaces["rv_endocardium"])
    assert np.median(t[right[lv_points[right]]]) == 1.0
    assert np.median(t[right[~lv_points[right]]]) == 0.0
    # lateral wall at mid level: depth against the exact shells
    p = local(mesh)
    lateral = lv_points & (p[:, 0] < -15) & (np.abs(p[:, 2]) < 20)
    inner, outer_r = (
        np.sqrt(np.maximum(1e-9, r**2 * (1 - (p[lateral, 2] / length) ** 2)))
        for r, length in ((24.0, LV_LENGTH_MM), (24.0 + WALL_MM, LV_LENGTH_MM + WALL_MM))
    )
    share = (np.hypot(p[lateral, 0], p[lateral, 1]) - inner) / (outer_r - inner)
    # harmonic between nearly concentric cylinders: a little above linear
    assert np.abs(t[lateral] - share).mean() < 0.06


def test_apicobasal_is_nearly_linear_along_the_axis(mesh: OrganMesh) -> None:
    left = wall(mesh, "aha_segment") > 0
    height, value = local(mesh)[left][:, 2], wall(mesh, "apicobasal")[left]
    assert value.min() < 0.02 and value.max() > 0.98
    assert np.corrcoef(height, value)[0, 1] > 0.985


def test_rotation_starts_at_the_septum_and_turns_to_the_front(mesh: OrganMesh) -> None:
    p, angle = local(mesh), wall(mesh, "rotational_rad")
    ring = (wall(mesh, "aha_segment") > 0) & (np.abs(p[:, 2]) < 25)
    exact = np.arctan2(p[ring, 1], p[ring, 0])
    off = np.angle(np.exp(1j * (angle[ring] - exact)))
    assert np.abs(np.degrees(off)).max() < 10.0


def test_segments_lie_as_the_aha_has_them(mesh: OrganMesh) -> None:
    p, segment = local(mesh), wall(mesh, "aha_segment")
    assert set(np.unique(segment)) == set(range(18))
    middle = {n: p[segment == n].mean(axis=0) for n in range(1, 18)}
    for front, back in ((1, 4), (7, 10), (13, 15)):
        assert middle[front][1] > 15 and middle[back][1] < -15
    for septal, lateral in ((2, 5), (3, 6), (8, 11), (9, 12), (14, 16)):
        assert middle[septal][0] > 8 > -8 > middle[lateral][0]
    for base, mid, apex in ((1, 7, 13), (4, 10, 15), (5, 11, 16), (2, 8, 14)):
        assert middle[base][2] > middle[mid][2] > middle[apex][2] > middle[17][2]
    assert middle[2][1] > 0 > middle[3][1]  # 2 anteroseptal, 3 inferoseptal
    assert middle[6][1] > 0 > middle[5][1]  # 6 anterolateral, 5 inferolateral
    # the right ventricle's septal face is that of the septal segments
    right = np.unique(mesh.surfaces["rv_endocardium"])
    on_septum = segment[right][segment[right] > 0]
    assert np.isin(on_septum, (1, 2, 3, 4, 7, 8, 9, 10, 13, 14, 15)).all()
    assert np.isin(on_septum, (2, 3, 8, 9, 14)).mean() > 0.7
    # a ring's six sectors hold about as much wall each
    count = np.bincount(segment, minlength=18)
    assert count[7:13].max() < 1.6 * count[7:13].min()
    assert 0.02 < count[17] / count[1:].sum() < 0.12


def test_right_segments(mesh: OrganMesh) -> None:
    p, segment = local(mesh), wall(mesh, "rv_segment")
    assert set(np.unique(segment)) == {0, 1, 2, 3}
    assert (segment[wall(mesh, "aha_segment") > 0] == 0).all()
    heights = [p[segment == n, 2].mean() for n in (1, 2, 3)]
    assert heights[0] > heights[1] > heights[2]


def helix_deg(mesh: OrganMesh, cells: np.ndarray) -> np.ndarray:
    """Angle of the fibre to the circumferential direction in the wall's plane, -90..90, right-handed positive."""
    depth = np.nan_to_num(mesh.point_fields["transmural"][: mesh.wall_points])
    across = Elements(mesh.points_mm[: mesh.wall_points], mesh.tets).gradient(depth)[cells]
    across -= np.outer(across @ AXIS_W, AXIS_W)
    across /= np.maximum(np.linalg.norm(across, axis=1), 1e-12)[:, None]
    round_ = np.cross(AXIS_W, across)
    fibre = mesh.cell_fields["fibre"][cells]
    angle = np.degrees(np.arctan2(fibre @ AXIS_W, np.einsum("ij,ij->i", fibre, round_)))
    return (angle + 90.0) % 180.0 - 90.0


def test_fibres_turn_from_60_to_minus_60(mesh: OrganMesh) -> None:
    """Bayer 2012: +60° on the endocardium to -60° on the epicardium, evenly through the left free wall."""
    p = local(mesh)[mesh.tets].mean(axis=1)
    depth = wall(mesh, "transmural")[mesh.tets].mean(axis=1)
    assert np.allclose(np.linalg.norm(mesh.cell_fields["fibre"], axis=1), 1.0)
    lateral = (p[:, 0] < -14) & (np.abs(p[:, 2]) < 20) & (mesh.cell_fields["chamber"] == 1)
    cells = np.nonzero(lateral)[0]
    angle = helix_deg(mesh, cells)
    for low, high, expected in ((0.0, 0.15, 51.0), (0.4, 0.6, 0.0), (0.85, 1.0, -51.0)):
        layer = (depth[cells] >= low) & (depth[cells] < high)
        assert np.median(angle[layer]) == pytest.approx(expected, abs=8.0), (low, high)
    # right free wall: the same turn from its own inner face
    free = np.nonzero((mesh.cell_fields["chamber"] == 2) & (p[:, 0] > 40) & (np.abs(p[:, 2]) < 15))[0]
    angle, inner = helix_deg(mesh, free), depth[free] < 0.3
    assert np.median(angle[inner]) > 25 and np.median(angle[depth[free] > 0.7]) < -25


def test_fibres_are_continuous(mesh: OrganMesh) -> None:
    """Neighbouring cells differ little, also through the septum, where fibres of both ventricles meet."""
    tets = np.asarray(mesh.tets, dtype=np.int64)
    faces = np.sort(np.concatenate([tets[:, c] for c in ([0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3])]), axis=1)
    owner = np.tile(np.arange(len(tets)), 4)
    top = mesh.wall_points
    code = (faces[:, 0] * top + faces[:, 1]) * top + faces[:, 2]
    order = np.argsort(code)
    same = np.nonzero(code[order][1:] == code[order][:-1])[0]
    one, two = owner[order[same]], owner[order[same + 1]]
    fibre = mesh.cell_fields["fibre"]
    turn = np.degrees(np.arccos(np.clip(np.abs((fibre[one] * fibre[two]).sum(axis=1)), 0, 1)))
    assert np.median(turn) < 12
    septal = np.isin(mesh.point_fields["aha_segment"][tets].max(axis=1), (8, 9))
    assert np.quantile(turn[septal[one] & septal[two]], 0.95) < 40


def test_landmarks(mesh: OrganMesh) -> None:
    def where(name: str) -> np.ndarray:
        return np.array([(mesh.landmarks[name] - CENTRE_MM) @ axis for axis in (AXIS_U, AXIS_V, AXIS_W)])

    assert np.allclose(where("lv_apex_endo"), [0, 0, -LV_LENGTH_MM], atol=5.0)
    assert np.allclose(where("lv_apex"), [0, 0, -LV_LENGTH_MM - WALL_MM], atol=9.0)
    for name in ("mitral_centre", "aortic_centre", "tricuspid_centre", "pulmonary_centre"):
        assert where(name)[2] == pytest.approx(BASE_MM, abs=2.0), name
    assert where("aortic_centre")[1] > where("mitral_centre")[1]
    assert where("pulmonary_centre")[1] > where("tricuspid_centre")[1]
    assert where("rv_centre")[0] > 30
