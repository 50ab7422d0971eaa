"""Images: regular volumes, cine stacks of separate planes, and label maps. Frames are LPS, in mm, always."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain.slice_grid import SliceGrid

READING = "reading"
"""The uid of a volume whose slices are still coming."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A regular voxel grid.

    shape: (k, j, i), slices first. affine: (4, 4) float64 that takes homogeneous voxel indices (i, j, k, 1) to LPS mm
    at voxel centres.
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel edge lengths along i, j, k in mm."""
        lengths = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(lengths[0]), float(lengths[1]), float(lengths[2])

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in mL."""
        return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000.0

    @property
    def centre_mm(self) -> NDArray[np.float64]:
        """(3,) LPS position of the middle of the grid."""
        k, j, i = self.shape
        return self.to_mm(np.array([[(i - 1) / 2, (j - 1) / 2, (k - 1) / 2]]))[0]

    def to_mm(self, ijk: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, 3) voxel indices in the order i, j, k -> (n, 3) LPS mm."""
        return np.asarray(ijk) @ self.affine[:3, :3].T + self.affine[:3, 3]

    def to_ijk(self, points_mm: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, 3) LPS mm -> (n, 3) fractional voxel indices in the order i, j, k."""
        inverse = np.linalg.inv(self.affine)
        return np.asarray(points_mm) @ inverse[:3, :3].T + inverse[:3, 3]

    def same_as(self, other: "Grid", tolerance_mm: float = 1e-3) -> bool:
        """Whether both grids have the same voxels at the same places."""
        return self.shape == other.shape and bool(np.allclose(self.affine, other.affine, atol=tolerance_mm))


LEFT_OUT = "; left out"
"""How an entry of ``left_out`` ends that is about an image."""


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """One scalar image over time.

    data: (t, k, j, i), in HU for CT, in the scanner's own units for MR; read-only. A static image has t = 1.
    phase_percent: (t,) position of each phase in the R-R interval, 0..100; times_s: (t,) the same in seconds.
    rr_s: length of the beat, None where the header does not say. uid: hash of pixel data and geometry. unit: of the
    values where the header tells it ("HU", "Bq/mL", "SUVbw", "Gy"), else "". left_out: what could not be decoded,
    "file: reason" each, and what was done without it; slices_read: what is there then, None where all is.
    """

    data: NDArray[np.generic]
    grid: Grid
    modality: str
    phase_percent: NDArray[np.float64]
    rr_s: float | None
    uid: str
    description: str = ""
    window: tuple[float, float] | None = None
    unit: str = ""
    left_out: tuple[str, ...] = ()
    slices_read: SliceGrid | None = None

    @property
    def phases(self) -> int:
        """Number of phases t."""
        return int(self.data.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class CinePlane:
    """One plane of a cine study: (t, j, i) frames with one geometry and one R-R interval of its own.

    affine: (4, 4), (i, j, 0, 1) -> LPS mm. trigger_s: (t,) time after the R wave; rr_s: this plane's beat.
    """

    frames: NDArray[np.generic]
    affine: NDArray[np.float64]
    trigger_s: NDArray[np.float64]
    rr_s: float | None
    label: str
    thickness_mm: float

    @property
    def normal(self) -> NDArray[np.float64]:
        """(3,) unit normal in LPS."""
        n = np.cross(self.affine[:3, 0], self.affine[:3, 1])
        return n / np.linalg.norm(n)

    @property
    def grid(self) -> Grid:
        """The plane as a grid of one slice, as thick as it was scanned (1 mm where the header does not say)."""
        affine = self.affine.copy()
        affine[:3, 2] = self.normal * (self.thickness_mm if self.thickness_mm > 0 else 1.0)
        return Grid((1, int(self.frames.shape[1]), int(self.frames.shape[2])), affine)


@dataclass(frozen=True, slots=True, eq=False)
class CineStack:
    """Planes of one study that share a beat but no regular grid (short axis with gaps, long axes). left_out,
    slices_read: as of a Volume."""

    planes: tuple[CinePlane, ...]
    modality: str
    uid: str
    description: str = ""
    window: tuple[float, float] | None = None
    left_out: tuple[str, ...] = ()
    slices_read: SliceGrid | None = None

    @property
    def mean_rr_s(self) -> float | None:
        """The mean R-R of the planes, each taken in beats of its own; None where no header says."""
        known = [plane.rr_s for plane in self.planes if plane.rr_s]
        return sum(known) / len(known) if known else None

    @property
    def phases(self) -> int:
        """The largest number of phases that any plane has."""
        return max(int(plane.frames.shape[0]) for plane in self.planes)


@dataclass(frozen=True, slots=True, eq=False)
class LabelMap:
    """Which structure each voxel belongs to, for each phase.

    data: (t, k, j, i) uint8, read-only, 0 = background. names: label value -> structure name in snake case.
    phase_percent: (t,) as in the Volume it was made from. made_by: algorithm and version. image_uid: that Volume's uid.
    notes: what a reader must know ("right heart not opacified"), one sentence each.
    """

    data: NDArray[np.uint8]
    grid: Grid
    names: Mapping[int, str]
    phase_percent: NDArray[np.float64]
    made_by: str
    image_uid: str
    notes: tuple[str, ...] = ()

    @property
    def phases(self) -> int:
        """Number of phases t."""
        return int(self.data.shape[0])

    def value(self, name: str) -> int:
        """The label value of a structure; KeyError if there is none."""
        for value, known in self.names.items():
            if known == name:
                return value
        raise KeyError(name)

    def mask(self, name: str, phase: int = 0) -> NDArray[np.bool_]:
        """(k, j, i) mask of one structure in one phase."""
        return self.data[phase] == self.value(name)

    def volume_ml(self, name: str, phase: int = 0) -> float:
        """Voxel count times voxel volume, in mL. Volumes come from the label map, never from a smoothed surface."""
        return float(np.count_nonzero(self.mask(name, phase))) * self.grid.voxel_ml


Image = Volume | CineStack


@dataclass(frozen=True, slots=True)
class ImageWarning:
    """Something about a series that a reader must know. code is stable for scripts, text is for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Patient:
    """Who, as far as a screen may say. pseudonym is shown everywhere; nothing identifying is kept here."""

    pseudonym: str
    sex: str = ""
    age_years: float | None = None
    weight_kg: float | None = None
    height_cm: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """What a scan found, before any pixel is decoded.

    kind: "ct_volume" | "ct_multiphase" | "mr_cine" | "mr_volume" | "volume" | "planar" | "not_image" | "unreadable".
    slices x phases is the grid to show. shape: (rows, columns). spacing_mm: (column, row, slice) distances.
    grid: which of them are there, None for
    single pictures. files: paths sorted; never shown outside the case. study_uid and uid are DICOM UIDs.
    """

    uid: str
    study_uid: str
    patient: Patient
    kind: str
    modality: str
    description: str
    study_date: str
    slices: int
    phases: int
    shape: tuple[int, int]
    spacing_mm: tuple[float, float, float]
    files: tuple[str, ...]
    contrast_agent: str = ""
    synthetic: bool = False
    rr_s: float | None = None
    warnings: tuple[ImageWarning, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)
    grid: SliceGrid | None = None
