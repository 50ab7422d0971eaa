"""A report's pictures, film and PDF as DICOM: opened again, in the patient's study, honest about what they show."""

from pathlib import Path

import fake_twin
import numpy as np
import pytest
from pydicom import dcmread

from twinviewer.dicom.write_capture import SIMULATED, Captures, check_capture
from twinviewer.domain import LoadError, Patient, StoreError


def frames() -> list[np.ndarray]:
    """Six pictures in which a bar moves to the right over a grey ground."""
    made = []
    for k in range(6):
        frame = np.full((48, 64, 3), 90, np.uint8)
        frame[:, 8 * k : 8 * k + 8] = (250, 40, 40)
        made.append(frame)
    return made


@pytest.fixture
def captures() -> Captures:
    return Captures(fake_twin.series(), Patient("BOX-1", "M", 63.0), "0.1.0", simulated=True, mark="run")


def test_a_picture_comes_back_as_it_was(captures: Captures, tmp_path: Path) -> None:
    path = captures.picture(tmp_path / "p.dcm", frames()[2], "Side by side")
    data = dcmread(path)
    np.testing.assert_array_equal(data.pixel_array, frames()[2])
    assert data.StudyInstanceUID == "1.2" and data.StudyDate == "20260101" and data.Modality == "OT"
    assert data.BurnedInAnnotation == "YES" and data.DerivationDescription == SIMULATED
    assert data.PatientID == "BOX-1" and data.SeriesInstanceUID != fake_twin.series().uid
    assert data.LossyImageCompression == "00" and "DERIVED" in data.ImageType


def test_a_film_comes_back_frame_by_frame_at_its_rate(captures: Captures, tmp_path: Path) -> None:
    path = captures.film(tmp_path / "f.dcm", frames(), "Beat", 25.0)
    data = dcmread(path)
    assert data.NumberOfFrames == 6 and float(data.FrameTime) == 40.0 and data.CineRate == 25
    assert data.LossyImageCompression == "01" and data.LossyImageCompressionMethod == "ISO_10918_1"
    found = data.pixel_array
    assert found.shape == (6, 48, 64, 3)
    red = [int(np.argmax(frame[24, :, 0].astype(int))) // 8 for frame in found]
    assert red == [0, 1, 2, 3, 4, 5]
    told = check_capture(path)
    assert told["kind"] == "film" and told["frames"] == 6 and told["derivation"] == SIMULATED


def test_one_series_of_pictures_and_one_of_documents(captures: Captures, tmp_path: Path) -> None:
    (tmp_path / "r.pdf").write_bytes(b"%PDF-1.4 odd")
    paths = [
        captures.picture(tmp_path / "a.dcm", frames()[0], "a"), captures.film(tmp_path / "b.dcm", frames(), "b", 10.0),
        captures.document(tmp_path / "c.dcm", tmp_path / "r.pdf", "Report"),
    ]  # fmt: skip
    told = [check_capture(path) for path in paths]
    assert told[0]["series_uid"] == told[1]["series_uid"] != told[2]["series_uid"]
    assert {one["study_uid"] for one in told} == {"1.2"} and told[2]["bytes"] == 12
    numbers = [dcmread(path) for path in paths]
    assert len({one.SOPInstanceUID for one in numbers}) == 3 and numbers[2].Modality == "DOC"
    assert "research only" in numbers[2].DocumentTitle.lower()
    other = Captures(fake_twin.series(), Patient("BOX-1"), "0.1.0", simulated=True, mark="another run")
    told_ = check_capture(other.picture(tmp_path / "d.dcm", frames()[0], "a"))
    assert told_["series_uid"] != told[0]["series_uid"]


def test_what_was_only_measured_is_not_called_simulated(tmp_path: Path) -> None:
    one = Captures(None, Patient("P"), "0.1.0", simulated=False, mark="m")
    data = dcmread(one.picture(tmp_path / "m.dcm", frames()[0], "model", annotated=False))
    assert "simulated" not in data.DerivationDescription.lower() and data.BurnedInAnnotation == "NO"
    assert "research only" in data.DerivationDescription


def test_what_cannot_be_written_or_opened_is_said(captures: Captures, tmp_path: Path) -> None:
    with pytest.raises(LoadError):
        captures.film(tmp_path / "x.dcm", [frames()[0], frames()[1][:10]], "x", 25.0)
    with pytest.raises(StoreError):
        captures.document(tmp_path / "x.dcm", tmp_path / "absent.pdf", "x")
    (tmp_path / "no.pdf").write_bytes(b"text")
    with pytest.raises(StoreError, match="not a PDF"):
        captures.document(tmp_path / "x.dcm", tmp_path / "no.pdf", "x")
    path = captures.picture(tmp_path / "p.dcm", frames()[0], "p")
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(StoreError):
        check_capture(path)
    assert not list(tmp_path.glob("*.partial")) and not (tmp_path / "x.dcm").exists()
