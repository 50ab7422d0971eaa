"""What a scan found stands in the case panel before anything is loaded: whose it is, what lacks, and why."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from tests.support.mr_images import Study
from twinviewer import dicom
from twinviewer.domain import Series
from twinviewer.ui.grid_canvas import GridCanvas
from twinviewer.ui.series_row import SeriesRow, study_heads
from twinviewer.ui.theme import THEMES, Look


@pytest.fixture
def look(qtbot: QtBot) -> Look:
    made = Look()
    made.use(THEMES["dark"])
    return made


@pytest.fixture
def heart(tmp_path: Path) -> Series:
    """Five slices of ten phases, of which a slice and an image lack."""
    study = Study(tmp_path / "heart")
    for n in (0, 1, 2, 4):
        paths = study.cine(f"s{n}", -8.0 * n, SeriesNumber=n)
        if n == 1:
            paths[3].unlink()
    return dicom.scan(tmp_path / "heart")[0]


def test_the_sheet_of_a_row_tells_every_cell(qtbot: QtBot, look: Look, heart: Series) -> None:
    row = SeriesRow(look, heart, None, False)
    qtbot.addWidget(row)
    row.resize(260, 64)
    row.show()
    qtbot.keyClick(row, Qt.Key.Key_G)
    assert row.sheet is not None
    said = " ".join(label.text() for label in row.sheet.findChildren(QLabel))
    assert "4 slices × 10 phases, 1 slice missing, 11 images lacking" in said
    canvas = row.sheet.findChild(GridCanvas)
    told = {canvas.told_at(cell.area.center()) for cell in canvas._cells}
    assert len(told) == 50 and canvas.told_at(QPointF(1, 1)) == ""
    assert sum("no image of this slice" in text for text in told) == 10
    assert sum(text.startswith("SAX 2, 8.0 mm, phase") and text.endswith("not here") for text in told) == 1
    with qtbot.waitSignal(row.opened) as opened:
        row.sheet._open()
    assert opened.args == [heart.uid]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_holes_are_seen_in_the_strip(qtbot: QtBot, look: Look, heart: Series, theme: str) -> None:
    look.use(THEMES[theme])
    row = SeriesRow(look, heart, None, False)
    qtbot.addWidget(row)
    row.resize(260, 64)
    picture = row.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    wanted = look.tokens.caution.lower()
    strip = [picture.pixelColor(x, y).name() for x in range(68, 100) for y in range(43, 57)]
    assert strip.count(wanted) > 5  # not only in the text beside it


def test_patients_and_studies_have_headings(look: Look, tmp_path: Path) -> None:
    for patient, date in (("A", "20250101"), ("B", "20260000")):
        study = Study(tmp_path / patient, patient)
        for z in range(4):
            study.image("a", 4.0 * z, StudyDate=date, StudyDescription="Heart")
    found = dicom.scan(tmp_path)
    heads = list(study_heads(found).values())
    assert [head.split("·")[1].strip() for head in heads] == ["2025-01-01", "2026"]
    assert len({head.split("·")[0] for head in heads}) == 2
    assert study_heads(found[:1]) == {}
