"""What a reader has measured by hand: points in space, and the numbers that follow from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain.quantity import Quantity

RulerKind = Literal["distance", "angle", "polyline", "area", "ellipse"]
"""distance: two points. angle: three, the vertex in the middle. polyline: two or more. area: three or more, closed.
ellipse: its centre and the ends of two half-axes at right angles."""


@dataclass(frozen=True, slots=True, eq=False)
class Ruler:
    """One measurement by hand.

    points_mm: (k, 3) LPS. values: name -> Quantity, the first one is what the ruler is for. right, down: (3,) unit
    vectors of the image plane it was drawn in, None for one between points of a surface in space. image_uid,
    mesh_uid: what it was measured on. plane: the cine plane's number, -1 for others. frame: the phase of the volume
    or the frame of that plane; fraction: the moment of its R-R interval, 0..1. view: the name of an oblique view.
    nodes, weights: (k, 3) corners of the mesh's triangles and their shares, so that a point rides along; None off a
    mesh.
    """

    kind: RulerKind
    points_mm: NDArray[np.float64]
    values: Mapping[str, Quantity]
    uid: str
    right: NDArray[np.float64] | None = None
    down: NDArray[np.float64] | None = None
    image_uid: str = ""
    mesh_uid: str = ""
    plane: int = -1
    frame: int = 0
    fraction: float = 0.0
    view: str = ""
    nodes: NDArray[np.int32] | None = None
    weights: NDArray[np.float64] | None = None

    @property
    def normal(self) -> NDArray[np.float64] | None:
        """(3,) across its image plane; None in space."""
        return None if self.right is None or self.down is None else np.cross(self.right, self.down)

    @property
    def centre_mm(self) -> NDArray[np.float64]:
        """(3,) a place on it."""
        return np.asarray(self.points_mm[0] if self.kind == "ellipse" else self.points_mm.mean(axis=0))

    def points_on(self, mesh_points_mm: NDArray[np.floating]) -> NDArray[np.float64]:
        """(k, 3) where its points are when the mesh's (n, 3) are at these places."""
        if self.nodes is None or self.weights is None:
            return self.points_mm
        return np.asarray((mesh_points_mm[self.nodes] * self.weights[:, :, None]).sum(axis=1), np.float64)
