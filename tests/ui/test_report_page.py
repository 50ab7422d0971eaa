"""The page Report: what is switched on is what is made; a stopped report leaves nothing."""

from dataclasses import replace
from pathlib import Path

import pytest
from beating_ball import ball, run

from twinviewer.domain import Cancelled, Patient, Setup
from twinviewer.report.make import possible
from twinviewer.session.case import Case, Scenario
from twinviewer.ui import exports
from twinviewer.ui.page_report import ReportPage
from twinviewer.ui.theme import Look


def case() -> Case:
    setup = Setup(ball(), {}, ())
    return Case(
        patient=Patient("P-1"),
        mesh=ball(),
        organ="heart",
        scenarios=(Scenario("baseline", "Baseline", (), setup, run()),),
    )


def test_what_can_be_made_can_be_chosen(qtbot) -> None:  # type: ignore[no-untyped-def]
    page = ReportPage(Look())
    qtbot.addWidget(page)
    page.show_case(Case(), possible(Case()))
    assert not page.make.isEnabled() and page.make.toolTip() and page.chosen() == ()
    page.show_case(case(), possible(case()))
    assert page.make.isEnabled() and page.chosen() == ("pdf", "film", "pictures", "tables", "bundle")
    page.switches["dicom"].setChecked(True)
    page.switches["film"].setChecked(False)
    assert page.chosen() == ("pdf", "pictures", "tables", "dicom", "bundle")
    assert not page.images.isEnabled()  # there are none to put into the bundle
    resting = replace(case(), scenarios=(replace(case().scenarios[0], run=None),))
    page.show_case(resting, possible(resting))
    assert page.chosen() == ()


def test_progress_takes_the_buttons_place_and_the_end_offers_to_open(qtbot) -> None:  # type: ignore[no-untyped-def]
    page = ReportPage(Look())
    qtbot.addWidget(page)
    page.show()
    page.show_case(case(), possible(case()))
    page.show_progress("Drawing the film", 0.4)
    assert not page.make.isVisible() and page.cancel.isVisible() and page.bar.value() == 400
    page.show_progress("", None)
    assert page.make.isVisible() and not page.cancel.isVisible()
    page.show_result("/there", "/there/report.pdf", "7 files")
    folder, document = page._open
    with qtbot.waitSignal(page.open_asked) as asked:
        document.click()
    assert folder.isVisible() and asked.args == ["/there/report.pdf"]


def test_a_report_is_whole_or_not_there(tmp_path: Path) -> None:
    folder = tmp_path / "P-1 report"

    def stop(fraction: float, text: str) -> None:
        if fraction > 0.2:
            raise Cancelled

    with pytest.raises(Cancelled):
        exports.write_report(case(), str(folder), ("tables", "pictures"), False, stop)
    assert list(tmp_path.iterdir()) == []
    files = exports.write_report(case(), str(folder), ("tables", "pictures"), False)
    assert list(tmp_path.iterdir()) == [folder] and all(Path(path).is_file() for path in files.values())
    assert {"numbers/metrics.json", "pictures/side_by_side.png"} <= files.keys()
