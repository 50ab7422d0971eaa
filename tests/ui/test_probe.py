"""The probe reads what the run says at the site that was clicked, in every heart in view, and rides on the wall."""

import numpy as np
import pytest


def test_a_click_reads_the_site_in_every_heart(window, qtbot, small_case) -> None:  # type: ignore[no-untyped-def]
    if not window.renderer:
        pytest.skip("no OpenGL on this display")
    window.presenter.accept(small_case)
    qtbot.waitUntil(lambda: window.views.view3d.stage is not None and window.views.view3d.stage.state is not None)
    node, card = 7, window.probe.card
    window.views.view3d.probed.emit(node)
    qtbot.waitUntil(card.isVisible)

    def said() -> set[str]:
        return {label.text() for label in card.findChildren(type(card.place)) if not label.isHidden()}

    activation = float(small_case.baseline.run.fields["activation_ms"].values[node])
    qtbot.waitUntil(lambda: f"{activation:.0f} ms" in said())
    assert any(marker.name == "probe" and marker.node == node for marker in window.views.view3d.state.panes[0].markers)
    course = card.strain.courses[0]
    assert course.values[0] == pytest.approx(course.values[-1])  # the beat closes
    np.testing.assert_allclose(
        course.values[:-1], small_case.baseline.run.moving_fields["strain_fibre"][:, node], rtol=1e-6
    )

    window.choices.set(comparing=True)
    qtbot.waitUntil(lambda: len(card.strain.courses) == 2)  # a line for each heart, none for the difference
    treated = float(small_case.scenarios[1].run.fields["activation_ms"].values[node])
    qtbot.waitUntil(lambda: {f"{activation:.0f} ms", f"{treated:.0f} ms"} <= said())

    window.views.view3d.probed.emit(-1)  # beside the heart
    qtbot.waitUntil(lambda: not card.isVisible())
    assert not any(marker.name == "probe" for pane in window.views.view3d.state.panes for marker in pane.markers)
