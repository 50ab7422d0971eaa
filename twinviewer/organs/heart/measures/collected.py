"""Numbers being collected, each with the interval that the drawing of its faces leaves.

As for volumes (organs/heart/measure.py) a face may be drawn up to 0.45 voxel edges elsewhere, the same all round: 90 %
of a uniform ±½. A diameter has two such faces, a perimeter 2π of them, an area its perimeter.
"""

import math

from twinviewer.domain import Quantity
from twinviewer.geometry.cross_section import Section

FACE_SHIFT = 0.45


class Collected(dict[str, Quantity]):
    """Quantities measured on voxels of edge_mm, all from the source given with each."""

    def __init__(self, edge_mm: float) -> None:
        super().__init__()
        self.shift_mm = FACE_SHIFT * edge_mm

    def put(self, name: str, value: float, unit: str, half: float, source: str) -> None:
        """Add a number with a symmetric interval, not below 0; one that is not finite is left out."""
        if math.isfinite(value):
            self[name] = Quantity(float(value), unit, "measured", source, max(value - half, 0.0), value + half)

    def diameter(self, name: str, value_mm: float, source: str) -> None:
        """A distance between two faces, in mm."""
        self.put(name, value_mm, "mm", 2.0 * self.shift_mm, source)

    def area(self, name: str, cut: Section, source: str) -> None:
        """The area of a cut, in mm² or, where the name says so, in cm²."""
        scale, unit = (0.01, "cm²") if name.endswith("_cm2") else (1.0, "mm²")
        half = scale * cut.perimeter_mm * self.shift_mm
        self.put(name, scale * cut.area_mm2, unit, half, source)

    def perimeter(self, name: str, cut: Section, source: str) -> None:
        """The perimeter of a cut, in mm."""
        self.put(name, cut.perimeter_mm, "mm", 2.0 * math.pi * self.shift_mm, source)
