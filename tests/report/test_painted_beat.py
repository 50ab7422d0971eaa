"""A beating model in the colours of a map: each point has the colour of its value, and the file says what that is."""

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.ui.conftest import ball_mesh, ball_run
from twinviewer.domain import Field, RenderError, Setup
from twinviewer.report.painted_beat import colours, still_maps, write_painted_beat
from twinviewer.scene.palette import lookup_table
from twinviewer.session.case import Case, Scenario


def _case() -> Case:
    mesh = ball_mesh()
    mesh = replace(mesh, wall_points=len(mesh.points_mm))
    run = ball_run(mesh, 0.1, 160.0)
    rising = np.linspace(0.0, 120.0, len(mesh.points_mm))
    run = replace(run, fields={"activation_ms": Field("activation_ms", "ms", rising)})
    baseline = Scenario("baseline", "Baseline", (), Setup(mesh, {}, ()), run)
    return replace(Case(), organ="heart", mesh=mesh, scenarios=(baseline,))


def test_points_have_the_colour_of_their_value(tmp_path: Path) -> None:
    case = _case()
    said, shades, told = colours(case, "", "activation_ms")
    table = lookup_table("activation")
    assert told.all() and said.startswith("Activation, 0 to 120 ms")
    assert np.array_equal(shades[0], table[0]) and np.array_equal(shades[-1], table[-1])
    middle = len(shades) // 2
    assert np.abs(shades[middle].astype(int) - table[127].astype(int)).max() <= 4
    (path,) = write_painted_beat(case, tmp_path / "x.glb", "", "activation_ms")
    raw = path.read_bytes()
    head = json.loads(raw[20 : 20 + struct.unpack_from("<I", raw, 12)[0]])
    assert head["asset"]["extras"]["colours"] == said
    assert "COLOR_0" in head["meshes"][0]["primitives"][0]["attributes"] and head["animations"]


def test_a_map_that_moves_or_is_not_there_is_refused(tmp_path: Path) -> None:
    case = _case()
    assert "activation_ms" in still_maps(case)
    with pytest.raises(RenderError, match="cannot be coloured by strain_fibre"):
        write_painted_beat(case, tmp_path / "x.glb", "", "strain_fibre")
