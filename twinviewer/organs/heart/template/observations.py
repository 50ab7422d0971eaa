"""What the images say about one moment of the beat: points that faces of the wall pass through, and anchored places."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineContours, CinePlane, CinePoint, CineStack
from twinviewer.segmentation.cine.phases import beat_fraction, shows

Array = NDArray[np.float64]
STRUCTURES = ("lv_endocardium", "lv_epicardium", "rv_endocardium")
SPACING_MM = 3.0
LEAST_MM2 = 40.0
"""A contour smaller than this says nothing that a model of the heart could follow."""
NARROW_MM = 7.0
SMALL_MM2 = 300.0


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """Points on contours at one moment. by structure: points_mm (p, 3) LPS; outward (p, 3) unit vectors in the plane
    of the image, out of the contour; trust (p,) 0..1. places: the named points of that moment. rings: whole contours of
    the right ventricle with their plane and trust, beyond which the model should not reach in that plane."""

    points_mm: dict[str, Array]
    outward: dict[str, Array]
    trust: dict[str, Array]
    places: tuple[CinePoint, ...] = ()
    rings: tuple[tuple[CinePlane, Array, float], ...] = ()

    def with_borders(self, found: Iterable[Mapping[str, tuple[Array, Array, Array]]], share: float) -> "Observations":
        """With border points of long axes added, their trust times ``share``."""
        several = list(found)

        def joined(old: dict[str, Array], which: int, factor: float) -> dict[str, Array]:
            return {
                name: np.concatenate([have, *(factor * one[name][which] for one in several if name in one)])
                for name, have in old.items()
            }

        return Observations(
            joined(self.points_mm, 0, 1.0),
            joined(self.outward, 1, 1.0),
            joined(self.trust, 2, share),
            self.places,
            self.rings,
        )


def aligned(contours: CineContours, stack: CineStack) -> tuple[CineContours, CineStack]:
    """Contours and images with every plane where its breath-hold's shift puts it."""
    shift = contours.shift_mm
    if shift is None:
        return contours, stack
    planes = []
    for plane, by in zip(stack.planes, shift, strict=True):
        affine = plane.affine.copy()
        affine[:3, 3] += by
        planes.append(replace(plane, affine=affine))
    moved = replace(
        contours,
        contours=tuple(replace(c, points_mm=c.points_mm + shift[c.plane]) for c in contours.contours),
        points=tuple(replace(p, point_mm=p.point_mm + shift[p.plane]) for p in contours.points),
        shift_mm=None,
    )
    return moved, replace(stack, planes=tuple(planes))


def observe(contours: CineContours, stack: CineStack, fraction: float) -> Observations:
    """All contours at the phase of each plane that is nearest to this fraction of the beat, if it shows that moment."""
    points: dict[str, list[Array]] = {name: [] for name in STRUCTURES}
    facing: dict[str, list[Array]] = {name: [] for name in STRUCTURES}
    trust: dict[str, list[Array]] = {name: [] for name in STRUCTURES}
    rings: list[tuple[CinePlane, Array, float]] = []
    phase = [nearest_phase(plane, fraction) if shows(plane, fraction) else None for plane in stack.planes]
    widest: dict[int, float] = {}
    for contour in contours.contours:
        if contour.structure == "rv_endocardium":
            widest[contour.plane] = max(widest.get(contour.plane, 0.0), contour.area_mm2)
    for contour in contours.contours:
        if contour.phase != phase[contour.plane] or contour.area_mm2 < LEAST_MM2:
            continue
        spread = evenly(contour.points_mm, SPACING_MM)
        out = outward(spread, stack.planes[contour.plane].normal)
        certain = np.ones(len(spread))
        if contour.structure == "rv_endocardium":
            # a sliver between free wall and septum is as likely fat in the groove as blood
            certain = np.clip(width_mm(spread, out) / NARROW_MM - 0.5, 0.0, 1.0)
            # and so is a small spot beyond the apex, unless it is what is left of a cavity that has emptied
            sure = float(np.clip(widest[contour.plane] / SMALL_MM2 - 0.5, 0.0, 1.0))
            certain *= sure
            rings.append((stack.planes[contour.plane], evenly(contour.points_mm, 1.5), sure * contour.confidence))
        points[contour.structure].append(spread)
        facing[contour.structure].append(out)
        trust[contour.structure].append(certain * contour.confidence)
    return Observations(
        {name: _joined(found, 3) for name, found in points.items()},
        {name: _joined(found, 3) for name, found in facing.items()},
        {name: np.concatenate(found) if found else np.zeros(0) for name, found in trust.items()},
        tuple(p for p in contours.points if p.phase == phase[p.plane]),
        tuple(rings),
    )


def nearest_phase(plane: CinePlane, fraction: float) -> int:
    """The frame of a plane whose place in its own beat is nearest."""
    gap = np.abs(beat_fraction(plane) - fraction)
    return int(np.argmin(np.minimum(gap, 1.0 - gap)))


def evenly(closed_mm: Array, spacing_mm: float) -> Array:
    """(n, 3) points of a closed polygon, resampled at even arc length."""
    around = np.concatenate([closed_mm, closed_mm[:1]])
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(around, axis=0), axis=1))])
    count = max(int(length[-1] / spacing_mm), 8)
    at = np.linspace(0.0, length[-1], count, endpoint=False)
    return np.stack([np.interp(at, length, around[:, i]) for i in range(3)], axis=1)


def width_mm(closed_mm: Array, outward: Array) -> Array:
    """(n,) how far it is from each point of a closed polygon straight across to its other side."""
    start, end = closed_mm, np.roll(closed_mm, -1, axis=0)
    ray = -outward
    # point + s ray = start + u (end - start), solved in the polygon's plane for every pair
    edge = end - start
    between = start[None] - closed_mm[:, None]
    normal = np.cross(ray[0], edge[0])
    normal = normal / max(float(np.linalg.norm(normal)), 1e-9)

    def cross(a: Array, b: Array) -> Array:
        return np.asarray(np.cross(a, b) @ normal)

    below = cross(ray[:, None], edge[None])
    below = np.where(np.abs(below) < 1e-9, 1e-9, below)
    s = cross(between, np.broadcast_to(edge[None], between.shape)) / below
    u = cross(between, np.broadcast_to(ray[:, None], between.shape)) / below
    hit = (u >= 0.0) & (u <= 1.0) & (s > 0.5)
    return np.where(hit, s, np.inf).min(axis=1, initial=np.inf)


def outward(closed_mm: Array, normal: Array) -> Array:
    """(n, 3) unit vectors in the plane of a closed polygon that look out of it. normal: (3,) of the plane."""
    along = np.roll(closed_mm, -1, axis=0) - np.roll(closed_mm, 1, axis=0)
    out = np.cross(along, normal)
    out /= np.maximum(np.linalg.norm(out, axis=1), 1e-9)[:, None]
    # the sum of outward vectors times places is twice the area, hence positive
    return out * np.sign((out * (closed_mm - closed_mm.mean(axis=0))).sum())


def _joined(found: list[Array], width: int) -> Array:
    return np.concatenate(found) if found else np.zeros((0, width))
