"""The calcium score in the window: offered where there is no contrast, nothing counted unless ticked, kept."""

from dataclasses import replace

import numpy as np

from twinviewer.domain import Grid, Patient, Volume
from twinviewer.session.calcium import Region, compute_candidates, compute_rows
from twinviewer.session.case import Case
from twinviewer.ui.calcium_dialog import CalciumDialog
from twinviewer.ui.step_bar import Step


def chest() -> Case:
    """Two plaques and a bone in soft tissue."""
    hu = np.full((10, 160, 160), 40, np.int16)
    y, x = np.mgrid[:160, :160] * 0.5
    for cx, cy, radius, level in ((20, 40, 2.0, 250), (40, 40, 2.0, 450), (62, 40, 12.0, 600)):
        hu[3:7, (x - cx) ** 2 + (y - cy) ** 2 < radius**2] = level
    grid = Grid(hu.shape, np.diag([0.5, 0.5, 3.0, 1.0]))
    image = Volume(hu[None], grid, "CT", np.zeros(1), None, "chest")
    return Case(patient=Patient("P"), image=image)


def test_nothing_counts_unless_it_is_ticked(window, qtbot) -> None:  # type: ignore[no-untyped-def]
    dialog = CalciumDialog(window, window.look, (), lambda: (40.0, 40.0, 15.0))
    qtbot.addWidget(dialog)
    sought, kept = [], []
    dialog.sought.connect(sought.append)
    dialog.chosen.connect(lambda *found: kept.append(found))
    dialog.radius.setValue(50)
    dialog.look.click()
    assert sought == [Region("", (40.0, 40.0, 15.0), 50.0)] and not dialog.go.isEnabled()
    found = compute_candidates(chest(), sought[0])
    dialog.show_lesions(found)
    assert len(found) == 3 and dialog.ticked == () and not dialog.go.isEnabled()
    assert "none counted" in dialog.note.text
    dialog.plain.click()
    assert len(dialog.ticked) == 2 and not any(one.doubt for one in dialog.ticked)
    assert "2 of 3" in dialog.note.text and dialog.go.isEnabled()
    dialog.go.click()
    ((region, chosen, offered),) = kept
    assert region == sought[0] and chosen == tuple(one for one in found if not one.doubt) and offered == 3


def test_an_empty_region_scores_nothing_and_can_be_kept(window, qtbot) -> None:  # type: ignore[no-untyped-def]
    dialog = CalciumDialog(window, window.look, (("heart", "Heart"),), lambda: (0.0, 0.0, 0.0))
    qtbot.addWidget(dialog)
    dialog.where.setCurrentIndex(1)
    assert not dialog.radius.isEnabled()
    dialog.look.click()
    assert dialog.region == Region("heart")
    dialog.show_lesions(())
    assert "score is 0" in dialog.note.text and dialog.go.isEnabled()


def test_the_score_is_a_step_of_the_case(window, qtbot, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    p = window.presenter
    p._push(chest(), "Open")
    window.coupling.go(Step.SEGMENT)
    page = window.inspector.segment
    assert page.calcium.isVisibleTo(page) and page.calcium.isEnabled()
    monkeypatch.setattr(p, "submit", lambda *a, done, **k: done(compute_rows(*a[3:])))
    window.actions_.all["calcium"].trigger()
    dialog = window.coupling.calcium.dialog
    window.display.set_cross(np.array([40.0, 40.0, 15.0]))
    dialog.look.click()
    dialog.plain.click()
    dialog._point(dialog.lesions[1])
    assert np.allclose(window.display.cross_mm, dialog.lesions[1].centre_mm, atol=2.0)
    dialog.go.click()
    score = p.case.measurements["calcium_agatston"]
    assert score.value > 0 and "2 of" in score.source
    assert p.history.undo_text.startswith("Calcium score")
    assert page._measured.isVisibleTo(page) and page._measured.rows[0][0] == "calcium_agatston"
    p.undo()
    assert "calcium_agatston" not in p.case.measurements


def test_contrast_has_no_score_and_says_why(window) -> None:  # type: ignore[no-untyped-def]
    window.presenter._push(replace(chest(), organ="heart"), "Open")
    action = window.actions_.all["calcium"]
    assert not action.isEnabled() and "contrast" in action.toolTip()
