"""What is to be seen, as frozen values. The Stage draws the difference between two of these."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh, Run
from twinviewer.scene.label_surface import LabelShape
from twinviewer.scene.motion import Motion, measured_motion, run_motion
from twinviewer.scene.volume_data import VolumeLook


@dataclass(frozen=True, slots=True)
class StructureState:
    """How one named surface of the mesh is drawn. colour "#RRGGBB"; opacity 0..1."""

    name: str
    colour: str
    opacity: float = 1.0
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Marker:
    """A site on the mesh, drawn as a ball that rides on a node: a pacing lead, a landmark.

    place_mm: LPS, of one that stands off the heart instead (an electrode on the skin). label: a word beside it.
    """

    name: str
    node: int
    colour: str
    radius_mm: float = 3.0
    place_mm: tuple[float, float, float] | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Colouring:
    """How a field is turned into colour. field "" means anatomy colours. band: isochrone step in the unit, 0 = none.

    names: of steps of equal height from low to high, where the field has kinds and no numbers. ends: what the low and
    the high end of a difference mean, in a word each.
    """

    field: str = ""
    title: str = ""
    unit: str = ""
    map: str = "activation"
    low: float = 0.0
    high: float = 1.0
    band: float = 0.0
    names: tuple[str, ...] = ()
    ends: tuple[str, str] | tuple[()] = ()


@dataclass(frozen=True, slots=True, eq=False)
class PaneState:
    """One view of one heart: its run; without one the motion that the mesh itself has; else the mesh at rest.

    values (n,) override the run's field (difference). beat_s: how long the mesh's own beat lasts here.
    time_scale: this run's period over that of the first pane, so that hearts at different rates show one phase;
    shift_s: how far its beat is ahead of the common time, so that they are aligned at a moment instead. note: a small
    second line under the title. exaggeration: what displacements from the mesh at rest are multiplied by; said under
    the title where it is not 1.
    unsure: (n,) where a difference may be of either sign, which is hatched; None where that is not known.
    labels: surfaces of labels, drawn besides. fibres: whether needles show where the muscle's fibres run.
    """

    title: str
    mesh: OrganMesh
    run: Run | None = None
    colouring: Colouring = field(default_factory=Colouring)
    values: NDArray[np.floating] | None = None
    structures: tuple[StructureState, ...] = ()
    markers: tuple[Marker, ...] = ()
    accent: str = "#8FA3BF"
    time_scale: float = 1.0
    beat_s: float = 1.0
    exaggeration: float = 1.0
    labels: tuple[LabelShape, ...] = ()
    shift_s: float = 0.0
    note: str = ""
    fibres: bool = False
    unsure: NDArray[np.bool_] | None = None

    def own_time(self, time_s: float) -> float:
        """The time of this pane's own beat at a time of the whole picture."""
        return time_s * self.time_scale + self.shift_s

    @property
    def motion(self) -> Motion | None:
        """What moves; None at rest."""
        return run_motion(self.run) if self.run is not None else measured_motion(self.mesh, self.beat_s)

    def points_at(self, time_s: float) -> NDArray[np.floating]:
        """(n, 3) LPS mm, where the points are drawn at a time of this pane's beat."""
        motion, rest = self.motion, self.mesh.points_mm
        if motion is None:
            return rest
        points = motion.points_at(time_s)
        return points if self.exaggeration == 1.0 else rest + self.exaggeration * (points - rest)


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the eye is, LPS mm. view_angle is VTK's default of 30 degrees; parallel projection is not used."""

    position_mm: tuple[float, float, float]
    focus_mm: tuple[float, float, float]
    up: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Section:
    """A cutting plane, LPS mm: what lies on the side of the normal is hidden and the cut wall is capped."""

    origin_mm: tuple[float, float, float]
    normal: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A line in space: the frame of an image plane, a ruler. points_mm: corners in order, LPS; label: a word beside it,
    at its middle. width in pixels. balls: whether its corners are marked."""

    points_mm: tuple[tuple[float, float, float], ...]
    colour: str
    label: str = ""
    closed: bool = False
    width: float = 1.5
    balls: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SceneState:
    """The whole picture: panes side by side under one camera and one cardiac time. footer is drawn in every picture.

    lines stand in every pane, the volume in the first one.
    """

    panes: tuple[PaneState, ...]
    time_s: float = 0.0
    camera: Camera | None = None
    section: Section | None = None
    background: str = "#171B22"
    text: str = "#E6EAF0"
    quiet: str = "#94A0AF"
    footer: str = ""
    legend: bool = True
    scale: float = 1.0
    lines: tuple[Line, ...] = ()
    volume: VolumeLook | None = None
