"""Times of the cine MR job on the published study: what a user waits for, and one correction by hand."""

import os
import time
from dataclasses import replace
from pathlib import Path

Time = tuple[str, float, str, float, str]
"""What, value, unit, limit, what the limit is."""


def cine_times() -> list[Time]:
    """Nothing where the study is absent (TWINVIEWER_DATA, default ../shared/data)."""
    data = Path(os.environ.get("TWINVIEWER_DATA", "../shared/data"))
    folder = data / "cine_cmr_bivme_patient1" / "dicom"
    if not folder.is_dir():
        return []
    from twinviewer.session import steps
    from twinviewer.session.case import Case

    begin = time.perf_counter()
    case = steps.scan_folder(Case(), folder)
    case = steps.open_series(case, steps.choose_series(case))
    case = steps.segment(case)
    contours_s = time.perf_counter() - begin
    case = steps.build(case)
    model_s = time.perf_counter() - begin
    assert case.contours is not None and case.mesh is not None
    old = case.contours.at(2, 9, "lv_endocardium")
    assert old is not None
    middle = old.points_mm.mean(axis=0)
    edit = replace(old, points_mm=middle + 1.1 * (old.points_mm - middle))
    recipe, contours, stack, mesh, _ = steps.correction_input(case)
    from twinviewer.session import catalog

    organ = catalog.organ(recipe)
    organ.correct(contours, stack, mesh, edit)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        organ.correct(contours, stack, mesh, edit)
        times.append(time.perf_counter() - start)
    return [
        ("cine MR: folder of 11 planes x 25 phases -> contours", contours_s, "s", 30.0, "limit"),
        ("cine MR: folder -> measured moving model", model_s, "s", 90.0, "limit"),
        ("cine MR: model after one contour dragged, all phases", sorted(times)[2], "s", 0.3, "limit"),
    ]
