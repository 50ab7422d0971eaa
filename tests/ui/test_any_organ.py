"""Any organ from the window: outlined by its values, meshed, measured structure by structure; no simulation offered."""

import numpy as np
from PySide6.QtWidgets import QLabel

from twinviewer.domain import Grid, Patient, Series, Volume
from twinviewer.session import by_choice, steps
from twinviewer.session.case import Case
from twinviewer.ui.outline_dialog import OutlineDialog
from twinviewer.ui.step_bar import Step
from twinviewer.ui.structure_measures import StructureMeasures
from twinviewer.ui.theme import Look


def _chest() -> Case:
    z, y, x = np.mgrid[-16:16, -24:24, -24:24]
    hu = np.full(z.shape, -1000, np.int16)
    hu[x**2 + y**2 < 22**2] = 40
    hu[x**2 + y**2 + z**2 < 9**2] = 600
    volume = Volume(hu[None], Grid(z.shape, np.eye(4)), "CT", np.zeros(1), None, "uid")
    series = Series("1", "2", Patient("P"), "ct_volume", "CT", "chest", "", 32, 1, (48, 48), (1.0, 1.0, 1.0), ("a",))
    case = Case().changed("Open", series=(series,), active_series_uid="1", image=volume)
    return case.with_message("Segment", "Blood and muscle cannot be told apart here")


def _texts(widget) -> list[str]:  # type: ignore[no-untyped-def]
    return [label.text() for label in widget.findChildren(QLabel) if not label.isHidden()]


def test_the_dialog_asks_for_two_values_only_where_they_count(qtbot) -> None:  # type: ignore[no-untyped-def]
    case = _chest()
    dialog = OutlineDialog(None, Look(), by_choice.outline_parameters(case, "generic"), there=True)
    qtbot.addWidget(dialog)
    assert dialog.form.fields["low"].isHidden() and dialog.name_row.isHidden()
    dialog.form.fields["preset"].set_value("between")
    dialog.form.changed.emit("preset")
    assert not dialog.form.fields["low"].isHidden() and not dialog.name_row.isHidden()
    dialog.name.setText("implant")
    with qtbot.waitSignal(dialog.chosen) as told:
        dialog.accept()
    values, name, keep = told.args
    assert values["preset"] == "between" and name == "implant" and keep is True


def test_each_structure_has_its_own_table(qtbot) -> None:  # type: ignore[no-untyped-def]
    case = steps.build(by_choice.outline(_chest(), "generic", {}))
    assert case.mesh is not None
    table = StructureMeasures(Look())
    qtbot.addWidget(table)
    from twinviewer.organs.generic import ORGAN

    table.show_values(case.measurements, tuple(case.mesh.surfaces), ORGAN.styles)
    texts = _texts(table)
    assert any("Bone" in text for text in texts) and {"Volume", "Longest in a slice", "Pieces"} <= set(texts)
    assert "2.97" in texts  # mL: 4/3 π 9³ mm³ is 3.05, in voxels whose centres lie within 9 mm


def test_a_refused_chest_is_outlined_built_and_not_simulated(window, qtbot) -> None:  # type: ignore[no-untyped-def]
    p = window.presenter
    p.history.push(_chest())
    p.case_changed.emit()
    qtbot.wait(20)
    segment, model, simulate = (window.inspector.segment, window.inspector.model, window.inspector.simulate)
    assert "cannot be told apart" in segment.refusal.text and window.actions_.all["outline"].isEnabled()
    outlined = by_choice.outline(p.case, "generic", {})
    p.accept(outlined)
    qtbot.wait(20)
    assert p.case.organ == "generic" and segment.go.isHidden() and "any organ" in segment.intro.text()
    window.coupling.go(Step.MODEL)
    assert model.edge.isVisible() and "tetrahedra" in model.edge.cost.text()
    model.edge.own.setChecked(False)
    assert p.case.edge_mm == 3.0 and p.history.undo_text == by_choice.EDGE
    p.accept(steps.build(p.case))
    qtbot.wait(20)
    assert any("Bone" in text for text in _texts(model))
    assert "No simulation exists" in " ".join(_texts(simulate))
    assert simulate.run.isHidden() and simulate.baseline.isHidden()
    assert not window.actions_.all["electrodes"].isEnabled()
    why = p.states()["Simulate"][0].why
    assert why == "No simulation exists for this organ yet"
    p.undo()
    p.undo()
    assert p.case.edge_mm == 0.0 and p.case.mesh is None
