"""A run on its way is seen: voltage of the newest frame on the heart in view, until the run is there or given up."""

import numpy as np
import pytest

from twinviewer.domain import Frame


def test_voltage_is_shown_while_a_run_is_on_its_way(window, qtbot, small_case, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    if not window.renderer:
        pytest.skip("no OpenGL on this display")
    window.presenter.accept(small_case)
    window.playback.pause()
    running = {"crt"}
    monkeypatch.setattr(window.presenter, "runs", lambda name: name in running)
    voltage = np.linspace(-84.0, 20.0, len(small_case.mesh.points_mm)).astype(np.float32)
    window.presenter.frame_reached.emit("crt", Frame(0.123, np.zeros((0, 3)), {"membrane_mv": voltage}))
    pane = window.views.view3d.state.panes[0]
    assert pane.title == "CRT, 123 ms" and (pane.colouring.low, pane.colouring.high) == (-90.0, 40.0)
    np.testing.assert_array_equal(pane.values, voltage)
    window.presenter.frame_reached.emit("crt", Frame(0.2, np.zeros((0, 3)), {"strain_fibre": voltage}))
    assert window.views.view3d.state.panes[0].title == "CRT, 123 ms"  # no voltage, nothing to see
    running.clear()
    window.presenter.jobs_changed.emit()
    assert window.views.view3d.state.panes[0].values is None
