"""The planes in which a heart is read: short axis, four, two and three chambers, from a few named points.

Definitions: the long axis goes through the left ventricle's apex and the mitral centre; the short axis is perpendicular
to it. All long-axis planes hold the axis: the four-chamber plane the tricuspid valve too (without one, the far corner
of the right ventricle), the three-chamber plane the aortic valve, and the two-chamber plane is perpendicular to the
direction of the right ventricle, so that it runs through the anterior and inferior walls and misses the right heart.
These meet the walls as the AHA's segments lie, 60 degrees apart (Cerqueira MD et al. Circulation 2002;105:539; Kramer
CM et al. J Cardiovasc Magn Reson 2020;22:17). Measured on a scanner's own planes, the tricuspid valve says where four
chambers are seen to 5.5 degrees, the corner to 18: a round right ventricle hardly has one.

On the screen: short axis anterior up and septum left. Long axes with the apex up, as apical echo views and the AHA's
horizontal long axis are read: lateral wall (4CH), anterior wall (2CH) and outflow tract (3CH) on the right.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import MeshError

Vector = NDArray[np.float64]

SHORT, FOUR, TWO, THREE = "sax", "4ch", "2ch", "3ch"
VIEWS = {SHORT: "Short axis", FOUR: "4-chamber", TWO: "2-chamber", THREE: "3-chamber"}
"""Names of the views, in the order in which they are shown."""

MID = (0.30, 0.70)
"""Between which heights of the axis (0 apex, 1 mitral centre) the right ventricle's corner is looked for: below its
outflow tract and above its tip."""
LEAST_ASIDE_MM = 5.0
"""A valve nearer to the axis than this does not say in which plane it lies."""
CORNER_SHARE = 0.03
"""The farthest points whose mean is the corner: a single one would follow a trabecula."""
CORNER_FROM_DEG, CORNER_TO_DEG = -120.0, 20.0
"""Where the corner may lie round the axis: 0 towards the right ventricle's middle, positive towards anterior."""


def unit(vector: NDArray[np.floating]) -> Vector:
    """(3,) of length 1; a vector without length is a ValueError."""
    length = float(np.linalg.norm(vector))
    if not length > 1e-9:
        raise ValueError("a direction of no length")
    return np.asarray(vector, np.float64) / length


def cross(one: Vector, other: Vector) -> Vector:
    """(3,) of two vectors; numpy's own takes twenty times as long for two."""
    (a, b, c), (x, y, z) = one.tolist(), other.tolist()
    return np.array([b * z - c * y, c * x - a * z, a * y - b * x])


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """A plane as it lies on the screen. origin_mm: (3,) LPS, what it is turned about; right, down: unit vectors.

    The eye looks along ``normal``, away from it into the screen.
    """

    origin_mm: Vector
    right: Vector
    down: Vector

    @property
    def normal(self) -> Vector:
        """(3,) unit vector into the screen."""
        return cross(self.right, self.down)

    def moved(self, along_mm: float) -> "Plane":
        """The parallel plane, so much farther into the screen."""
        return replace(self, origin_mm=self.origin_mm + along_mm * self.normal)

    def through(self, point_mm: NDArray[np.floating]) -> "Plane":
        """The parallel plane through a point; its origin is the old one's foot on it."""
        return self.moved(float((np.asarray(point_mm) - self.origin_mm) @ self.normal))

    def turned(self, axis: NDArray[np.floating], degrees: float, about_mm: NDArray[np.floating]) -> "Plane":
        """Turned about a line through a point."""
        turn = rotation(axis, degrees)
        about = np.asarray(about_mm, np.float64)
        return Plane(about + turn @ (self.origin_mm - about), unit(turn @ self.right), unit(turn @ self.down))

    def away_mm(self, points_mm: NDArray[np.floating]) -> Vector:
        """(n,) signed distances, positive behind the plane."""
        return np.asarray((np.asarray(points_mm, np.float64) - self.origin_mm) @ self.normal)

    def to_plane(self, points_mm: NDArray[np.floating]) -> Vector:
        """(n, 2) mm to the right of and below the origin."""
        away = np.asarray(points_mm, np.float64) - self.origin_mm
        return np.stack([away @ self.right, away @ self.down], axis=-1)

    def to_mm(self, across: float, below: float) -> Vector:
        """(3,) LPS of a place in the plane, mm to the right of and below the origin."""
        return np.asarray(self.origin_mm + across * self.right + below * self.down)


def rotation(axis: NDArray[np.floating], degrees: float) -> Vector:
    """(3, 3) matrix that turns by an angle about an axis through 0 (Rodrigues' formula)."""
    x, y, z = unit(axis)
    skew = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    angle = np.deg2rad(degrees)
    return np.asarray(np.eye(3) + np.sin(angle) * skew + (1.0 - np.cos(angle)) * skew @ skew)


def tilt_deg(one: Plane, other: Plane) -> float:
    """The angle between two planes, 0..90 degrees."""
    return float(np.degrees(np.arccos(np.clip(abs(one.normal @ other.normal), 0.0, 1.0))))


