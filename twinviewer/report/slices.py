"""Slices of the images with the structures that were found in them: what a reader checks a model by."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from twinviewer.domain import LabelMap, MeshError, Volume
from twinviewer.geometry.cardiac_planes import VIEWS, Plane, cardiac_planes
from twinviewer.scene.label_paint import LabelColours, painted
from twinviewer.scene.oblique import ObliqueSlicer, Raster
from twinviewer.scene.slices import default_window, letters_of, windowed
from twinviewer.session.case import Case
from twinviewer.session.export import colours_of

SIDE_PX = 420
FIELD_MM = 150.0
"""What a square panel shows of a heart."""


def labelled_slices(case: Case) -> tuple[NDArray[np.uint8], str] | None:
    """((h, w, 3) uint8, what it shows): rows of end-diastole and end-systole, columns of views; None without labels."""
    image, labels = case.image, case.labels
    if not isinstance(image, Volume) or labels is None:
        return None
    views, field_mm = _views(case, image, labels)
    phases = _phases(labels)
    slicer, colours = ObliqueSlicer(image), colours_of(case.organ)
    window = default_window(image)
    same = labels.grid.same_as(image.grid)
    rows = []
    for name, phase in phases:
        cells = []
        for title, plane in views:
            mm = field_mm / SIDE_PX
            raster = Raster(plane, (0.0, 0.0), (SIDE_PX, SIDE_PX), mm)
            grey = windowed(slicer.values(raster, min(phase, image.phases - 1)), *window)
            found = slicer.structures(raster, labels, phase) if same or labels.grid is not None else None
            table = LabelColours.of(labels.names, _shown(labels, colours), 0.0)
            cells.append(_named(painted(grey, found, table, outline=True), f"{title}, {name}", plane))
        rows.append(np.hstack(cells))
    return np.vstack(rows), _caption(labels, field_mm)


def _views(case: Case, image: Volume, labels: LabelMap) -> tuple[list[tuple[str, Plane]], float]:
    """Titled planes through the heart, else the three planes through the middle of what is labelled."""
    from twinviewer.organs.heart.views import frame_of_labels, frame_of_mesh

    try:
        frame = frame_of_mesh(case.mesh, case.landmarks) if case.mesh is not None else frame_of_labels(labels)
        planes = cardiac_planes(frame)
        return [(VIEWS[key], plane) for key, plane in planes.items() if key in ("sax", "4ch", "2ch")], FIELD_MM
    except MeshError:
        inside = np.argwhere(labels.data[0] > 0)
        middle = labels.grid.centre_mm
        wide = FIELD_MM
        if len(inside):
            low, high = inside.min(axis=0)[::-1].astype(float), inside.max(axis=0)[::-1].astype(float)
            corners = labels.grid.to_mm(np.stack([low, high]))
            middle, wide = corners.mean(axis=0), float(1.15 * np.abs(corners[1] - corners[0]).max())
        x, y, z = np.eye(3)
        made = [("Axial", Plane(middle, x, y)), ("Coronal", Plane(middle, x, -z)), ("Sagittal", Plane(middle, y, -z))]
        return made, max(wide, 40.0)


def _phases(labels: LabelMap) -> list[tuple[str, int]]:
    """The first phase, and the one in which the left ventricle is smallest where there are several."""
    names = {name: value for value, name in labels.names.items()}
    if labels.phases < 2 or "lv_blood" not in names:
        return [("", 0)] if labels.phases < 2 else [("first phase", 0)]
    counts = [int((one == names["lv_blood"]).sum()) for one in labels.data]
    said = labels.phase_percent
    first, last = int(np.argmax(counts)), int(np.argmin(counts))
    return [(f"end-diastole ({said[first]:g} % R-R)", first), (f"end-systole ({said[last]:g} % R-R)", last)]


def _shown(labels: LabelMap, colours: Mapping[str, str]) -> dict[str, str]:
    return {name: colours.get(name, "#E5B454") for name in labels.names.values() if name in colours or not colours}


def _named(rgb: NDArray[np.uint8], title: str, plane: Plane) -> NDArray[np.uint8]:
    """A panel with its name and the letters of its edges."""
    image = Image.fromarray(rgb)
    pen, font, small = ImageDraw.Draw(image), ImageFont.load_default(15), ImageFont.load_default(13)
    left, right, top, bottom = letters_of(plane.right, plane.down)
    side = SIDE_PX
    for place, text, anchor, face in (
        ((8, 7), title.rstrip(", "), "la", font), ((7, side / 2), left, "lm", small),
        ((side - 7, side / 2), right, "rm", small), ((side / 2, 26), top, "ma", small),
        ((side / 2, side - 7), bottom, "md", small),
    ):  # fmt: skip
        pen.text(place, text, fill="#FFFFFF", font=face, anchor=anchor, stroke_width=2, stroke_fill="#05070A")
    pen.rectangle([0, 0, side - 1, side - 1], outline="#FFFFFF", width=1)
    return np.asarray(image)


def _caption(labels: LabelMap, field_mm: float) -> str:
    names = ", ".join(name.replace("_", " ") for name in labels.names.values())
    return f"Outlined: {names}. Each panel is {field_mm:.0f} mm wide; letters are the patient's sides."
