"""The images and what was found in them, with all that is known against both."""

from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Spacer

from twinviewer.domain import CineStack, Volume
from twinviewer.report import follows_images
from twinviewer.report.measured import still_of_both
from twinviewer.report.pages.story import NO_SCAN, image_notes
from twinviewer.report.pages.styles import QUIET, TEXT, WIDTH, Heading, picture, said
from twinviewer.report.slices import labelled_slices
from twinviewer.session.case import NO_IMAGE, Case


def images_page(case: Case) -> list[Any]:
    """Pictures of slices with contours, then facts and notes."""
    story: list[Any] = [Heading("Images and segmentation")]
    story.append(said(_facts(case), TEXT))
    found = labelled_slices(case)
    if found is not None:
        story += [Spacer(1, 1.5 * mm), picture(found[0], WIDTH), said(found[1], QUIET)]
    elif follows_images(case) and any(one.run is not None for one in case.scenarios):  # else page one shows it
        both = still_of_both(case, (1600, 640), paper=True)
        story += [Spacer(1, 1.5 * mm), picture(both, WIDTH), said("The model cut by the planes, on the images.", QUIET)]
    notes = image_notes(case)
    story.append(Heading("What is known against them", 1))
    story += [said(f"• {note}", TEXT) for note in notes] or [
        said("Nothing was noted while reading or segmenting.", TEXT)
    ]
    return story


def _facts(case: Case) -> str:
    image, series = case.image, case.active_series
    if isinstance(image, Volume) and image.modality in NO_SCAN:
        text = "No images: structures come from a mesh or mask made elsewhere"
    elif isinstance(image, Volume):
        k, j, i = image.grid.shape
        size = " × ".join(f"{length:.3g}" for length in image.grid.spacing_mm)
        text = f"{image.modality}, {image.phases} phase(s) of {i} × {j} × {k} voxels of {size} mm"
        text += f", beat of {1000 * image.rr_s:.0f} ms" if image.rr_s else ""
    elif isinstance(image, CineStack):
        text = f"{image.modality} cine, {len(image.planes)} planes of up to {image.phases} phases"
    else:
        return NO_IMAGE + "." if case.typed else "The images are not in this case."
    agent = f", contrast: {series.contrast_agent}" if series is not None and series.contrast_agent else ""
    made = ""
    if case.labels is not None:
        made = f" Structures by {case.labels.made_by}."
    elif case.contours is not None:
        made = f" Contours by {case.contours.made_by}, {len(case.contours.contours)} in all."
    edits = f" Corrected by hand {len(case.label_edits)} time(s)." if case.label_edits else ""
    return f"{text}{agent}.{made}{edits}"
