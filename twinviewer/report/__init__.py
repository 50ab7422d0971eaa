"""What leaves the program for people: pictures, films and pages. Each carries the pseudonym and "research only"."""

from typing import TYPE_CHECKING

from twinviewer.domain import CineStack, Volume

if TYPE_CHECKING:
    from twinviewer.session.case import Case

MEASURED_ONLY = "Measured in the images. Research only, not for clinical use."
TYPED_ONLY = "Scaled from typed numbers, not from images. Research only, not for clinical use."
OF_NUMBERS = " · from typed numbers, no image"
"""What every picture of a model of typed numbers says."""
RESEARCH_ONLY = "Simulated scenario. Research only, not for clinical use."


def follows_images(case: "Case") -> bool:
    """Whether the case has a mesh whose motion was measured in images of planes."""
    return case.mesh is not None and case.mesh.motion_mm is not None and isinstance(case.image, CineStack)


def follows_phases(case: "Case") -> bool:
    """Whether the case has a mesh whose motion was measured in the phases of a volume."""
    return case.mesh is not None and case.mesh.motion_mm is not None and isinstance(case.image, Volume)


def can_film(case: "Case") -> bool:
    """Whether something of the case beats: a simulated scenario, or a mesh that follows its images."""
    simulated = any(scenario.run is not None for scenario in case.scenarios)
    return simulated or follows_images(case) or follows_phases(case)


def can_report(case: "Case") -> bool:
    """Whether there is a number to report."""
    return bool(case.measurements) or any(scenario.run is not None for scenario in case.scenarios)
