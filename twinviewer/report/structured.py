"""A case's measures as a DICOM structured report, in the groups of the window and with the usual ranges."""

from pathlib import Path

from twinviewer import __version__
from twinviewer.domain import Reporter, StoreError, silent
from twinviewer.report.measures import GROUPS, group_of
from twinviewer.session.case import Case
from twinviewer.session.metric_names import label_of, order_of
from twinviewer.session.norms import norms_of


def write_measures_sr(case: Case, path: Path, segmentation: Path | None = None, report: Reporter = silent) -> Path:
    """Write TID 1500; returns the path. segmentation: a DICOM SEG of the case's labels, to which volumes then refer.

    Raises StoreError where the case has no measures of images, LoadError where the images' files are gone.
    """
    from twinviewer.dicom import Reported, write_sr

    series = case.active_series
    if series is None or case.image is None:
        raise StoreError("A structured report belongs to images, and none are open")
    norms = norms_of(case)
    rows = []
    for name in sorted(case.measurements, key=lambda one: (GROUPS.index(group_of(one)), order_of(one))):
        found, norm = case.measurements[name], norms.get(name)
        usual = None if norm is None else (norm.low, norm.high, norm.basis, norm.origin)
        verdict = "" if norm is None else norm.verdict(found.value) or "within"
        rows.append(Reported(name, label_of(name), group_of(name), found, usual, verdict))
    return write_sr(path, rows, series, __version__, segmentation, report)
