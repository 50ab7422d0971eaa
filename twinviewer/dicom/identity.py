"""Who a file is about, as far as a screen may say."""

import hashlib
from functools import lru_cache

from twinviewer.dicom.tag_values import Tags, one_line, text_of, texts_of


def identity(data: Tags) -> tuple[str, str, bool]:
    """(key, pseudonym, synthetic). An ID or name is shown only where the file says that it identifies nobody.

    That is: PatientIdentityRemoved is YES, or the file is marked SYNTHETIC. Otherwise the pseudonym is "P-" and six
    hex digits of the SHA-256 of the PatientID (of the name, or the study, where there is no ID). It tells patients
    on one screen apart; it is not a secret: whoever has the list of IDs can work it out.
    """
    return _identity(
        text_of(data, "PatientID"),
        text_of(data, "PatientName"),
        any("SYNTHETIC" in text.upper() for text in (*texts_of(data, "ImageType"), text_of(data, "PatientComments"))),
        text_of(data, "PatientIdentityRemoved").upper() == "YES",
        text_of(data, "StudyInstanceUID"),
    )


@lru_cache(maxsize=1024)
def _identity(number: str, name: str, marked: bool, removed: bool, study_uid: str) -> tuple[str, str, bool]:
    """The same for all files of a study, which are many."""
    number, name = one_line(number), one_line(name)
    synthetic = marked or "SYNTHETIC" in f"{number}\n{name}".upper()
    key = hashlib.sha256(f"{number}\n{'' if number else name}".encode()).hexdigest()
    shown = (number or name.replace("^", " ").strip())[:32]
    if shown and (removed or synthetic):
        return key, shown, synthetic
    source = number or name or study_uid
    return key, "P-" + hashlib.sha256(source.encode()).hexdigest()[:6], synthetic


def age_years(text: str) -> float | None:
    per_year = {"Y": 1.0, "M": 12.0, "W": 52.1786, "D": 365.25}
    if len(text) >= 2 and text[:-1].isdigit() and text[-1] in per_year:
        return int(text[:-1]) / per_year[text[-1]]
    return None


def height_cm(metres: float | None) -> float | None:
    return None if metres is None or not 0.2 < metres < 3.0 else metres * 100.0
