"""What delineating a cine study gives: closed contours and named points per plane and phase, each with its trust."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class CineContour:
    """One closed contour in one plane at one phase.

    plane: place in ``CineStack.planes``; phase: frame of that plane. points_mm: (n, 3) LPS, in order, the first point
    not repeated; read-only. confidence: 0..1.
    """

    plane: int
    phase: int
    structure: str
    points_mm: NDArray[np.float64]
    confidence: float

    @property
    def area_mm2(self) -> float:
        """Area of the flat polygon, by the cross products of its edges."""
        p = self.points_mm - self.points_mm.mean(axis=0)
        return 0.5 * float(np.linalg.norm(np.cross(p, np.roll(p, -1, axis=0)).sum(axis=0)))


@dataclass(frozen=True, slots=True, eq=False)
class CinePoint:
    """One named place in one plane at one phase, found in the images or put there by hand.

    plane, phase: as in CineContour. name: "mitral" (end of the wall at the mitral or aortic ring), "tricuspid",
    "lv_apex_endo", "lv_apex_epi", "rv_apex". side: -1 or +1 tells the two ends of a ring in one plane apart, 0 for an
    apex; the same side means the same end in all phases. point_mm: (3,) LPS. confidence: 0..1.
    """

    plane: int
    phase: int
    name: str
    side: int
    point_mm: NDArray[np.float64]
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class CineContours:
    """All contours of one cine study.

    short_axis: places of the short-axis planes in ``CineStack.planes``, base to apex. image_uid: the stack's uid.
    notes: what a reader must know, one sentence each. A plane and phase without a contour does not show the structure,
    or not surely enough. base_fraction, base_depth_mm: (t,) each, the mitral plane followed in the long axes: place in
    the beat, and depth towards the apex from the first short-axis plane in mm; without mitral points
    it is the base that the slices themselves show; None where neither does.
    base_spread_mm: scatter of the wall ends about it. points: named places in the long-axis planes. shift_mm: (planes,
    3) LPS mm, in the order of ``CineStack.planes``, to be added to what lies in each plane so that planes taken in
    different breath-holds agree; contours and points are where the images show them, without it. None: not known.
    """

    contours: tuple[CineContour, ...]
    short_axis: tuple[int, ...]
    image_uid: str
    made_by: str
    notes: tuple[str, ...] = ()
    base_fraction: NDArray[np.float64] | None = None
    base_depth_mm: NDArray[np.float64] | None = None
    base_spread_mm: float = 0.0
    points: tuple[CinePoint, ...] = ()
    shift_mm: NDArray[np.float64] | None = None

    def at(self, plane: int, phase: int, structure: str) -> CineContour | None:
        """The contour of one structure in one frame; None where there is none."""
        for contour in self.contours:
            if contour.plane == plane and contour.phase == phase and contour.structure == structure:
                return contour
        return None

    def of(self, plane: int, structure: str) -> dict[int, CineContour]:
        """The contours of one structure in one plane by phase."""
        return {c.phase: c for c in self.contours if c.plane == plane and c.structure == structure}
