"""The beat of a typed heart: from end-diastole to end-systole and back, every frame with the volume of its moment.

The map is that of physics/kinematics.py: the endocardium moves inward and the base descends, the wall thickens because
it keeps its volume, the right free wall nears the septum. One number a ventricle is found so that its cavity has the
volume wanted. The long axis shortens by a quarter of the ejection fraction: 15 % at 60 %, which is 14 mm of a
ventricle of 95 mm (mitral excursion of 12 to 15 mm in health, Hu et al., Eur Heart J Cardiovasc Imaging 14:205, 2013).
"""

from dataclasses import replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from twinviewer.domain import MeshError, OrganMesh, Reporter, enclosed_volume_ml, silent
from twinviewer.geometry.attached import Attached
from twinviewer.geometry.quality import six_volumes
from twinviewer.organs.heart.template.typed_numbers import TypedHeart
from twinviewer.physics.heart_model import patches_of
from twinviewer.physics.kinematics import MotionField, limited, motion_field
from twinviewer.physics.wall_volume import Neighbours, even_out, keep_volumes

Array = NDArray[np.float64]
Index = NDArray[np.integer]

FRAMES, LEVELS = 30, 8
LENGTHWISE = 0.25
"""Long-axis shortening over ejection fraction, both as shares."""
RIGHT_FURTHER = 0.25
"""How much more of its length the right free wall shortens than the left wall, over the right ejection fraction: gives
a tricuspid excursion of about 18 mm at 56 % (17 mm and more in health: Rudski et al., J Am Soc Echocardiogr 23:685,
2010)."""
EMPTIED = ((0.0, 0.0), (0.06, 0.02), (0.14, 0.30), (0.24, 0.76), (0.32, 0.96), (0.37, 1.0), (0.42, 0.95), (0.50, 0.62),
           (0.58, 0.36), (0.68, 0.26), (0.82, 0.22), (0.92, 0.10), (1.0, 0.0))  # fmt: skip
"""Assumed course: share of the stroke volume that has left, over the fraction of the beat. End-systole at 37 %, early
filling, rest, atrial filling, as in a resting adult."""
_EVEN_ROUNDS, _AIMS, _CLOSE = 10, 12, 1e-3


def beat(mesh: OrganMesh, heart: TypedHeart, report: Reporter = silent) -> OrganMesh:
    """The mesh, which is its end-diastole, with FRAMES frames of motion. MeshError where the wall would fold."""
    field = motion_field(mesh, patches_of(mesh))
    poser = _Poser(mesh, field, heart)
    shares = np.linspace(0.0, 1.0, LEVELS + 1)
    poses = [mesh.points_mm.astype(np.float64)]
    for number, share in enumerate(shares[1:], start=1):
        report(0.9 * number / LEVELS, "Setting the heart moving")
        poses.append(poser.at(float(share)))
    fraction = np.arange(FRAMES) / FRAMES
    # both ends of the beat are frames: end-systole takes the place of the frame next to it
    when, emptied = np.array(EMPTIED).T
    shift = float(when[np.argmax(emptied)])
    fraction[np.argmin(np.abs(fraction - shift))] = shift
    course = np.clip(PchipInterpolator(when, emptied)(fraction), 0.0, 1.0)
    motion = _between(np.array(poses), shares, course).astype(np.float32)
    motion[0] = mesh.points_mm
    worst = min(float(six_volumes(frame[: mesh.wall_points].astype(np.float64), mesh.tets).min()) for frame in motion)
    if worst <= 0.0:
        raise MeshError("The wall would fold over itself on its way to end-systole", remedy="Type other numbers")
    for array in (motion, fraction):
        array.setflags(write=False)
    uid = sha256(motion.tobytes() + mesh.tets.tobytes()).hexdigest()[:16]
    report(1.0, f"{FRAMES} phases of {len(mesh.tets)} tetrahedra")
    return replace(
        mesh, points_mm=_read_only(motion[0].astype(np.float64)), motion_mm=motion, motion_fraction=fraction, uid=uid
    )


def _read_only(points: Array) -> Array:
    points.setflags(write=False)
    return points


def _between(poses: Array, shares: Array, course: Array) -> Array:
    """(t, n, 3) positions at shares (t,) of the way, piecewise cubic through those of ``poses`` at ``shares``."""
    flat = poses.reshape(len(poses), -1)
    out = np.empty((len(course), flat.shape[1]))
    for start in range(0, flat.shape[1], 60000):
        some = slice(start, start + 60000)
        out[:, some] = PchipInterpolator(shares, flat[:, some], axis=0)(course)
    return out.reshape(len(course), *poses.shape[1:])


