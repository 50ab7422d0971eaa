"""Planes that will be one Series, and how they lie in it."""

from dataclasses import dataclass

from twinviewer.dicom.headers import Header
from twinviewer.dicom.phases import Plane
from twinviewer.dicom.slice_geometry import Spread
from twinviewer.domain import ImageWarning

VOLUME_KINDS = ("ct_volume", "ct_multiphase", "mr_volume", "volume")


@dataclass(frozen=True, slots=True)
class Group:
    """What will be one Series. planes: all of them; cells: those that are read.

    cells: volumes [phase][slice], slices rising along the normal; cine [plane][moment]; planar, if it can be read,
    [moment][0]. run: [start, stop) of the slices that make one regular grid, and phases: the rows that are complete
    there; both empty where the images cannot be read as a volume. part: what tells this group from the others of its
    DICOM series ("echo time 4.6 ms"), "" where the series is whole.
    """

    kind: str
    uid: str
    planes: tuple[Plane, ...]
    cells: tuple[tuple[Plane | None, ...], ...] = ()
    labels: tuple[str, ...] = ()
    percent: tuple[float, ...] = ()
    rr_s: float | None = None
    spread: Spread | None = None
    run: tuple[int, int] = (0, 0)
    phases: tuple[int, ...] = ()
    warnings: tuple[ImageWarning, ...] = ()
    part: str = ""

    @property
    def first(self) -> Header:
        """The header that names the group."""
        return self.planes[0].header
