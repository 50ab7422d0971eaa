"""Sweeps, intervals and cohorts that the case holds, as far as they were computed."""

from typing import Any

from twinviewer.report.pages.styles import Heading, said
from twinviewer.session.case import Case


def studies_pages(case: Case) -> list[Any]:
    """A part a study; nothing where there is none."""
    story: list[Any] = []
    for study in case.studies:
        done = sum(not one.failure for one in study.answers)
        story.append(Heading(study.name, 1))
        story.append(said(f"{done} of {len(study.points)} simulations answered."))
    return [Heading("Studies"), *story] if story else []
