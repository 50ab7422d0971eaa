"""The list of therapies on the page Simulate, driven as a user would, with the real catalog."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from ideal_heart import ideal_heart
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from twinviewer.domain import Conflict, Quantity, Setup, Suitability
from twinviewer.organs.heart.conduction import conduction_system, stimuli
from twinviewer.session import catalog, therapy_list
from twinviewer.session.case import Case, Scenario
from twinviewer.session.therapy_use import TherapyUse
from twinviewer.ui.step_bar import Step
from twinviewer.ui.theme import Look
from twinviewer.ui.therapy_panel import TherapyPanel

NUMBERS = {
    "heart_rate_bpm": 70.0,
    "contractility_lv_kpa": 60.0,
    "contractility_rv_kpa": 40.0,
    "systemic_resistance_mmhg_s_ml": 1.1,
    "pulmonary_resistance_mmhg_s_ml": 0.1,
    "stressed_volume_ml": 700.0,
}


@pytest.fixture
def panel(qtbot: Callable) -> TherapyPanel:  # type: ignore[type-arg]
    made = TherapyPanel(Look())
    qtbot.addWidget(made)  # type: ignore[attr-defined]
    verdicts = {name: Suitability(name != "mitral_clip", "It does not leak") for name in catalog.therapies()}
    made.offer(catalog.therapies(), verdicts)
    made.show()
    return made


def names(panel: TherapyPanel) -> list[str]:
    return [row.therapy.name for row in panel.rows]


def test_cards_are_chosen_by_keyboard_and_a_greyed_one_says_why(panel: TherapyPanel) -> None:
    assert panel.cards.isVisible() and not panel.more.isVisible()
    clip = panel.cards.cards["mitral_clip"]
    assert clip.focusPolicy() == Qt.FocusPolicy.StrongFocus and clip.text.text() == "It does not leak"
    assert "does not leak" in clip.accessibleDescription() and clip.toolTip()
    QTest.keyClick(clip, Qt.Key.Key_Return)
    assert names(panel) == []
    QTest.keyClick(panel.cards.cards["crt"], Qt.Key.Key_Return)
    assert names(panel) == ["crt"] and panel.cards.isHidden() and not panel.rows[0].form.isHidden()


def test_a_therapy_is_found_by_its_name_or_by_a_drug_of_it(panel: TherapyPanel) -> None:
    panel.cards.filter.setText("verapamil")
    assert [name for name, card in panel.cards.cards.items() if not card.isHidden()] == ["channel_drug"]
    panel.cards.filter.setText("")
    assert not any(card.isHidden() for card in panel.cards.cards.values())


def test_moved_switched_and_taken_out_without_losing_values(panel: TherapyPanel) -> None:
    told: list[int] = []
    panel.edited.connect(lambda: told.append(1))
    panel.add("crt")
    panel.add("beta_blocker")
    panel.rows[0].form.fields["av_delay_ms"].box.setValue(90.0)
    row = panel.rows[1]
    assert not row.down.isEnabled() and row.up.isEnabled()
    row.up.click()
    assert names(panel) == ["beta_blocker", "crt"] and panel.uses()[1].values["av_delay_ms"] == 90.0
    panel.rows[1].switch.click()
    off = panel.uses()[1]
    assert not off.on and off.values["av_delay_ms"] == 90.0
    assert panel.rows[1].summary.text() == "Off · 11 mid inferolateral · AV delay, sensed 90 ms"
    QTest.keyClick(panel.rows[0].title, Qt.Key.Key_Delete)
    assert names(panel) == ["crt"] and len(told) == 5


def test_a_second_drug_has_values_of_its_own(panel: TherapyPanel) -> None:
    panel.add("channel_drug")
    panel.add("channel_drug")
    panel.rows[1].form.fields["dose_cmax"].box.setValue(3.0)
    assert [use.values["dose_cmax"] for use in panel.uses()] == [1.0, 3.0]


def test_what_is_said_has_the_tone_of_its_weight(panel: TherapyPanel) -> None:
    panel.show_conflicts((Conflict("impossible", "No"), Conflict("opposes", "They pull"), Conflict("order", "Swapped")))
    assert [panel.notes[tone].text for tone in ("alarm", "caution", "info")] == ["No.", "They pull.", "Swapped."]
    panel.show_conflicts(())
    assert not any(note.isVisible() for note in panel.notes.values())


def test_a_clicked_site_replaces_the_segment_and_the_other_way_round(panel: TherapyPanel) -> None:
    panel.add("crt")
    asked: list[tuple[str, str, bool]] = []
    panel.pick_asked.connect(lambda *a: asked.append(a))
    panel.rows[0].form.fields["lv_lead"].pick.click()
    panel.picked("lv_lead", "AHA12", 345)
    values = panel.uses()[0].values
    assert asked[0] == ("lv_lead", "lv_segment", True) and (values["lv_lead"], values["lv_lead_node"]) == ("AHA12", 345)
    row = panel.rows[0]
    assert (
        row.form.labels["lv_lead"].text() == "LV lead: a clicked point" and "at a clicked point" in row.summary.text()
    )
    vein = row.form.fields["lv_lead_vein"].box
    vein.setCurrentIndex(vein.findData("lateral_mid"))
    assert panel.uses()[0].values["lv_lead_node"] == -1 and row.summary.text() == "Lateral vein, mid"
    assert "by vein" in row.form.labels["lv_lead"].text() and row.form.fields["lv_lead_vein"].pick is None
    box = panel.rows[0].form.fields["lv_lead"].box
    box.setCurrentIndex(box.findData("AHA6"))
    values = panel.uses()[0].values
    assert (values["lv_lead_node"], values["lv_lead_vein"]) == (-1, "none")
    assert row.form.labels["lv_lead"].text() == "LV lead"


def blocked_case(small_case: Case) -> Case:
    mesh = ideal_heart(2.0)
    found, layer, _ = stimuli(mesh, "lbbb", 180.0)
    entry_ms, whole = conduction_system(mesh)
    numbers = {name: Quantity(value, name.rsplit("_", 1)[-1], "population", "test") for name, value in NUMBERS.items()}
    setup = Setup(
        mesh, numbers, found, {"fast_layer": layer, "conduction_entry_ms": entry_ms, "conduction_layer": whole}
    )
    case = replace(small_case, mesh=mesh, scenarios=(Scenario("baseline", "Baseline", (), setup),))
    return therapy_list.add_uses(case, [TherapyUse("beta_blocker"), TherapyUse("dobutamine")])


def test_in_the_window_every_edit_is_a_named_step(window, small_case, qtbot) -> None:  # type: ignore[no-untyped-def]
    p = window.presenter
    p.history.push(blocked_case(small_case))
    p.case_changed.emit()
    window.coupling.plugins_ready()
    window.coupling.go(Step.SIMULATE)
    page, name = window.inspector.simulate, "beta_blocker+dobutamine"
    page.edit(p.case, name)
    qtbot.waitUntil(lambda: "opposite ways" in page.panel.notes["caution"].text, timeout=20_000)
    clip = page.panel.cards.cards["mitral_clip"]
    qtbot.waitUntil(lambda: "does not leak" in clip.text.text(), timeout=20_000)
    assert "already" in page.panel.cards.cards["dobutamine"].text.text()
    page.panel.rows[1].switch.click()
    qtbot.waitUntil(lambda: not p.case.scenario(name).therapies[1].on, timeout=20_000)
    assert window.actions_.all["undo"].text() == "&Undo: Switch off Dobutamine in Beta-blocker + Dobutamine"
    assert page.panel.notes["caution"].text == ""
    page.panel.add("crt")
    qtbot.waitUntil(lambda: len(p.case.scenario(name).therapies) == 3, timeout=20_000)
    assert p.case.scenario(name).label == "Beta-blocker + Dobutamine + CRT"
    window.actions_.all["undo"].trigger()
    window.actions_.all["undo"].trigger()
    assert names(page.panel) == ["beta_blocker", "dobutamine"] and page.panel.uses()[1].on
    page.start_new()
    assert page.panel.rows == [] and not page.run.isEnabled() and "Choose a therapy" in page.run.toolTip()
