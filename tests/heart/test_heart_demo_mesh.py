"""The demo patient's true labels: an anatomical heart with bent valve planes and a thin right wall."""

import time

import numpy as np
import pytest

from twinviewer.domain import LabelMap, OrganMesh
from twinviewer.geometry.quality import is_closed_manifold, tet_quality
from twinviewer.geometry.surfaces import boundary_loops
from twinviewer.organs.heart.build import build
from twinviewer.organs.heart.demo.anatomy import demo_labels


@pytest.fixture(scope="module")
def demo() -> tuple[LabelMap, OrganMesh, float]:
    labels = demo_labels()
    start = time.process_time()
    mesh = build(labels)
    return labels, mesh, time.process_time() - start


def test_sound_fine_and_quick(demo: tuple[LabelMap, OrganMesh, float]) -> None:
    _, mesh, seconds = demo
    quality = tet_quality(mesh.points_mm, mesh.tets)
    assert quality.max_edge_mm <= 3.01 and quality.min_dihedral_deg > 8
    assert quality.inverted == 0 and quality.boundary_manifold and quality.components == 1
    assert 30_000 < quality.tets < 170_000
    assert seconds < 30  # about 5 s of processor time; the rest is for busy machines


def test_volumes_are_those_of_the_voxels(demo: tuple[LabelMap, OrganMesh, float]) -> None:
    labels, mesh, _ = demo
    pairs = {
        "lv_cavity": "lv_blood", "rv_cavity": "rv_blood", "la": "la_blood", "ra": "ra_blood",
        "aorta": "aorta", "pulmonary_artery": "pulmonary_artery",
    }  # fmt: skip
    for surface, name in pairs.items():
        assert is_closed_manifold(mesh.surfaces[surface])
        assert mesh.enclosed_ml(surface) == pytest.approx(labels.volume_ml(name), rel=0.01)
    muscle = labels.volume_ml("lv_myocardium") + labels.volume_ml("rv_myocardium")
    assert mesh.wall_ml() == pytest.approx(muscle, rel=0.01)


def test_openings_are_the_valves(demo: tuple[LabelMap, OrganMesh, float]) -> None:
    """One opening for mitral and aortic valve together, or one each; the same on the right; nowhere else."""
    _, mesh, _ = demo
    for side, valves in (("lv", ("mitral_centre", "aortic_centre")), ("rv", ("tricuspid_centre", "pulmonary_centre"))):
        loops = boundary_loops(mesh.surfaces[f"{side}_endocardium"])
        assert len(loops) <= 2
        for loop in loops:
            rim = mesh.points_mm[loop]
            assert min(np.linalg.norm(rim.mean(axis=0) - mesh.landmarks[valve]) for valve in valves) < 25
            assert np.linalg.norm(np.ptp(rim, axis=0)) > 20


def test_anatomy_is_the_right_way_round(demo: tuple[LabelMap, OrganMesh, float]) -> None:
    """LPS: apex to the left, in front and below; anterior wall in front of the inferior, septum to the right."""
    _, mesh, _ = demo
    apex, base = mesh.landmarks["lv_apex"], mesh.landmarks["mitral_centre"]
    assert apex[0] > base[0] and apex[1] < base[1] and apex[2] < base[2]
    assert mesh.landmarks["rv_centre"][0] < apex[0]
    segment, points = mesh.point_fields["aha_segment"], mesh.points_mm
    middle = {n: points[segment == n].mean(axis=0) for n in range(1, 18)}
    assert (middle[7] - middle[10]) @ [0, -1, 1] > 30
    assert (middle[9] - middle[12])[0] < -20


def test_whole_beat_can_be_meshed() -> None:
    """End-systole, the smallest cavity with the thickest wall, on coarse cells."""
    labels = demo_labels(40.0)
    mesh = build(labels, cell_mm=3.2)
    assert mesh.enclosed_ml("lv_cavity") == pytest.approx(labels.volume_ml("lv_blood"), rel=0.01)
    assert tet_quality(mesh.points_mm, mesh.tets).min_dihedral_deg > 8
