"""File > Export de-identified study: asked, made in a worker, summed up; the command does the same."""

import json
import stat

import numpy as np

from twinviewer import dicom
from twinviewer.cli import main
from twinviewer.domain import Grid, Patient, Volume
from twinviewer.ui.deidentify_dialog import left_out_lines, named

NAME = "HEARTMAN"


def study(folder):  # type: ignore[no-untyped-def]
    data = np.random.default_rng(1).integers(-100, 400, (1, 4, 12, 10)).astype(np.int16)
    volume = Volume(data, Grid((4, 12, 10), np.diag([1.0, 1.0, 2.0, 1.0])), "CT", np.zeros(1), None, "x")
    dicom.write_ct(
        folder, volume, Patient(NAME, "F", 62), study_description="S", series_description="CorCTA 75%", synthetic=False
    )
    return volume


def written(folder):  # type: ignore[no-untyped-def]
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_from_the_window(window, qtbot, tmp_path) -> None:  # type: ignore[no-untyped-def]
    action = window.actions_.all["deidentify"]
    assert not action.isEnabled() and "open a folder" in action.toolTip()
    volume = study(tmp_path / "in")
    window.presenter.open_folder(tmp_path / "in")
    qtbot.waitUntil(lambda: bool(window.presenter.case.series) and not window.presenter.busy, timeout=60000)
    qtbot.waitUntil(action.isEnabled, timeout=5000)
    action.trigger()
    dialog = window.deidentify.dialog
    assert dialog.sources.itemText(0).endswith("4 files")
    dialog.place.setText(str(tmp_path / "in"))
    assert not dialog.go.isEnabled() and "not empty" in dialog.note.text
    out = tmp_path / "out"
    dialog.place.setText(str(out))
    dialog.keeps["patient"].setChecked(True)
    dialog.again.setChecked(True)
    assert dialog.options().keep == {"descriptors", "structured", "patient"} and dialog.go.isEnabled()
    dialog.accept()
    qtbot.waitUntil(lambda: window.deidentify.dialog is not dialog, timeout=60000)
    window.deidentify.dialog.accept()
    (series,) = dicom.scan(out)
    assert np.array_equal(dicom.read(series).data, volume.data)
    assert series.patient.sex == "F" and NAME.encode() not in written(out)
    from twinviewer.ui.deidentify_flow import own_secret, settings_path

    key = settings_path().with_name("deidentify.key")
    assert own_secret() == key.read_text() and stat.S_IMODE(key.stat().st_mode) == 0o600
    key.unlink()


def test_from_a_shell(tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    study(tmp_path / "in")
    out = tmp_path / "out"
    arguments = ["deidentify", str(tmp_path / "in"), "--out", str(out), "--retain", "patient,uids", "--in-process"]
    assert main([*arguments, "--pseudonym", "Case 7", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["files"] == 4 and said["patients"] == ["Case 7"] and said["kept"]["PatientSex"] == 4
    assert NAME.encode() not in written(out)
    assert main(arguments) == 6 and "not empty" in capsys.readouterr().err
    assert main([*arguments[:5], "full_dates,modified_dates"]) == 2


def test_the_summary_reads_well() -> None:
    assert named({"OtherPatientIDs": 1, "SOPInstanceUID": 7}) == "SOP instance UID 7×, other patient IDs 1×"
    assert left_out_lines([("a", "x"), ("b", "y"), ("c", "x")]) == ["a, c: x", "b: y"]
