"""Volumes over the beat as the images give them: from contours by discs, and from a mesh that follows the images."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineContours, CineStack, Image, OrganMesh, SegmentationError

CAVITIES = {"lv": "lv_cavity", "rv": "rv_cavity"}


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredVolumes:
    """Volumes of one beat, 0 = R wave. kind: "discs" | "model". fraction: (t,), rising, 0..1; lv_ml, rv_ml: (t,)."""

    kind: str
    fraction: NDArray[np.float64]
    lv_ml: NDArray[np.float64]
    rv_ml: NDArray[np.float64] | None

    @property
    def ed(self) -> float:
        """Where in the beat the left ventricle is fullest."""
        return float(self.fraction[int(np.argmax(self.lv_ml))])

    @property
    def es(self) -> float:
        """Where in the beat the left ventricle is emptiest."""
        return float(self.fraction[int(np.argmin(self.lv_ml))])

    def of(self, side: str) -> NDArray[np.float64] | None:
        """The volumes of "lv" or "rv"."""
        return self.lv_ml if side == "lv" else self.rv_ml

    def at(self, side: str, fraction: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Volumes at other fractions of the beat, any number; linear, round the beat where its frames fill it."""
        values = self.of(side)
        if values is None:
            return None
        if 1.0 - float(self.fraction[-1] - self.fraction[0]) < 2.5 / len(self.fraction):
            return np.interp(np.asarray(fraction) % 1.0, self.fraction, values, period=1.0)
        return np.interp(fraction, self.fraction, values)


@lru_cache(maxsize=4)
def disc_volumes(contours: CineContours, stack: CineStack) -> MeasuredVolumes | None:
    """Simpson's discs; None where the contours give no volume."""
    from twinviewer.segmentation.cine import volumes

    try:
        found = volumes(contours, stack)
    except SegmentationError:
        return None
    return MeasuredVolumes("discs", found.fraction, found.lv_ml, found.rv_ml)


@lru_cache(maxsize=4)
def mesh_volumes(mesh: OrganMesh) -> MeasuredVolumes | None:
    """The closed cavities of a moving mesh in each of its frames; None for a mesh that only stands."""
    motion, fraction = mesh.motion_mm, mesh.motion_fraction
    if motion is None or fraction is None or CAVITIES["lv"] not in mesh.surfaces:
        return None
    found = {
        side: np.array([mesh.enclosed_ml(name, frame) for frame in motion])
        for side, name in CAVITIES.items()
        if name in mesh.surfaces
    }
    return MeasuredVolumes("model", np.asarray(fraction, np.float64), found["lv"], found.get("rv"))


def measured_volumes(
    contours: CineContours | None, stack: CineStack | None, mesh: OrganMesh | None
) -> tuple[MeasuredVolumes, ...]:
    """All that the images give, discs first."""
    discs = None if contours is None or stack is None else disc_volumes(contours, stack)
    model = None if mesh is None else mesh_volumes(mesh)
    return tuple(one for one in (discs, model) if one is not None)


def mean_beat_s(stack: CineStack) -> float:
    """The mean R-R of the planes, each of which was taken in beats of its own; 1 s where no header says."""
    return stack.mean_rr_s or 1.0


def beat_of(image: Image | None) -> float:
    """How long the beat lasts that images show: of planes their mean R-R, of phases that of the header; else 1 s."""
    if isinstance(image, CineStack):
        return mean_beat_s(image)
    return (None if image is None else image.rr_s) or 1.0
