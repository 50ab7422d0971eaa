"""A mesh carried through the phases of a CT, against the demo patient's known motion."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.true_motion import TrueMotion
from twinviewer.domain import Cancelled, LabelMap, OrganMesh, Patient, Volume
from twinviewer.geometry.quality import dihedral_range_deg
from twinviewer.organs.heart.build import build
from twinviewer.organs.heart.demo.anatomy import demo_labels
from twinviewer.organs.heart.demo.render import render
from twinviewer.organs.heart.motion.ct import with_motion
from twinviewer.organs.heart.motion.ct_measures import measure_ct
from twinviewer.organs.heart.motion.measures import measure_motion
from twinviewer.organs.heart.motion.phases import beat_phases
from twinviewer.organs.heart.organ import ORGAN

PERCENT = np.array([0.0, 20.0, 40.0, 70.0])
CELL_MM = 4.0
RR_S = 60.0 / 72.0


@pytest.fixture(scope="module")
def truth() -> TrueMotion:
    return TrueMotion()


@pytest.fixture(scope="module")
def scan(truth: TrueMotion) -> tuple[LabelMap, Volume]:
    """True labels of four phases, and the CT that goes with them, on a coarse grid."""
    labels = demo_labels(PERCENT, spacing_mm=2.5)
    seen = render(truth.heart, PERCENT, labels.grid, 2026)
    return labels, Volume(seen.hu, labels.grid, "CT", PERCENT, RR_S, "demo")


@pytest.fixture(scope="module")
def still(scan: tuple[LabelMap, Volume]) -> OrganMesh:
    labels, _ = scan
    return build(labels, cell_mm=CELL_MM)


@pytest.fixture(scope="module")
def moving(scan: tuple[LabelMap, Volume], still: OrganMesh) -> OrganMesh:
    return with_motion(still, *scan, reference=0)


@pytest.fixture(scope="module")
def true_mm(truth: TrueMotion, still: OrganMesh) -> np.ndarray:
    return truth.positions(still.points_mm, list(PERCENT), 0.0)


def off_mm(mesh: OrganMesh, true_mm: np.ndarray) -> np.ndarray:
    """(t, wall points) distance from where each point truly is."""
    assert mesh.motion_mm is not None
    wall = mesh.wall_points
    return np.linalg.norm(mesh.motion_mm[:, :wall] - true_mm[:, :wall], axis=2)


def test_every_point_of_the_wall_goes_where_its_tissue_goes(moving: OrganMesh, true_mm: np.ndarray) -> None:
    """The project's target is 1.5 mm on average; a heart that stands still is more than 3 mm off, 6 mm at end-systole.
    Voxels of 2.5 mm: the scan's own of 1.5 mm give two thirds of these errors (docs/validation.md)."""
    off = off_mm(moving, true_mm)[1:]
    still = np.linalg.norm(true_mm[1:, : moving.wall_points] - moving.points_mm[: moving.wall_points], axis=2)
    assert np.nanmean(still) > 3.0
    assert np.nanmean(off) < 1.1 and np.nanquantile(off, 0.95) < 2.7
    assert np.nanmean(off, axis=1).max() < 1.7
    for chamber, within in ((1, 0.9), (2, 1.5)):
        points = np.unique(moving.tets[moving.cell_fields["chamber"] == chamber])
        assert np.nanmean(off[:, points]) < within


def test_atria_and_vessels_go_along(moving: OrganMesh, true_mm: np.ndarray) -> None:
    """Their own surfaces slide along themselves unseen; half their motion at least is followed."""
    assert moving.motion_mm is not None
    for name in ("la", "ra", "pulmonary_artery"):
        rows = np.unique(moving.surfaces[name])
        off = np.linalg.norm(moving.motion_mm[:, rows] - true_mm[:, rows], axis=2)
        gone = np.linalg.norm(true_mm[:, rows] - moving.points_mm[rows], axis=2)
        assert np.nanmean(off[2]) < 0.5 * np.nanmean(gone[2])


def test_cavities_hold_what_the_labels_count(scan: tuple[LabelMap, Volume], moving: OrganMesh) -> None:
    labels, _ = scan
    assert moving.motion_mm is not None
    for surface, name, within in (
        ("lv_cavity", "lv_blood", 0.01),
        ("rv_cavity", "rv_blood", 0.01),
        ("la", "la_blood", 0.02),
    ):
        found = [moving.enclosed_ml(surface, frame) for frame in moving.motion_mm]
        assert found == pytest.approx([labels.volume_ml(name, t) for t in range(labels.phases)], rel=within)


def test_ejection_fraction_is_within_two_points(scan: tuple[LabelMap, Volume], moving: OrganMesh) -> None:
    labels, _ = scan
    assert moving.motion_mm is not None
    lv = np.array([moving.enclosed_ml("lv_cavity", frame) for frame in moving.motion_mm])
    counted = np.array([labels.volume_ml("lv_blood", t) for t in range(labels.phases)])
    assert 100.0 * (1.0 - lv.min() / lv.max()) == pytest.approx(100.0 * (1.0 - counted.min() / counted.max()), abs=2.0)


def test_the_wall_stays_sound(moving: OrganMesh) -> None:
    """Muscle keeps its volume within 2 to 4 % (Yin 1996); no element folds."""
    assert moving.motion_mm is not None
    for frame in moving.motion_mm:
        assert moving.wall_ml(frame) == pytest.approx(moving.wall_ml(), rel=0.04)
        assert dihedral_range_deg(frame.astype(np.float64), moving.tets)[0].min() > 4.0


