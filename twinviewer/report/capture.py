"""One picture of the case as DICOM, for archives that take nothing else: a secondary capture of its study."""

from pathlib import Path

from twinviewer import __version__
from twinviewer.domain import RenderError, Reporter, silent
from twinviewer.report.picture import still
from twinviewer.session.case import Case

TITLE = "Twinviewer"


def capture(case: Case, path: Path, report: Reporter = silent, size: tuple[int, int] = (1600, 900)) -> Path:
    """Write what :func:`picture` shows as a Secondary Capture and return its path. RenderError without a model."""
    from twinviewer.dicom.write_capture import Captures, check_capture

    if case.mesh is None:
        raise RenderError("There is no model to show", remedy="Build it first")
    runs = [one.run for one in case.scenarios if one.run is not None]
    report(0.1, "Drawing")
    rgb = still(case, size)
    report(0.7, "Writing DICOM")
    path.parent.mkdir(parents=True, exist_ok=True)
    mark = "/".join(run.uid for run in runs)
    captures = Captures(case.active_series, case.patient, __version__, simulated=bool(runs), mark=mark)
    written = captures.picture(path, rgb, TITLE)
    check_capture(written)
    return written