@dataclass(frozen=True, slots=True, eq=False)
class HeartFrame:
    """What the views rest on, LPS mm. septal: unit vector across the axis towards the right ventricle's middle.

    tricuspid_mm, aortic_mm: centres of the valves, corner_mm: the far corner of the right ventricle; None where one is
    not known. source: what all of it was taken from.
    """

    apex_mm: Vector
    mitral_mm: Vector
    septal: Vector
    tricuspid_mm: Vector | None = None
    corner_mm: Vector | None = None
    aortic_mm: Vector | None = None
    source: str = "model"

    @property
    def up(self) -> Vector:
        """Unit vector from apex to base."""
        return unit(self.mitral_mm - self.apex_mm)

    @property
    def length_mm(self) -> float:
        """Apex to mitral centre."""
        return float(np.linalg.norm(self.mitral_mm - self.apex_mm))

    @property
    def anterior(self) -> Vector:
        """Unit vector across the axis towards the anterior wall: forwards or, in a lying heart, upwards."""
        side = cross(self.up, self.septal)
        return side if side @ np.array([0.0, -1.0, 1.0]) >= 0 else -side

    @property
    def middle_mm(self) -> Vector:
        """Half-way up the axis."""
        return np.asarray((self.apex_mm + self.mitral_mm) / 2)


def heart_frame(
    apex_mm: NDArray[np.floating],
    mitral_mm: NDArray[np.floating],
    rv_middle_mm: NDArray[np.floating],
    *,
    tricuspid_mm: NDArray[np.floating] | None = None,
    rv_points_mm: NDArray[np.floating] | None = None,
    aortic_mm: NDArray[np.floating] | None = None,
    source: str = "model",
) -> HeartFrame:
    """The frame from landmarks, (3,) each, and points (n, 3) of the right ventricle. MeshError where they coincide."""
    apex, mitral = np.asarray(apex_mm, np.float64), np.asarray(mitral_mm, np.float64)
    try:
        septal = across(unit(mitral - apex), np.asarray(rv_middle_mm, np.float64) - apex)
    except ValueError as error:
        raise MeshError("The heart's long axis is not known", remedy="Check apex and mitral valve") from error
    frame = HeartFrame(apex, mitral, septal, source=source)
    return replace(
        frame,
        tricuspid_mm=_beside(frame, tricuspid_mm),
        corner_mm=None if rv_points_mm is None else right_corner(frame, rv_points_mm),
        aortic_mm=_beside(frame, aortic_mm),
    )


def _beside(frame: HeartFrame, valve_mm: NDArray[np.floating] | None) -> Vector | None:
    """A valve's centre where it says a direction round the axis: not where it could not be told from the mitral one."""
    if valve_mm is None:
        return None
    away = np.asarray(valve_mm, np.float64) - frame.apex_mm
    aside = away - (away @ frame.up) * frame.up
    return np.asarray(valve_mm, np.float64) if np.linalg.norm(aside) > LEAST_ASIDE_MM else None


def across(axis: Vector, vector: Vector) -> Vector:
    """Unit vector of the part of a vector that is perpendicular to a unit axis."""
    return unit(vector - (vector @ axis) * axis)


def right_corner(frame: HeartFrame, points_mm: NDArray[np.floating]) -> Vector | None:
    """(3,) the right ventricle's far corner, where its free wall meets the diaphragm, from (n, 3) of its points.

    The mean of the points farthest from the left ventricle's axis at mid-height. None where there are too few.
    """
    away = np.asarray(points_mm, np.float64) - frame.apex_mm
    height = away @ frame.up / frame.length_mm
    side, front = away @ frame.septal, away @ frame.anterior
    angle = np.degrees(np.arctan2(front, side))
    where = (height > MID[0]) & (height < MID[1]) & (angle > CORNER_FROM_DEG) & (angle < CORNER_TO_DEG)
    if int(where.sum()) < 30:
        return None
    far = np.hypot(side, front)[where]
    farthest = np.argsort(far)[-max(int(CORNER_SHARE * len(far)), 10) :]
    return np.asarray(np.asarray(points_mm, np.float64)[where][farthest].mean(axis=0))


def cardiac_planes(frame: HeartFrame) -> dict[str, Plane]:
    """The four views that a frame allows, by name in VIEWS; without an aortic valve there is no three-chamber view."""
    up, middle = frame.up, frame.middle_mm
    right_heart = frame.tricuspid_mm if frame.tricuspid_mm is not None else frame.corner_mm
    septal = frame.septal if right_heart is None else across(up, right_heart - frame.apex_mm)
    planes = {
        SHORT: Plane(middle, -frame.septal, -frame.anterior),
        FOUR: Plane(middle, -septal, up),
        TWO: Plane(middle, frame.anterior, up),
    }
    if frame.aortic_mm is not None:
        planes[THREE] = Plane(middle, across(up, frame.aortic_mm - frame.apex_mm), up)
    return planes