def test_the_mesh_itself_is_one_of_the_frames(moving: OrganMesh, still: OrganMesh) -> None:
    assert moving.motion_mm is not None and moving.motion_fraction is not None
    assert moving.rest_frame == 0 and moving.motion_fraction == pytest.approx(PERCENT / 100.0)
    assert np.abs(moving.motion_mm[0] - still.points_mm).max() < 1e-4
    assert moving.uid != still.uid and moving.label_uid == still.label_uid


def test_strain_is_that_of_the_true_motion(
    scan: tuple[LabelMap, Volume], moving: OrganMesh, true_mm: np.ndarray
) -> None:
    """Strain, thickening and the rings' travel within the interval given of those of the same mesh moved truly."""
    found = measure_ct(scan[0], moving, scan[1])
    exact = measure_motion(replace(moving, motion_mm=np.nan_to_num(true_mm).astype(np.float32)), RR_S)
    for name in ("lv_gls_percent", "lv_gcs_percent", "lv_endo_gcs_percent", "lv_wall_thickening_percent", "mapse_mm"):
        one = found[name]
        assert one.low is not None and one.high is not None and one.low <= exact[name].value <= one.high
        assert one.origin == "measured" and "registration" in one.source
    assert found["lv_gls_percent"].value == pytest.approx(exact["lv_gls_percent"].value, abs=1.5)


def test_volumes_are_still_counted_in_the_labels(scan: tuple[LabelMap, Volume], moving: OrganMesh) -> None:
    labels, image = scan
    found = ORGAN.measure(labels, moving, image, Patient("x"))
    assert found["lv_edv_ml"].value == labels.volume_ml("lv_blood", 0)
    assert found["cardiac_output_l_min"].value == pytest.approx(found["lv_stroke_volume_ml"].value * 0.072, rel=1e-6)
    assert "lv_peak_filling_ml_s" not in found  # four phases tell no rate


def test_labels_without_their_image_will_do(
    scan: tuple[LabelMap, Volume], still: OrganMesh, true_mm: np.ndarray
) -> None:
    """An imported mask brings no image; and phases may be in any order, some of them twice."""
    labels, _ = scan
    data = labels.data[[2, 0, 3, 0]]
    percent = np.array([40.0, 100.0, 70.0, 0.0])
    shuffled = LabelMap(data, labels.grid, labels.names, percent, "test", "")
    mesh = with_motion(still, shuffled, None, reference=3)
    assert mesh.motion_fraction == pytest.approx([0.0, 0.4, 0.7]) and mesh.rest_frame == 0
    assert np.nanmean(off_mm(mesh, true_mm[[0, 2, 3]])[1:]) < 1.3
    assert any("No image between" in note for note in mesh.notes)


def test_part_of_a_beat_is_said_to_be_one(scan: tuple[LabelMap, Volume], moving: OrganMesh) -> None:
    labels, image = scan
    part = LabelMap(labels.data[:3], labels.grid, labels.names, np.array([30.0, 45.0, 60.0]), "test", "")
    phases = beat_phases(part, 0)
    assert phases is not None and phases.gap == pytest.approx(0.7)
    assert any("60 and 30 %" in note for note in phases.notes)
    assert moving.motion_mm is not None
    short = replace(moving, motion_mm=moving.motion_mm[:3], motion_fraction=phases.fraction)
    assert "cardiac_output_l_min" not in measure_ct(part, short, image)


def test_a_phase_that_was_not_found_is_passed_over(scan: tuple[LabelMap, Volume]) -> None:
    labels, _ = scan
    data = labels.data.copy()
    data[2] = 0
    phases = beat_phases(replace(labels, data=data), 0)
    assert phases is not None and list(phases.number) == [0, 1, 3]
    assert any("40 %" in note for note in phases.notes)
    data[1:] = 0
    assert beat_phases(replace(labels, data=data), 0) is None


def test_phases_out_of_order_are_noticed(scan: tuple[LabelMap, Volume]) -> None:
    """A heart empties once a beat: end-systole between two filled phases is one dip, and a second one is not true."""
    labels, _ = scan
    data = labels.data[[0, 2, 0, 2, 3, 1]]
    percent = np.array([0.0, 20.0, 40.0, 60.0, 75.0, 90.0])
    mixed = beat_phases(replace(labels, data=data, phase_percent=percent), 0)
    assert mixed is not None and any("empties 2 times" in note for note in mixed.notes)
    ordered = beat_phases(labels, 0)
    assert ordered is not None and not ordered.notes


def test_times_that_no_header_gives_are_assumed(scan: tuple[LabelMap, Volume]) -> None:
    phases = beat_phases(replace(scan[0], phase_percent=np.zeros(4)), 0)
    assert phases is not None and phases.fraction == pytest.approx([0.0, 0.25, 0.5, 0.75])
    assert any("taken to follow evenly" in note for note in phases.notes)


def test_one_phase_stands_still(scan: tuple[LabelMap, Volume], still: OrganMesh) -> None:
    labels, _ = scan
    one = LabelMap(labels.data[:1], labels.grid, labels.names, PERCENT[:1], "test", "")
    assert with_motion(still, one, None, reference=0) is still


def test_it_can_be_stopped_within_the_registration(scan: tuple[LabelMap, Volume], still: OrganMesh) -> None:
    asked = []

    def enough(fraction: float, text: str) -> None:
        asked.append(fraction)
        if len(asked) > 6:
            raise Cancelled

    with pytest.raises(Cancelled):
        with_motion(still, *scan, reference=0, report=enough)
    assert len(asked) == 7 and 0.0 < asked[-1] < 0.2
