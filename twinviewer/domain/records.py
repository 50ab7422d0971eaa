"""What is known of the patient from outside the images: dated entries on a timeline, and recordings of the ECG."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain.quantity import Quantity

EntryKind = Literal["value", "finding", "medication", "person"]
"""value: a number. finding: what was diagnosed. medication: what was prescribed. person: a fact such as the sex."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline.

    name: as in ``Records.values`` ("heart_rate_bpm"), a finding, a medicine, or "sex". when: ISO 8601 day or moment
    (UTC where a zone was given), "" where undated. file: name of the file it came from, without its folder.
    quantity: of a value, with origin and source. text: what else is said ("stopped", "F"). over: the finding is past,
    the medicine was stopped. refused: why the value may not be used, "" where it may. rank: among entries of one
    moment the highest is used (what is measured here outranks what a machine printed).
    """

    name: str
    kind: EntryKind
    when: str
    file: str
    source: str
    quantity: Quantity | None = None
    text: str = ""
    over: bool = False
    refused: str = ""
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a file is about, as far as files can be told apart by it; nothing here names a patient.

    keys: hashes "system:identifier". pseudonyms: what ``Patient.pseudonym`` would be for its identifiers. sex: "M",
    "F", "O" or "". birth_year: as a fraction; None where unknown. file: where it was said.
    """

    file: str
    keys: tuple[str, ...] = ()
    pseudonyms: tuple[str, ...] = ()
    sex: str = ""
    birth_year: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """What is known from outside the images.

    values: name with unit suffix -> Quantity (e.g. "heart_rate_bpm"), of each name the one in use. findings: code ->
    where it was said, for what is not a number (e.g. "left_bundle_branch_block" -> "FHIR Condition, 2026-01-12").
    timeline: every entry that these were chosen from, oldest first. subjects: whom the files were about. notes: what a
    reader must know ("the recording is of exercise: no resting heart rate").
    """

    values: Mapping[str, Quantity] = field(default_factory=dict)
    findings: Mapping[str, str] = field(default_factory=dict)
    timeline: tuple[Entry, ...] = ()
    subjects: tuple[Subject, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Ecg:
    """A recorded ECG. leads_mv: lead ("I", "aVR", "V1"; others as the file calls them) -> (n,) mV, NaN where missing.

    when: ISO 8601, "" where unknown. stated: numbers that the file itself states, by name of ``Records.values``.
    """

    leads_mv: Mapping[str, NDArray[np.float64]]
    rate_hz: float
    when: str
    file: str
    subject: Subject
    stated: Mapping[str, Quantity] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
