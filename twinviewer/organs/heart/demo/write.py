"""Writing the demo patient to disk: DICOM, records and truth."""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.dicom import write_ct
from twinviewer.domain import Patient, Quantity, Records, Reporter, Volume, part, silent
from twinviewer.organs.heart.demo.anatomy import anatomy
from twinviewer.organs.heart.demo.render import render, scan_grid
from twinviewer.organs.heart.demo.shape import dilated
from twinviewer.organs.heart.demo.truth import DemoTruth, truth_of
from twinviewer.records import write_fhir

HEART_RATE_BPM = 72.0
PATIENT = Patient(pseudonym="DEMO-HEART", sex="M", age_years=63.0, weight_kg=81.0, height_cm=176.0)
_VITALS = {
    "heart_rate_bpm": (HEART_RATE_BPM, "bpm"),
    "systolic_mmhg": (112.0, "mmHg"),
    "diastolic_mmhg": (70.0, "mmHg"),
    "qrs_ms": (156.0, "ms"),
    "weight_kg": (81.0, "kg"),
    "height_cm": (176.0, "cm"),
}
_SOURCE = "demo patient, synthetic"


def write_demo(
    folder: Path, report: Reporter = silent, *, seed: int = 2026, spacing_mm: float = 1.5, phases: int = 10
) -> DemoTruth:
    """Write the demo patient: folder/dicom (one CT series a phase), folder/records/records.json, folder/truth.json.

    The same seed gives the same files. Takes about 10 s of one processor.
    """
    folder = Path(folder)
    heart = anatomy(dilated(seed))
    percent: NDArray[np.float64] = np.arange(phases, dtype=np.float64) * np.float64(100.0 / phases)
    scan = render(heart, percent, scan_grid(spacing_mm), seed, part(report, 0.0, 0.75))
    rr_s = 60.0 / HEART_RATE_BPM
    scan.hu.flags.writeable = False
    volume = Volume(
        data=scan.hu,
        grid=scan.grid,
        modality="CT",
        phase_percent=percent,
        rr_s=rr_s,
        uid=hashlib.sha256(scan.hu.tobytes()).hexdigest(),
        description="Cardiac CT, retrospective gating",
        window=(-200.0, 600.0),
    )
    write_ct(
        folder / "dicom",
        volume,
        PATIENT,
        study_description="SYNTHETIC demo patient",
        series_description="Cardiac CTA, multi-phase",
        synthetic=True,
        report=part(report, 0.75, 0.98),
    )
    write_fhir(folder / "records" / "records.json", demo_records(), PATIENT, synthetic=True)
    truth = truth_of(heart, percent, scan.volumes_ml, seed, rr_s)
    truth.write(folder / "truth.json")
    report(1.0, "Demo patient written")
    return truth


def demo_records() -> Records:
    """What the demo patient's records say."""
    values = {name: Quantity(value, unit, "measured", _SOURCE) for name, (value, unit) in _VITALS.items()}
    findings = dict.fromkeys(("left_bundle_branch_block", "dilated_cardiomyopathy", "heart_failure"), _SOURCE)
    return Records(values, findings)
