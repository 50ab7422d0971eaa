"""Measured motion: it repeats, it is cut where the planes are, and volumes follow it."""

from dataclasses import replace

import numpy as np
import pytest
from beating_ball import RADIUS_MM, run
from moving_ball import FRAMES, cine_case, moving, size

from twinviewer.domain import CineStack
from twinviewer.report.studio import off_screen
from twinviewer.scene import compose
from twinviewer.scene.measured import mean_beat_s, measured_volumes, mesh_volumes
from twinviewer.scene.motion import measured_motion, run_motion
from twinviewer.scene.plane_lines import PlaneLines
from twinviewer.scene.state import SceneState, StructureState


def test_motion_goes_through_its_frames_and_round_the_beat() -> None:
    mesh = moving()
    assert mesh.motion_mm is not None
    motion = measured_motion(mesh, 0.8)
    assert motion is not None
    for k in range(FRAMES):
        np.testing.assert_allclose(motion.points_at(0.8 * k / FRAMES), mesh.motion_mm[k], atol=1e-4)
        np.testing.assert_allclose(motion.points_at(0.8 * (3 + k / FRAMES)), mesh.motion_mm[k], atol=1e-4)
    between = motion.points_at(0.8 * (FRAMES - 0.5) / FRAMES)
    np.testing.assert_allclose(between, (mesh.motion_mm[-1] + mesh.motion_mm[0]) / 2, atol=1e-4)
    assert measured_motion(replace(mesh, motion_mm=None, motion_fraction=None)) is None


def test_frames_may_start_after_the_r_wave() -> None:
    mesh = moving()
    assert mesh.motion_mm is not None and mesh.motion_fraction is not None
    late = measured_motion(replace(mesh, motion_fraction=0.9 * mesh.motion_fraction + 0.05), 1.0)
    assert late is not None
    np.testing.assert_allclose(late.points_at(0.05), mesh.motion_mm[0], atol=1e-4)
    last = 0.9 * (FRAMES - 1) / FRAMES + 0.05
    share = (1.0 - last) / (1.05 - last)
    expected = (1 - share) * mesh.motion_mm[-1] + share * mesh.motion_mm[0]
    np.testing.assert_allclose(late.points_at(0.0), expected, atol=1e-3)


def test_a_run_plays_as_it_did() -> None:
    made = run(140.0)
    for time_s in (0.0, 0.13, 0.79, 1.7):
        np.testing.assert_allclose(run_motion(made).points_at(time_s), made.points_at(time_s), atol=1e-4)


def test_a_shifted_breath_hold_moves_the_line_with_its_image() -> None:
    case = cine_case()
    assert case.mesh is not None and isinstance(case.image, CineStack)
    shift = np.zeros((4, 3))
    shift[1] = [6.0, -4.0, 0.0]
    for index, move in ((0, (0.0, 0.0)), (1, (-6.0, 4.0))):
        plain = PlaneLines(case.mesh, case.image).at(index, 0)["lv_endocardium"][0]
        moved = PlaneLines(case.mesh, case.image, shift).at(index, 0)["lv_endocardium"][0]
        np.testing.assert_allclose(moved.mean(axis=0) - plain.mean(axis=0), move, atol=1e-6)


def test_volumes_follow_the_mesh() -> None:
    case = cine_case()
    found = measured_volumes(None, None, case.mesh)
    assert len(found) == 1 and found[0].kind == "model" and found[0].rv_ml is None
    ball = 4.0 / 3.0 * np.pi * RADIUS_MM**3 / 1000.0
    np.testing.assert_allclose(
        found[0].lv_ml, ball * np.array([size(k / FRAMES) for k in range(FRAMES)]) ** 3, rtol=0.02
    )
    assert (found[0].ed, found[0].es) == (0.0, 0.5)
    assert mesh_volumes(replace(moving(), motion_mm=None, motion_fraction=None)) is None


def test_the_beat_is_the_mean_of_the_planes() -> None:
    stack = cine_case().image
    assert isinstance(stack, CineStack)
    planes = tuple(replace(plane, rr_s=rr) for plane, rr in zip(stack.planes, (0.7, 0.9, None, 1.1), strict=True))
    assert mean_beat_s(replace(stack, planes=planes)) == pytest.approx(0.9)


def test_a_corrected_mesh_moves_in_place_and_the_eye_stays() -> None:
    mesh = moving()
    shown = (StructureState("myocardium", "#C96A5B"),)
    with off_screen((320, 240), samples=0) as stage:
        stage.apply(SceneState((compose.pane("", mesh, shown),)))
        kept, eye = stage._panes[0].surfaces["myocardium"], stage.current_camera()
        bent = replace(mesh, motion_mm=1.1 * mesh.motion_mm, uid="bent")
        stage.apply(SceneState((compose.pane("", bent, shown),)))
        assert stage._panes[0].surfaces["myocardium"] is kept and stage.current_camera() == eye
        assert np.linalg.norm(kept.points_mm, axis=1).max() == pytest.approx(
            1.1 * np.linalg.norm(mesh.motion_mm[0][kept.nodes], axis=1).max(), rel=1e-5
        )
        elsewhere = replace(mesh, points_mm=mesh.points_mm + 80.0, motion_mm=mesh.motion_mm + 80.0, uid="other patient")
        stage.apply(SceneState((compose.pane("", elsewhere, shown),)))
        assert stage.current_camera() != eye
