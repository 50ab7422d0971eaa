"""The images as a volume in the window: off until asked for, with the model, and where there is none."""

from twinviewer.session.case import Case


def drawn(w, qtbot) -> object:  # type: ignore[no-untyped-def]
    qtbot.waitUntil(lambda: w.views.view3d.state is not None and w.views.view3d.state.volume is not None, timeout=5000)
    return w.views.view3d.state.volume


def test_off_until_asked_for_and_prepared_beside_the_window(open_window, qtbot) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    assert w.views.view3d.state.volume is None and not w.volume.panel.isVisible()
    w.actions_.all["volume"].trigger()
    look = drawn(w, qtbot)
    assert look.preset == "heart" and w.volume.panel.isVisible()  # type: ignore[attr-defined]
    assert not any(s.visible for s in w.views.view3d.state.panes[0].structures)
    w.volume.panel.model.setChecked(True)
    assert any(s.visible for s in w.views.view3d.state.panes[0].structures)
    w.actions_.all["volume"].trigger()
    assert w.views.view3d.state.volume is None and not w.volume.panel.isVisible()


def test_it_follows_the_phase_and_the_panel(open_window, qtbot) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    w.actions_.all["volume"].trigger()
    before = drawn(w, qtbot).data  # type: ignore[attr-defined]
    w.display.set_phase(4)
    qtbot.waitUntil(lambda: w.views.view3d.state.volume.data is not before, timeout=5000)
    assert w.views.view3d.state.volume.data.values.max() == 340
    w.volume.panel.shift.setValue(80)
    assert w.views.view3d.state.volume.shift == 80.0


def test_without_a_model_the_volume_stands_alone(open_window, small_case: Case, qtbot) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    w.presenter.accept(small_case.changed("Segment again", labels=None, mesh=None, scenarios=()))
    assert w.views.view3d.state is None
    w.actions_.all["volume"].trigger()
    drawn(w, qtbot)
    assert not w.views.view3d.state.panes[0].structures
    w.actions_.all["volume"].trigger()
    assert w.views.view3d.state is None
