"""The bullseye of the page: a PDF with all values written, and no colour where there is no value."""

import numpy as np
from reportlab.graphics.shapes import Polygon, String

from twinviewer.report.bullseye import bullseye
from twinviewer.scene.bullseye import SCALES


def test_drawing_holds_every_value_in_its_colour() -> None:
    values = np.linspace(4.0, 16.0, 17)
    values[5] = np.nan
    drawing = bullseye(values, "thickness_mm", 160.0)
    words = [item.text for item in drawing.contents if isinstance(item, String)]
    assert {"4.0", "16.0", "10.0", "–", "Anterior", "S", "Wall thickness (mm)"} <= set(words)
    shapes = [item for item in drawing.contents if isinstance(item, Polygon)]
    assert len(shapes) == 17
    for value, shape in zip(values, shapes, strict=True):
        rgb = SCALES["thickness_mm"].colour(value)
        got = [round(255 * c) for c in (shape.fillColor.red, shape.fillColor.green, shape.fillColor.blue)]
        assert got == (list(rgb) if rgb is not None else [0xED, 0xF0, 0xF3])
    corners = np.concatenate([np.reshape(shape.points, (-1, 2)) for shape in shapes])
    assert corners.min() > 0 and corners[:, 0].max() < 160.0 and corners[:, 1].max() < drawing.height
