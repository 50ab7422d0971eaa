"""A map by segment laid on the heart in place of a field of its run, for as long as its sheet says so."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh
from twinviewer.scene import compose
from twinviewer.scene.bullseye import Scale
from twinviewer.scene.state import Colouring, Marker, PaneState


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """mesh: on no other is it shown. values: (n,), NaN where nothing is said. node: a site to mark, -1 for none."""

    title: str
    mesh: OrganMesh
    values: NDArray[np.float32]
    colouring: Colouring
    node: int = -1

    def over(self, pane: PaneState) -> PaneState:
        """The pane with the map on its wall, at rest: colours of a moving wall would be read as its beat."""
        site = (Marker("site", self.node, "#F4F1E8", 3.2),) if 0 <= self.node < self.mesh.wall_points else ()
        return replace(
            pane,
            title=self.title,
            run=None,
            colouring=self.colouring,
            values=self.values,
            structures=compose.faded(pane.structures, True),
            markers=site,
        )


def overlay_of(mesh: OrganMesh, by_segment: NDArray[np.float64], scale: Scale, title: str, node: int = -1) -> Overlay:
    """(17,) values on the points of their segments; KeyError for a mesh without segments."""
    segment = np.asarray(mesh.point_fields["aha_segment"]).astype(int)
    known = (segment >= 1) & (segment <= 17)
    values = np.full(len(mesh.points_mm), np.nan, np.float32)
    values[known] = np.asarray(by_segment, np.float32)[segment[known] - 1]
    colouring = Colouring("sweep", scale.title, scale.unit, scale.colours, scale.low, scale.high)
    return Overlay(title, mesh, values, colouring, node)
