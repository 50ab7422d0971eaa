"""Sweeps, intervals and cohorts that the case holds, as far as they were computed."""

from typing import Any

from twinviewer.domain import TwinviewerError
from twinviewer.report.pages.cohort_page import cohort_part
from twinviewer.report.pages.spread_page import spread_part
from twinviewer.report.pages.styles import CELL, Heading, said
from twinviewer.report.pages.sweep_page import sweep_part
from twinviewer.session.case import Case
from twinviewer.session.studies.study import Study


def studies_pages(case: Case) -> list[Any]:
    """How sure the changes are, then a part a sweep and cohort; nothing where there is none."""
    story: list[Any] = []
    if any(study.kind == "spread" for study in case.studies):
        story += _told(case, None)
    for study in case.studies:
        if study.kind != "spread":
            story += _told(case, study)
    return [Heading("Studies"), *story] if story else []


def _told(case: Case, study: Study | None) -> list[Any]:
    """One study; where it cannot be read (a plug-in was taken away, another version drew it) it says so."""
    try:
        if study is None:
            return spread_part(case)
        if study.kind == "cohort":
            return cohort_part(study)
        assert case.baseline is not None
        return sweep_part(study, case.baseline.setup)
    except (TwinviewerError, KeyError, ValueError) as error:
        name = "Intervals" if study is None else study.name
        return [Heading(name, 1), said(f"This study cannot be read here: {error}.", CELL)]
