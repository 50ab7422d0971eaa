"""The beat that goes out is the scenario's, or the one that the images show; what does not beat says so."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pyvista as pv
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOGeometry import vtkGLTFReader

from tests.ui.conftest import PERIOD_S, ball_mesh, ball_run
from twinviewer.domain import Setup, StoreError
from twinviewer.session.beat_export import beat_of, can_beat, write_beat
from twinviewer.session.case import Case, Scenario


def _case() -> Case:
    mesh = ball_mesh()
    setup = Setup(mesh, {}, ())
    baseline = Scenario("baseline", "Baseline", (), setup, ball_run(mesh, 0.1, 160.0))
    treated = Scenario("crt", "CRT", (), setup, ball_run(mesh, 0.2, 120.0))
    waiting = Scenario("later", "Later", (), setup)
    return replace(Case(), organ="heart", mesh=mesh, scenarios=(baseline, treated, waiting))


def test_the_scenarios_own_beat_is_in_the_file(tmp_path: Path) -> None:
    case = _case()
    run = case.scenario("crt").run
    assert run is not None
    (path,) = write_beat(case, tmp_path / "beat.glb", "crt")
    reader = vtkGLTFReader()
    reader.SetFileName(str(path))
    reader.SetFrameRate(100)
    reader.UpdateInformation()
    reader.EnableAnimation(0)
    reader.ApplyDeformationsToGeometryOn()
    for number in (0, 3, len(run.time_s) - 1):
        reader.UpdateTimeStep(float(run.time_s[number]))
        points = pv.wrap(reader.GetOutputDataObject(0)).combine(merge_points=False).GetPoints().GetData()
        seen = 1000.0 * vtk_to_numpy(points)[:, [0, 2, 1]] * [1.0, -1.0, 1.0]
        assert np.abs(seen - run.points_mm[number]).max() < 1e-3
    files = write_beat(case, tmp_path / "beat.pvd", "crt")
    found = pv.get_reader(files[0])
    assert np.allclose(found.time_values, run.time_s)
    found.set_active_time_value(found.time_values[3])
    block = found.read()[0]
    assert np.allclose(block.points, run.points_mm[3][: case.mesh.wall_points], atol=1e-4)  # type: ignore[union-attr]
    assert {*run.fields, *run.moving_fields} <= set(block.point_data.keys())
    assert "Simulated: CRT" in str(block.field_data["said"][0])


def test_without_a_run_the_images_motion_goes_out() -> None:
    mesh = ball_mesh()
    motion = np.stack([mesh.points_mm, 0.9 * mesh.points_mm]).astype(np.float32)
    moved = replace(mesh, motion_mm=motion, motion_fraction=np.array([0.1, 0.5]))
    case = replace(Case(), organ="heart", mesh=moved)
    beat = beat_of(case)
    assert can_beat(case) and beat.run is None and "images" in beat.says
    assert np.allclose(beat.time_s, [0.0, 0.4]) and beat.period_s == 1.0


def test_what_does_not_beat_says_so(tmp_path: Path) -> None:
    case = _case()
    assert beat_of(case).period_s == PERIOD_S
    with pytest.raises(StoreError, match="Later does not beat yet"):
        beat_of(case, "later")
    with pytest.raises(StoreError, match="no scenario nobody"):
        beat_of(case, "nobody")
    with pytest.raises(StoreError, match="not written as .stl"):
        write_beat(case, tmp_path / "x.stl")
    still = replace(case, scenarios=())
    assert not can_beat(still)
    with pytest.raises(StoreError, match="does not beat yet"):
        beat_of(still)
    with pytest.raises(StoreError, match="no model"):
        beat_of(Case())
