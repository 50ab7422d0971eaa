"""Rows of a search from whatever an archive answers: both ways of asking name the same attributes (PS3.4 C.6.2)."""

from collections.abc import Callable

from twinviewer.archive.query import SeriesRow, StudyRow, clean_name, count, is_uid

Text = Callable[[str], str]
"""From the keyword of an attribute to its value as clean text, "" where it is not said."""


def study_row(text: Text, patient_name: object) -> StudyRow | None:
    """A study; None without a sound UID. patient_name: as DICOM writes it."""
    uid = text("StudyInstanceUID")
    if not is_uid(uid):
        return None
    return StudyRow(
        uid=uid,
        patient_name=clean_name(patient_name),
        patient_id=text("PatientID"),
        birth_date=text("PatientBirthDate"),
        sex=text("PatientSex"),
        date=text("StudyDate"),
        time=text("StudyTime"),
        description=text("StudyDescription"),
        accession=text("AccessionNumber"),
        modalities=text("ModalitiesInStudy"),
        series_count=count(text("NumberOfStudyRelatedSeries")),
        instances=count(text("NumberOfStudyRelatedInstances")),
    )


def series_row(text: Text, study_uid: str) -> SeriesRow | None:
    """A series of this study; None without a sound UID, or when it says it is another study's."""
    uid = text("SeriesInstanceUID")
    if not is_uid(uid) or text("StudyInstanceUID") not in ("", study_uid):
        return None
    return SeriesRow(
        uid=uid,
        study_uid=study_uid,
        modality=text("Modality"),
        number=text("SeriesNumber"),
        description=text("SeriesDescription"),
        instances=count(text("NumberOfSeriesRelatedInstances")),
    )
