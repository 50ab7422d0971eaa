"""Hearts beside each other on white: one camera, one moment of the beat, one colour range. For pages and captures."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.report import follows_images
from twinviewer.report.measured import still_of_both
from twinviewer.report.pages.inks import darkened
from twinviewer.report.strip import PAPER
from twinviewer.report.studio import cut_view, grab, off_screen, scene_of
from twinviewer.scene.compose import FIELDS
from twinviewer.scene.state import SceneState
from twinviewer.session.case import Case

ACTIVATION = "activation_ms"
GREY_SAFE = {"activation": "activation_safe"}
"""Maps that are dark at both ends -> one that is bright at one end and dark at the other."""


def panes(
    case: Case, names: tuple[str, ...], size: tuple[int, int], *, colour_by: str | None = None, cut: bool = False
) -> tuple[NDArray[np.uint8], str]:
    """((h, w, 3) uint8, what it shows in a line) of the scenarios of these names, without one of the model alone.

    RenderError without a mesh or a renderer.
    """
    runs = [s.run for s in case.scenarios if s.run is not None and s.name in names]
    if not runs and follows_images(case):
        taller = size[0], round(size[0] * 0.4)
        return still_of_both(case, taller, paper=True), "End-diastole over end-systole, beside the images."
    if colour_by is None:
        colour_by = ACTIVATION if runs and all(ACTIVATION in run.fields for run in runs) else ""
    with off_screen(size) as stage:
        state = on_paper(scene_of(case, colour_by, cut=cut, chosen=names if runs else ()))
        stage.apply(state)
        stage.frame(*(cut_view(state) if cut else (None,)), tight=True)
        rgb = grab(stage)
    if not runs:
        return rgb, "The model at rest." if case.mesh is not None and case.mesh.motion_mm is None else "The model."
    style = FIELDS.get(colour_by)
    what = "Anatomy" if style is None else f"{style.label} ({style.unit})"
    lines = f", a dark line every {style.band:g} {style.unit}" if style is not None and style.band else ""
    order = ", early bright and late dark" if style is not None and style.map in GREY_SAFE else ""
    seen = ", cut open in the four-chamber plane" if cut else ""
    where = " Balls: electrodes." if any(pane.markers for pane in state.panes) else ""
    return rgb, f"{what}{order}{lines}. Same camera{seen}, same moment of the beat (its start), same colours.{where}"


def on_paper(state: SceneState) -> SceneState:
    """A scene on white, its titles dark enough to read, its maps such that they run one way in grey too."""
    shown = []
    for one in state.panes:
        used = replace(one.colouring, map=GREY_SAFE.get(one.colouring.map, one.colouring.map))
        shown.append(replace(one, accent=darkened(one.accent), colouring=used))
    return replace(
        state,
        panes=tuple(shown),
        background=PAPER.background,
        text=PAPER.text,
        quiet=PAPER.quiet,
        scale=2.0,
        footer="",
    )
