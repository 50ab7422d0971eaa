"""The patient banner: who is shown, and that all outcomes are simulated. Never hidden, never wider than the window."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from twinviewer.domain import Patient

RESEARCH = "SIMULATED SCENARIO · RESEARCH ONLY"


def describe_patient(patient: Patient | None, study_date: str = "") -> tuple[str, str]:
    """(pseudonym, "age sex · study date") as the banner shows them; both empty without a patient."""
    if patient is None:
        return "", ""
    age = "" if patient.age_years is None else f"{patient.age_years:.0f} y"
    sex = {"M": "male", "F": "female", "O": "other"}.get(patient.sex.upper()[:1] if patient.sex else "", "")
    body = " · ".join(
        text
        for text in (
            " ".join(part for part in (age, sex) if part),
            "" if patient.height_cm is None else f"{patient.height_cm:.0f} cm",
            "" if patient.weight_kg is None else f"{patient.weight_kg:.0f} kg",
            f"study {date_text(study_date)}" if study_date else "",
        )
        if text
    )
    return patient.pseudonym, body


def date_text(study_date: str) -> str:
    """DICOM's YYYYMMDD as YYYY-MM-DD; anything else unchanged."""
    if len(study_date) == 8 and study_date.isdigit():
        return f"{study_date[:4]}-{study_date[4:6]}-{study_date[6:]}"
    return study_date


class Banner(QWidget):
    """One line: pseudonym, age and sex, study date on the left; the research notice on the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = QLabel()
        self.name.setProperty("role", "strong")
        self.details = QLabel()
        self.details.setProperty("role", "quiet")
        self.details.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.research = QLabel(RESEARCH)
        self.research.setObjectName("research")
        self.research.setToolTip(
            "Every outcome shown is a simulated scenario, never a recommendation. Not for clinical use."
        )
        for label in (self.name, self.details):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(10)
        row.addWidget(self.name)
        row.addWidget(self.details, 1)
        row.addWidget(self.research)
        self.show_patient(None)

    def show_patient(self, patient: Patient | None, study_date: str = "", synthetic: bool = False) -> None:
        """Show a patient, or that none is open."""
        name, body = describe_patient(patient, study_date)
        if patient is None:
            self.name.setText("")
            self.details.setText("No patient open")
            return
        self.name.setText(name or "Unnamed patient")
        self.details.setText(f"{body} · synthetic patient" if synthetic and body else body)
