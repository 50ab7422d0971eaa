"""What leaves the program, each as a function that a worker can run. No Qt here."""

import json
import shutil
from pathlib import Path

from twinviewer.domain import Reporter, StoreError, silent
from twinviewer.session.case import Case


def unfinished(folder: Path) -> Path:
    """Where a report lies while it is being made: a folder of its name is either whole or not there."""
    return folder.with_name(f".{folder.name}.partial")


def write_report(
    case: Case, folder: str, pieces: tuple[str, ...], images: bool, report: Reporter = silent
) -> dict[str, str]:
    """The whole report, in a folder that must not be there yet. Name inside -> path."""
    from twinviewer.report.make import make_report

    whole = Path(folder)
    partial = unfinished(whole)
    try:
        files = make_report(case, partial, pieces, report, images=images)
        partial.rename(whole)
    except OSError as error:
        raise StoreError(f"The report could not be put in its place: {error.strerror}", where=whole.name) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return {name: str(whole / name) for name in files}


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
    """The label map as NIfTI, or as 3D Slicer's segmentation."""
    from twinviewer.session import export

    report(0.1, "Writing labels")
    return str(export.write_labels(case, Path(path)))


def write_seg(case: Case, path: str, report: Reporter = silent) -> str:
    """The label map as DICOM SEG, one segment a structure."""
    from twinviewer.session import export

    return str(export.write_seg(case, Path(path), report))


def write_rtstruct(case: Case, path: str, report: Reporter = silent) -> str:
    """The labels' contours as DICOM RT structure set."""
    from twinviewer.session import export

    return str(export.write_rtstruct(case, Path(path), report))


def write_mesh(case: Case, path: str, report: Reporter = silent) -> str:
    """The model, or the surfaces of labels where there is none."""
    from twinviewer.session import export

    report(0.1, "Writing the mesh")
    return str(export.write_mesh(case, Path(path), report)[0])


def write_surfaces(case: Case, path: str, report: Reporter = silent) -> str:
    """Closed surfaces of the labels."""
    from twinviewer.session import export

    return str(export.write_label_surfaces(case, Path(path), report)[0])


def write_beat(case: Case, path: str, scenario: str = "", colour_by: str = "", report: Reporter = silent) -> str:
    """The beating model: animated GLB, coloured by the map that is shown where that stands still; or a series for
    ParaView."""
    from twinviewer.report.painted_beat import still_maps, write_painted_beat

    shown = colour_by if colour_by and colour_by in still_maps(case, scenario) else ""
    return str(write_painted_beat(case, Path(path), scenario, shown, report)[0])


def write_capture(case: Case, path: str, report: Reporter = silent) -> str:
    """One picture of the scene as DICOM."""
    from twinviewer.report.capture import capture

    return str(capture(case, Path(path), report))
