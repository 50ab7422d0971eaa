"""A study without its patient: canaries are found nowhere, references still hold, and options keep what they say."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)

from twinviewer import dicom
from twinviewer.dicom.deidentify.door import deidentify
from twinviewer.dicom.deidentify.object import Secret
from twinviewer.dicom.deidentify.rules import action, table
from twinviewer.dicom.deidentify.text import cleaned
from twinviewer.dicom.write_rtstruct import write_rtstruct
from twinviewer.domain import (
    Cancelled,
    DeidentifyOptions,
    Grid,
    LabelMap,
    LoadError,
    Patient,
    Quantity,
    Series,
    StoreError,
    StructureStyle,
    Volume,
)

CANARY, CANARY_DATE, CANARY_UID, CANARY_DIGITS = "ZZCANARY", "19470813", "1.3.12.471147", "471147"
TEXTS = {"LO", "SH", "LT", "ST", "UT", "UC", "AE", "CS", "UR"}
ALL = frozenset({"uids", "device", "institution", "patient", "full_dates", "safe_private", "descriptors", "structured"})


def canary(vr: str) -> object:
    """An identifying value of every kind."""
    if vr in TEXTS:
        return CANARY
    values: dict[str, object] = {
        "PN": f"{CANARY}^Ideographic=漢{CANARY}=ka^{CANARY}", "DA": CANARY_DATE, "TM": "134711.4711",
        "DT": f"{CANARY_DATE}134711.4711", "UI": CANARY_UID, "DS": CANARY_DIGITS, "IS": CANARY_DIGITS, "AS": "047Y",
        "AT": 0x00100010,
    }  # fmt: skip
    if vr in values:
        return values[vr]
    return 47.0 if vr in ("FL", "FD") else (CANARY * 2).encode() if vr in ("OB", "OW", "UN", "OD", "OF", "OL") else 47


def identifying(depth: int = 0) -> Dataset:
    """Every attribute of Table E.1-1 with a canary, private ones besides, and all of it again inside sequences."""
    data = Dataset()
    for row in table().values():
        tag = row["tag"].replace("xx", "02") if row["tag"].startswith("60xx") else row["tag"]
        if tag == "private" or tag[:4] in ("0000", "0002", "0004", "fffa", "fffc") or not keyword_for_tag(int_of(tag)):
            continue
        vr = dictionary_VR(int_of(tag)).split(" ")[0]
        if vr == "SQ":
            data.add_new(int_of(tag), "SQ", Sequence([people()]))
        else:
            data.add_new(int_of(tag), vr, canary(vr))
    data.add_new(0x50000005, "US", 2)
    data.add_new(0x50002500, "LO", CANARY)
    block = data.private_block(0x0009, f"{CANARY} CORP", create=True)
    block.add_new(1, "LO", CANARY)
    block.add_new(2, "SQ", Sequence([people()]))
    data.add(DataElement(Tag(0x00104711), "LO", CANARY))  # a tag that no standard knows
    data.add(DataElement(Tag("PatientAddress"), "UN", CANARY.encode()))
    if depth < 1:  # in sequences that stay, in one that a report's option keeps, and in one that nobody has listed
        for name in ("SourceImageSequence", "ContentSequence", "ReferencedSeriesSequence"):
            data.add_new(Tag(name), "SQ", Sequence([identifying(depth + 1), people()]))
    return data


def int_of(tag: str) -> int:
    return int(tag.replace("xx", "00").replace("xxxx", "0000"), 16)


def people() -> Dataset:
    item = Dataset()
    item.PatientName, item.PatientID, item.PersonName = f"{CANARY}^A", CANARY, f"{CANARY}^B"
    item.TextValue, item.PatientBirthDate = CANARY, CANARY_DATE
    return item


def image(data: Dataset, syntax: str = ExplicitVRLittleEndian) -> Dataset:
    """The attributes of a small CT slice added."""
    data.SOPClassUID, data.Modality, data.SpecificCharacterSet = CTImageStorage, "CT", ["", "ISO 2022 IR 87"]
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.Rows = data.Columns = 4
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.ImagePositionPatient, data.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    data.PixelSpacing, data.RescaleSlope, data.RescaleIntercept = [1, 1], 1, -1024
    data.PixelData = np.arange(16, dtype=">u2" if syntax == ExplicitVRBigEndian else "<u2").tobytes()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.file_meta.SourceApplicationEntityTitle = CANARY
    data.file_meta.PrivateInformationCreatorUID = CANARY_UID
    data.file_meta.PrivateInformation = CANARY.encode() + b"\0"
    data.preamble = (CANARY.encode() * 20)[:128]
    return data


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() + str(path).encode() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize(
    ("syntax", "keep"),
    [
        (ExplicitVRLittleEndian, frozenset[str]()),
        (ExplicitVRLittleEndian, frozenset({"descriptors", "structured", "modified_dates", "safe_private"})),
        (ImplicitVRLittleEndian, frozenset({"structured"})),
        (ExplicitVRBigEndian, frozenset({"descriptors", "modified_dates"})),
    ],
)
def test_a_canary_in_every_identifying_attribute_is_found_nowhere(
    tmp_path: Path, syntax: str, keep: frozenset[str]
) -> None:
    source = tmp_path / "in" / f"{CANARY}_scan.dcm"
    source.parent.mkdir()
    data = image(identifying(), syntax)
    # where no table looks: in a plain text, in a code, and as bytes without a meaning
    data.ConvolutionKernel, data.SequenceName = f"B30 {CANARY.lower()}", CANARY
    data.add(DataElement(Tag("ICCProfile"), "OB", b"icc " + CANARY.encode()))
    data.save_as(source, enforce_file_format=True)
    before = source.read_bytes()
    assert before.count(CANARY.encode()) > 1000
    summary = deidentify(source.parent, tmp_path / "out", DeidentifyOptions(keep))
    found = all_bytes(tmp_path / "out")
    for trace in (CANARY, CANARY.lower(), CANARY_DATE, CANARY_UID, CANARY_DIGITS, "134711.4711"):
        if not (trace == "134711.4711" and "modified_dates" in keep):  # the time of day is not moved
            assert trace.encode() not in found, trace
    assert source.read_bytes() == before
    assert summary.files == 1 and summary.private >= 4 and len(summary.removed) > 300
    (path,) = (one for one in (tmp_path / "out").rglob("*") if one.is_file())
    copy = pydicom.dcmread(path)
    assert path.read_bytes()[:128] == b"\0" * 128
    assert copy.file_meta.TransferSyntaxUID == syntax and copy.PixelData == data.PixelData
    assert copy.PatientIdentityRemoved == "YES" and copy.PatientName == copy.PatientID == summary.patients[0]
    assert copy.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert {item.CodeValue for item in copy.DeidentificationMethodCodeSequence[1:]} == {
        {"descriptors": "113105", "structured": "113104", "modified_dates": "113107", "safe_private": "113111"}[name]
        for name in keep
    }
    said = "MODIFIED" if "modified_dates" in keep else "REMOVED"
    assert copy.LongitudinalTemporalInformationModified == said


def test_the_table_is_whole() -> None:
    """Against figures of PS3.15 2026c: codes known by heart, every date and name of the dictionary, every UID."""
    assert len(table()) == 656
    known = {
        "PatientName": "Z", "PatientID": "Z/D", "PatientBirthDate": "Z", "StudyInstanceUID": "U", "StudyDate": "Z",
        "AccessionNumber": "Z", "SeriesDescription": "X", "InstitutionName": "X/Z/D", "DeviceSerialNumber": "X/Z/D",
        "ContentSequence": "D", "OverlayData": "X", "PrivateAttributes": "X", "SourceImageSequence": "X/Z/U*",
    }  # fmt: skip
    codes = {row["keyword"]: row["basic"] for row in table().values()}
    assert {name: codes[name] for name in known} == known
    assert set(codes.values()) == {"X", "Z", "D", "U", "X/Z", "X/D", "Z/D", "X/Z/D", "X/Z/U*"}
    for row in table().values():
        if row["full_dates"] or row["modified_dates"]:
            assert (row["full_dates"], row["modified_dates"]) == ("K", "C"), row
    for tag, entry in pydicom._dicom_dict.DicomDictionary.items():  # type: ignore[attr-defined]
        if Tag(tag).group > 2 and entry[0] in ("PN", "DA", "TM", "DT"):
            assert action(Tag(tag), frozenset(), "", "")[0] not in ("", "K", "C"), entry
        kept = Tag(tag).group > 4 and entry[0] == "UI" and action(Tag(tag), frozenset(), "", "")[0] == ""
        assert not kept or any(part in entry[4] for part in ("Class", "Syntax", "Coding", "ContextUID", "Mapping")), (
            entry
        )


def test_what_must_be_there_is_there(tmp_path: Path) -> None:
    """X/Z/D by PS3.3: a serial number is required of an enhanced CT, optional of a classic one."""
    serial = Tag("DeviceSerialNumber")
    assert action(serial, frozenset(), "1.2.840.10008.5.1.4.1.1.2", "") == ("X", False)
    assert action(serial, frozenset(), "1.2.840.10008.5.1.4.1.1.2.1", "") == ("D", False)
    assert action(Tag("ContentDate"), frozenset(), "1.2.840.10008.5.1.4.1.1.2", "")[0] == "Z"
    assert action(Tag("ContentDate"), frozenset(), "1.2.840.10008.5.1.4.1.1.88.33", "")[0] == "D"
    assert action(serial, frozenset({"device"}), "1.2.840.10008.5.1.4.1.1.2", "") == ("K", True)


@pytest.fixture
def study(tmp_path: Path) -> tuple[Path, Series, Volume]:
    """A CT with a SEG, an RTSTRUCT and an SR that refer to it."""
    affine = np.diag([0.8, 0.9, 2.5, 1.0])
    affine[:3, 3] = -100.5, 20.25, 7.5
    grid = Grid((6, 20, 16), affine)
    data = np.random.default_rng(5).integers(-100, 500, (1, *grid.shape)).astype(np.int16)
    volume = Volume(data, grid, "CT", np.zeros(1), 0.9, "x")
    folder = tmp_path / "in"
    dicom.write_ct(
        folder / "ct", volume, Patient("HEARTMAN", "F", 62, 70.5, 165), study_description="Cardiac CT Dr Whoever",
        series_description="CorCTA 0.6 B26f 75% HEARTMAN", synthetic=False, study_date="20240229",
    )  # fmt: skip
    (series,) = dicom.scan(folder / "ct")
    labels = np.zeros(grid.shape, np.uint8)
    labels[1:5, 5:15, 4:12] = 1
    made = LabelMap(labels[None], grid, {1: "lv_blood"}, np.zeros(1), "threshold 1", "x")
    styles = {"lv_blood": StructureStyle("LV blood", "#CC2222")}
    seg = dicom.write_seg(folder / "seg.dcm", made, series, styles)
    write_rtstruct(folder / "rt.dcm", made, series, styles)
    rows = [dicom.Reported("lv_edv_ml", "LV end-diastolic volume", "Volumes", Quantity(120.5, "mL", "measured", "x"))]
    dicom.write_sr(folder / "sr.dcm", rows, series, "0.1.0", seg)
    return folder, series, volume


def objects(folder: Path) -> list[Dataset]:
    return [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]


def uids_in(data: Dataset, keywords: tuple[str, ...]) -> set[str]:
    return {str(one.value) for one in data.iterall() if one.keyword in keywords}


def test_references_hold_and_the_images_are_the_same(study: tuple[Path, Series, Volume], tmp_path: Path) -> None:
    folder, series, volume = study
    out = tmp_path / "out"
    summary = deidentify(folder, out, DeidentifyOptions(frozenset({"structured"})))
    assert summary.files == 9 and not summary.left_out
    copies = {str(one.SOPInstanceUID): one for one in objects(out)}
    originals = {uid for one in objects(folder) for uid in uids_in(one, ("SOPInstanceUID", "SeriesInstanceUID"))}
    assert not originals & set(copies) and all(uid.startswith("2.25.") for uid in copies)
    assert len({one.StudyInstanceUID for one in copies.values()}) == 1
    for one in copies.values():
        assert uids_in(one, ("ReferencedSOPInstanceUID",)) <= {*copies, str(one.StudyInstanceUID)}
        assert one.file_meta.MediaStorageSOPInstanceUID == one.SOPInstanceUID
        assert not {uid for element in one.iterall() if element.VR == "UI" for uid in [str(element.value)]} & originals
    by_modality = {one.Modality: one for one in copies.values()}
    slices = {uid for uid, one in copies.items() if one.Modality == "CT"}
    assert uids_in(by_modality["SEG"], ("ReferencedSOPInstanceUID",)) == slices
    assert slices <= uids_in(by_modality["RTSTRUCT"], ("ReferencedSOPInstanceUID",))
    assert by_modality["SEG"].SOPInstanceUID in uids_in(by_modality["SR"], ("ReferencedSOPInstanceUID",))
    numbers = [float(one.value) for one in by_modality["SR"].iterall() if one.keyword == "NumericValue"]
    assert 120.5 in numbers
    (found,) = [one for one in dicom.scan(out) if one.kind == "ct_volume"]
    read = dicom.read(found)
    assert isinstance(read, Volume)
    assert np.array_equal(read.data, volume.data) and np.array_equal(read.grid.affine, volume.grid.affine)
    assert found.patient.pseudonym == summary.patients[0] and not found.patient.sex
    assert b"HEARTMAN" not in all_bytes(out) and b"20240229" not in all_bytes(out)


def test_without_the_option_a_report_says_nothing(study: tuple[Path, Series, Volume], tmp_path: Path) -> None:
    folder, _, _ = study
    summary = deidentify([str(folder / "sr.dcm")], tmp_path / "out")
    (report,) = objects(tmp_path / "out")
    assert not any(one.keyword == "NumericValue" and float(one.value) for one in report.iterall())
    assert any("reports that lost their content: 1" in said for said in summary.warnings)


def test_options_keep_what_they_say(study: tuple[Path, Series, Volume], tmp_path: Path) -> None:
    folder, series, _ = study
    slices = [str(folder / "ct" / "slice000.dcm")]
    original = pydicom.dcmread(slices[0])
    original.DeviceSerialNumber, original.InstitutionName = "SN-4711", "St Elsewhere"
    original.ReferringPhysicianName, original.PatientAge = "House^Gregory", "093Y"
    block = original.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0C, "IS", "800")
    block.add_new(0x15, "LO", "unsafe")
    original.save_as(slices[0], enforce_file_format=True)

    def copy(name: str, *keep: str) -> Dataset:
        deidentify(slices, tmp_path / name, DeidentifyOptions(frozenset(keep)))
        return objects(tmp_path / name)[0]

    plain = copy("plain")
    for keyword in ("PatientAge", "PatientWeight", "InstitutionName", "DeviceSerialNumber", "SeriesDescription"):
        assert keyword not in plain
    assert plain.StudyDate == "" and plain.PatientSex == "" and plain.ReferringPhysicianName == ""
    assert not [one for one in plain if one.tag.is_private]
    all_kept = copy("all", *ALL)
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID", "StudyDate", "ContentTime",
                    "DeviceSerialNumber", "InstitutionName", "PatientAge", "PatientSex", "PatientWeight"):  # fmt: skip
        assert all_kept[keyword].value == original[keyword].value, keyword
    assert all_kept.ReferringPhysicianName == "" and all_kept.PatientBirthDate == ""
    assert all_kept.SeriesDescription == "CorCTA 0.6 B26f 75%".replace("CorCTA ", "")
    assert all_kept.StudyDescription == "Cardiac CT"
    assert [one.value for one in all_kept if one.tag.is_private] == ["SIEMENS MR HEADER", 800]
    assert all_kept.LongitudinalTemporalInformationModified == "UNMODIFIED"


def test_moved_dates_keep_their_distances_and_a_key_gives_the_same_again(
    study: tuple[Path, Series, Volume], tmp_path: Path
) -> None:
    folder, _, _ = study
    first, second = folder / "ct" / "slice000.dcm", folder / "ct" / "slice001.dcm"
    later = pydicom.dcmread(second)
    later.AcquisitionDate, later.AcquisitionDateTime = "20240304", "20240304101112.5+0100"
    later.save_as(second, enforce_file_format=True)
    options = DeidentifyOptions(frozenset({"modified_dates"}), key="00ff" * 16, pseudonym="Case 7")
    found = []
    for name in ("one", "two"):
        deidentify([str(first), str(second)], tmp_path / name, options)
        found.append({one.InstanceNumber: one for one in objects(tmp_path / name)})
    a, b = found[0][1], found[0][2]
    days = np.datetime64(f"{b.AcquisitionDate[:4]}-{b.AcquisitionDate[4:6]}-{b.AcquisitionDate[6:]}") - np.datetime64(
        f"{a.AcquisitionDate[:4]}-{a.AcquisitionDate[4:6]}-{a.AcquisitionDate[6:]}"
    )
    assert days == np.timedelta64(4, "D") and a.AcquisitionDate != "20240229"
    assert b.AcquisitionDateTime == f"{b.AcquisitionDate}101112.5+0100" and b.ContentTime == later.ContentTime
    assert a.PatientID == "Case 7" and "19" in a.AcquisitionDate or "20" in a.AcquisitionDate
    assert all_bytes(tmp_path / "one").replace(b"/one/", b"/two/") == all_bytes(tmp_path / "two")
    assert Secret(b"1").uid("1.2.3") != Secret(b"2").uid("1.2.3") == Secret(b"2").uid("1.2.3")
    assert Secret(b"1").uid("1.2.840.10008.1.4.1.1") == "1.2.840.10008.1.4.1.1"


def test_pictures_that_show_text_stay_behind_unless_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, sop_class, said in (
        ("ct", CTImageStorage, ""), ("ct_yes", CTImageStorage, "YES"), ("sc", SecondaryCaptureImageStorage, ""),
        ("sc_no", SecondaryCaptureImageStorage, "NO"), ("us", "1.2.840.10008.5.1.4.1.1.6.1", ""),
    ):  # fmt: skip
        data = image(Dataset())
        data.SOPClassUID, data.SOPInstanceUID, data.StudyInstanceUID = (
            sop_class,
            f"1.2.3.{len(name)}.{ord(name[-1])}",
            "1.2",
        )
        data.PatientID = "somebody"
        if said:
            data.BurnedInAnnotation = said
        data.save_as(folder / f"{name}.dcm", enforce_file_format=True)
    (folder / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 40)
    (folder / "note.txt").write_text("no image")
    summary = deidentify(folder, tmp_path / "few")
    assert summary.files == 2
    assert {name for name, _ in summary.left_out} == {"ct_yes.dcm", "sc.dcm", "us.dcm", "broken.dcm", "note.txt"}
    summary = deidentify(folder, tmp_path / "more", DeidentifyOptions(burned_in=True))
    assert summary.files == 5 and any(
        "probably show text, perhaps the patient's name: 3" in said for said in summary.warnings
    )


def test_drawings_in_spare_bits_are_cleared(tmp_path: Path) -> None:
    """Overlays of old devices lie in the bits above the values (PS3.5 8.1.2, retired)."""
    data = image(Dataset())
    data.SOPInstanceUID, data.StudyInstanceUID, data.PatientID = "1.2.3", "1.2", "somebody"
    data.PixelData = (np.arange(16, dtype="<u2") | 0x8000).tobytes()
    data.add_new(0x60000100, "US", 16)
    data.add_new(0x60000102, "US", 15)
    data.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    summary = deidentify([str(tmp_path / "a.dcm")], tmp_path / "out")
    (copy,) = objects(tmp_path / "out")
    assert np.array_equal(np.frombuffer(copy.PixelData, "<u2"), np.arange(16))
    assert not [one for one in copy if one.tag.group == 0x6000] and any(
        "spare bits" in said for said in summary.warnings
    )


def test_only_an_empty_folder_is_written_to_and_a_cancelled_copy_is_gone(
    study: tuple[Path, Series, Volume], tmp_path: Path
) -> None:
    folder, series, _ = study
    for bad in (folder, folder / "ct"):
        with pytest.raises(StoreError):
            deidentify([series], bad)
    with pytest.raises(LoadError, match="no DICOM"):
        (tmp_path / "texts").mkdir()
        (tmp_path / "texts" / "a.txt").write_text("x")
        deidentify(tmp_path / "texts", tmp_path / "out")
    assert not (tmp_path / "out").exists()

    def cancel(fraction: float, text: str) -> None:
        if fraction > 0.4:
            raise Cancelled(text)

    (tmp_path / "there").mkdir()
    for target, stays in ((tmp_path / "out", False), (tmp_path / "there", True)):
        with pytest.raises(Cancelled):
            deidentify([series], target, report=cancel)
        assert target.exists() == stays and not (stays and list(target.iterdir()))


def test_a_name_that_is_a_word_of_the_format_spoils_nothing(tmp_path: Path) -> None:
    """A patient called CODE HEART: the format's own words and public codes stay, free text goes."""
    data = image(Dataset())
    data.SOPInstanceUID, data.StudyInstanceUID, data.PatientID = "1.2.3", "1.2", "4711"
    data.PatientName, data.BodyPartExamined, data.SequenceName = "CODE^HEART", "HEART", "code"
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning, item.ValueType = "80891009", "SCT", "Heart", "CODE"
    data.AnatomicRegionSequence = Sequence([item])
    data.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    deidentify([str(tmp_path / "a.dcm")], tmp_path / "out")
    (copy,) = objects(tmp_path / "out")
    kept = copy.AnatomicRegionSequence[0]
    assert (kept.CodeMeaning, kept.ValueType, copy.BodyPartExamined) == ("Heart", "CODE", "HEART")
    assert copy.SequenceName.startswith("ANON-")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("CorCTA  0.6  B26f  BestSyst 41 % for Dr. Miller", "0.6 B26f BestSyst 41 for"),
        ("SAX cine 2ch, Smith 1962", "SAX cine 2ch"),
        ("MRN 12345678 chest", "chest"),
        ("Long axis view", "axis view"),
        ("", ""),
    ],
)
def test_descriptions_keep_only_known_words(text: str, left: str) -> None:
    assert cleaned(text, frozenset({"long"})) == left
