"""What these pages are not, what is known against this case, and what they rest on."""

from typing import Any

from twinviewer.report.pages.provenance import references
from twinviewer.report.pages.story import limits
from twinviewer.report.pages.styles import QUIET, TEXT, Heading, said
from twinviewer.session.case import Case

SIMULATED = (
    "Contours, motion and outcomes have not been validated in patients. The motion of the wall is a kinematic "
    "reconstruction from simulated volumes and strains. Differences show what the equations say for this geometry and "
    "these parameters; they advise nothing."
)
MEASURED = "Contours, motion and numbers have not been validated in patients; they advise nothing."
TYPED = "The shape is a generic heart's, not this patient's: only the typed numbers are. It advises nothing."


def limits_page(case: Case) -> list[Any]:
    """Limits in words, then references."""
    story: list[Any] = [Heading("Limits and references")]
    story.append(said(SIMULATED if case.baseline is not None else TYPED if case.typed else MEASURED, TEXT))
    story += [said(f"• {one}", TEXT) for one in limits(case, most=9)]
    found = references(case)
    if found:
        story.append(Heading("References", 1))
        story += [said(f"{n}. {one}.", QUIET) for n, one in enumerate(found, start=1)]
    return story
