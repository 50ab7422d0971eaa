"""What is asked of a de-identified copy of a study, and what was done. Words of DICOM PS3.15 Annex E."""

from collections.abc import Mapping
from dataclasses import dataclass, field

DEIDENTIFY_CHOICES: Mapping[str, tuple[str, str, str]] = {
    "uids": ("113110", "Retain UIDs Option", "the objects' own UIDs"),
    "device": ("113109", "Retain Device Identity Option", "which device took the images"),
    "institution": ("113112", "Retain Institution Identity Option", "name and address of the hospital"),
    "patient": ("113108", "Retain Patient Characteristics Option", "sex, age, height, weight, ethnic group"),
    "full_dates": (
        "113106",
        "Retain Longitudinal Temporal Information Full Dates Option",
        "dates and times as they are",
    ),
    "modified_dates": (
        "113107",
        "Retain Longitudinal Temporal Information Modified Dates Option",
        "dates moved by one secret number of days for each patient, times of day as they are",
    ),
    "safe_private": ("113111", "Retain Safe Private Option", "private numbers that the standard lists as safe"),
    "descriptors": ("113105", "Clean Descriptors Option", "known words of descriptions; all others are taken out"),
    "structured": (
        "113104",
        "Clean Structured Content Option",
        "codes and numbers of reports, no free text",
    ),
}
"""Name of an option -> (its code in DICOM's context group 7050, its name there, in plain words what stays with it)."""


@dataclass(frozen=True)
class DeidentifyOptions:
    """keep: names out of DEIDENTIFY_CHOICES; none gives the Basic Profile alone.

    pseudonym: what stands for the patient's name and ID ("" makes one). key: hexadecimal digits of the secret from
    which new UIDs, pseudonyms and shifts of dates are made; the same key gives the same replacements in a later export,
    "" makes a new one that nobody knows. burned_in: pictures that probably show text (secondary captures, ultrasound,
    and what says so itself) come along.
    """

    keep: frozenset[str] = frozenset()
    pseudonym: str = ""
    key: str = field(default="", repr=False)
    burned_in: bool = False

    def __post_init__(self) -> None:
        unknown = sorted(self.keep - DEIDENTIFY_CHOICES.keys())
        if unknown:
            raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(DEIDENTIFY_CHOICES)}")
        if {"full_dates", "modified_dates"} <= self.keep:
            raise ValueError("dates are kept either in full or modified")


@dataclass(frozen=True)
class Deidentified:
    """What was written and what became of it.

    folder: where. files: how many objects were written. patients: their pseudonyms. removed, replaced, kept: keyword of
    an attribute -> in how many places it was removed, replaced (by a dummy, nothing, another UID or date, or cleaned
    words), or kept because an option says so. private: private attributes removed. left_out: (file, why). warnings:
    what a person has to look at before the copy is given away.
    """

    folder: str
    files: int
    patients: tuple[str, ...]
    removed: Mapping[str, int]
    replaced: Mapping[str, int]
    kept: Mapping[str, int]
    private: int
    left_out: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