class _Poser:
    """Positions of the whole mesh at a share of the way to end-systole, each starting from the one before."""

    def __init__(self, mesh: OrganMesh, field: MotionField, heart: TypedHeart) -> None:
        self.mesh, self.field, self.heart = mesh, field, heart
        self.neighbours = Neighbours.in_layers(mesh)
        self.attached = Attached(mesh)
        self.rest = mesh.points_mm.astype(np.float64)
        self.reference_ml = six_volumes(self.rest, mesh.tets) / 6000.0
        self.moved = [0.0, 0.0]
        self.correction = np.zeros_like(self.rest)

    def at(self, share: float) -> Array:
        heart = self.heart
        wanted = (
            heart.lv_edv_ml + share * (heart.lv_esv_ml - heart.lv_edv_ml),
            heart.rv_edv_ml + share * (heart.rv_esv_ml - heart.rv_edv_ml),
        )
        shortening = LENGTHWISE * heart.ef * share
        right_ef = 1.0 - heart.rv_esv_ml / heart.rv_edv_ml
        further = RIGHT_FURTHER * right_ef * share * self.field.right.length_mm
        aim = list(wanted)
        points, least = self.rest, 1.0
        for _ in range(_AIMS):
            points, least = self._placed(aim, shortening, further)
            got = [self.mesh.enclosed_ml(name, points) for name in ("lv_cavity", "rv_cavity")]
            if all(abs(g / w - 1.0) < _CLOSE for g, w in zip(got, wanted, strict=True)):
                break
            # evening out and the elements' volumes change the cavities a little: aim past them
            aim = [a * w / g for a, w, g in zip(aim, wanted, got, strict=True)]
        else:
            if any(abs(g / w - 1.0) > 8 * _CLOSE for g, w in zip(got, wanted, strict=True)):
                raise MeshError(
                    f"The heart does not empty to {wanted[0]:.0f} and {wanted[1]:.0f} mL: {got[0]:.0f} and "
                    f"{got[1]:.0f} mL is the nearest",
                    remedy="Type a larger end-systolic volume or a thinner wall",
                )
        if least <= 0.0:
            raise MeshError("The wall would fold over itself on its way to end-systole", remedy="Type other numbers")
        self.attached.follow(points, {"la": 1.0, "ra": 1.0})
        return points

    def _placed(self, aim: list[float], shortening: float, further: float) -> tuple[Array, float]:
        mesh, every = self.mesh, np.arange(len(self.rest))

        def placed(left: float, right: float, rows: NDArray[np.integer]) -> Array:
            u = limited(np.full(len(rows), left), self.field.most[rows])
            return self.field.place(rows, u, np.full(len(rows), right), shortening, further)

        for side, name in ((0, "lv_cavity"), (1, "rv_cavity")):
            triangles = mesh.surfaces[name]
            rows, local = np.unique(triangles, return_inverse=True)
            local = local.reshape(-1, 3)

            def miss(x: float, side: int = side, rows: NDArray[np.integer] = rows, local: Index = local) -> float:
                left, right = (x, self.moved[1]) if side == 0 else (self.moved[0], x)
                return enclosed_volume_ml(placed(left, right, rows), local) - aim[side]

            self.moved[side] = _secant(miss, self.moved[side], 1e-4 * aim[side])
        raw = placed(self.moved[0], self.moved[1], every)
        even = even_out(raw - self.rest, self.neighbours, _EVEN_ROUNDS) + 0.7 * self.correction
        points = self.rest + even
        _, least = keep_volumes(points, mesh.tets, self.reference_ml, self.neighbours)
        self.correction = points - self.rest - even + 0.7 * self.correction
        self.attached.close(points)
        return points, least


def _secant(miss, start: float, enough: float) -> float:  # type: ignore[no-untyped-def]
    """Where ``miss`` is 0; it changes steadily."""
    x0, m0 = start, miss(start)
    if abs(m0) < enough:
        return x0
    x1 = start + 0.02
    for _ in range(30):
        m1 = miss(x1)
        if abs(m1) < enough or m1 == m0:
            return x1
        x0, x1, m0 = x1, x1 - float(np.clip(m1 * (x1 - x0) / (m1 - m0), -0.25, 0.25)), m1
    return x1
