"""What leaves the program, each as a function that a worker can run. No Qt here."""

import json
from pathlib import Path

from twinviewer.domain import Reporter, StoreError, silent
from twinviewer.session.case import Case


def write_pdf(case: Case, path: str, report: Reporter = silent) -> str:
    """The report as PDF."""
    from twinviewer.report.pdf import pdf

    return str(pdf(case, Path(path), report))


def write_film(case: Case, path: str, report: Reporter = silent) -> str:
    """The beating heart, scenarios side by side, as a film."""
    from twinviewer.report.film import film

    return str(film(case, Path(path), report=report))


def write_measured(case: Case, path: str, report: Reporter = silent) -> str:
    """The heart that moves as the images show, beside them, as a film."""
    from twinviewer.report.measured import measured_film

    return str(measured_film(case, Path(path), report=report))


def write_moments(case: Case, path: str, report: Reporter = silent) -> str:
    """The same at end-diastole and end-systole, as a picture."""
    from twinviewer.report.measured import measured_picture

    return str(measured_picture(case, Path(path)))


def write_picture(case: Case, path: str, report: Reporter = silent) -> str:
    """One picture of the scene."""
    from twinviewer.report.picture import picture

    report(0.1, "Drawing")
    return str(picture(case, Path(path)))


def write_metrics(case: Case, path: str, report: Reporter = silent) -> str:
    """metrics.json."""
    from twinviewer.session.metrics import metrics_document

    text = json.dumps(metrics_document(case), indent=2, ensure_ascii=False)
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"The numbers could not be written: {error.strerror}", where=Path(path).name) from error
    return path


def write_measures(case: Case, path: str, report: Reporter = silent) -> str:
    """The measures as a table, with usual ranges."""
    from twinviewer.report.measures_table import write_measures_csv

    return str(write_measures_csv(case, Path(path)))


def write_sr(case: Case, path: str, report: Reporter = silent) -> str:
    """The measures as a DICOM structured report."""
    from twinviewer.report.structured import write_measures_sr

    return str(write_measures_sr(case, Path(path), report=report))


def write_labels(case: Case, path: str, report: Reporter = silent) -> str:
    """The label map as NIfTI."""
    from twinviewer.geometry import write_nifti

    if case.labels is None:
        raise StoreError("There are no labels to write", remedy="Find the structures first")
    report(0.1, "Writing NIfTI")
    write_nifti(Path(path), case.labels)
    return path


def write_seg(case: Case, path: str, report: Reporter = silent) -> str:
    """The label map as DICOM SEG, one segment a structure."""
    from twinviewer import dicom
    from twinviewer.session import catalog

    series = case.active_series
    if case.labels is None or series is None:
        raise StoreError("There are no labels to write", remedy="Find the structures first")
    report(0.1, "Writing DICOM SEG")
    return str(dicom.write_seg(Path(path), case.labels, series, catalog.organ(case.organ).styles))
