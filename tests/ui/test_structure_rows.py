"""Structures beside the images are rows of the case tree: one act opens their series and makes them labels."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from twinviewer.dicom import read, scan, write_ct, write_seg
from twinviewer.dicom.write_rtstruct import write_rtstruct
from twinviewer.domain import Grid, LabelMap, Patient, Volume
from twinviewer.geometry import write_nifti
from twinviewer.ui.structure_row import StructureSeriesRow

NAMES = {1: "lv_myocardium", 2: "lv_blood"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A CT, its SEG, its contours and its labels as NIfTI; and a SEG that says that it was made elsewhere."""
    affine = np.array([[2.0, 0, 0, -20], [0, 2.0, 0, -15], [0, 0, 3.0, 40], [0, 0, 0, 1.0]])
    grid = Grid((12, 24, 26), affine)
    data = np.random.default_rng(0).integers(-50, 80, (1, *grid.shape)).astype(np.int16)
    image = Volume(data, grid, "CT", np.zeros(1), None, "u")
    write_ct(tmp_path / "ct", image, Patient("P-1"), study_description="", series_description="CT", synthetic=True)
    (series,) = scan(tmp_path / "ct")
    opened = read(series)
    assert isinstance(opened, Volume)
    labels = np.zeros(data.shape, np.uint8)
    labels[:, 2:10, 4:18, 5:19] = 1
    labels[:, 4:8, 8:14, 9:15] = 2
    made = LabelMap(labels, opened.grid, NAMES, opened.phase_percent, "t", opened.uid)
    write_seg(tmp_path / "labels.dcm", made, series, {})
    write_rtstruct(tmp_path / "contours.dcm", made, series, {})
    write_nifti(tmp_path / "labels.nii.gz", made)
    path = write_seg(tmp_path / "wrong.dcm", made, series, {})
    other = pydicom.dcmread(path)
    other.FrameOfReferenceUID, other.SeriesInstanceUID, other.SOPInstanceUID = (generate_uid() for _ in range(3))
    other.SeriesDescription = "Reader 2"
    other.save_as(path)
    return tmp_path


def _rows(window, qtbot, folder):  # type: ignore[no-untyped-def]
    window.presenter.open_folder(folder, then_open=False)
    qtbot.waitUntil(lambda: bool(window.presenter.case.series) and not window.presenter.busy, timeout=60000)
    qtbot.waitUntil(lambda: len(window.tree.findChildren(StructureSeriesRow)) == 4, timeout=5000)
    return {row.series.description: row for row in window.tree.findChildren(StructureSeriesRow)}


def test_one_act_opens_the_series_and_loads_what_lies_on_it(window, qtbot, folder) -> None:  # type: ignore[no-untyped-def]
    rows = _rows(window, qtbot, folder)
    assert all(row.level == 1 for row in rows.values())
    assert rows["Segmentation"].below == "2 structures: lv myocardium, lv blood" and not rows["Segmentation"].warned
    assert rows["Reader 2"].warned and rows["Reader 2"].below == "Refers to other images"
    assert window.presenter.case.image is None
    QTest.mouseDClick(rows["Segmentation"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.presenter.case.labels is not None, timeout=60000)
    case = window.presenter.case
    assert isinstance(case.image, Volume) and set(case.labels.names.values()) >= set(NAMES.values())
    assert case.labels.volume_ml("lv_blood") == pytest.approx(4 * 6 * 6 * 0.012)
    assert window.actions_.all["undo"].text() == "&Undo: Import mask"


def test_what_was_made_elsewhere_is_placed_by_its_coordinates(window, qtbot, folder) -> None:  # type: ignore[no-untyped-def]
    rows = _rows(window, qtbot, folder)
    flow = window.coupling.other_ways.structures
    QTest.mouseDClick(rows["Reader 2"], Qt.MouseButton.LeftButton)
    assert flow.dialog is not None and flow.dialog.series.currentText().startswith("CT")
    assert window.presenter.case.image is None  # nothing before it is said where
    flow.dialog.accept()
    qtbot.waitUntil(lambda: window.presenter.case.labels is not None, timeout=60000)
    assert window.presenter.case.labels.volume_ml("lv_blood") == pytest.approx(4 * 6 * 6 * 0.012)


def test_a_file_that_was_made_elsewhere_is_offered_the_same_way(window, qtbot, folder) -> None:  # type: ignore[no-untyped-def]
    _rows(window, qtbot, folder)
    window.presenter.open_series(next(s.uid for s in window.presenter.case.series if s.modality == "CT"))
    qtbot.waitUntil(lambda: window.presenter.case.image is not None and not window.presenter.busy, timeout=60000)
    ways = window.coupling.other_ways
    ways.read_mask(folder / "wrong.dcm")
    qtbot.waitUntil(lambda: ways.structures.dialog is not None, timeout=60000)
    ways.structures.dialog.accept()
    qtbot.waitUntil(lambda: ways.dialog is not None, timeout=60000)
    assert [box.currentData() for box in ways.dialog.boxes.values()] == ["lv_myocardium", "lv_blood"]
    ways.dialog.reject()
