"""The chest around the demo heart: what does not move. Painted back to front into an array of HU.

A generic adult chest, not measured from anyone: skin, fat, muscle, ribs, sternum, spine, lungs with vessels and
airways, mediastinal fat, oesophagus, liver, stomach and diaphragm.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Grid, Reporter, silent
from twinviewer.organs.heart.demo.implicit import Array, ellipsoid, tube, union

HU = {
    "air": -1000.0, "skin": 35.0, "fat": -105.0, "muscle": 58.0, "lung": -865.0, "mediastinum": -92.0,
    "cortical": 620.0, "marrow": 215.0, "disc": 85.0, "cartilage": 130.0, "liver": 88.0, "stomach": 45.0,
    "spleen": 110.0, "airway": -980.0, "oesophagus": 42.0, "vessel": 240.0, "cord": 35.0, "diaphragm": 50.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """HU on a grid of voxels along L, P, S, with its coordinates along each axis. hu: (k, j, i) float32."""

    hu: NDArray[np.float32]
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    z: NDArray[np.float32]
    voxel_mm: float

    def box(self, low: Sequence[float], high: Sequence[float]) -> tuple[slice, slice, slice]:
        """Index ranges (k, j, i) of the voxels inside a box in mm."""
        return tuple(  # type: ignore[return-value]
            slice(int(np.searchsorted(axis, a)), int(np.searchsorted(axis, b)))
            for axis, a, b in ((self.z, low[2], high[2]), (self.y, low[1], high[1]), (self.x, low[0], high[0]))
        )

    def at(self, where: tuple[slice, slice, slice]) -> tuple[Array, Array, Array]:
        """x, y, z of the voxels of a box, ready to broadcast."""
        return self.x[None, None, where[2]], self.y[None, where[1], None], self.z[where[0], None, None]

    def paint(
        self,
        distance: Array,
        value: float | Array,
        where: tuple[slice, slice, slice] | None = None,
        gate: Array | None = None,
    ) -> None:
        """Blend a solid in by its coverage of each voxel; ``gate`` scales the coverage."""
        cover = np.clip(0.5 - distance / np.float32(self.voxel_mm), 0, 1)
        if gate is not None:
            cover = cover * gate
        part = self.hu if where is None else self.hu[where]
        part += cover * (value - part)

    def paint_tube(
        self, nodes: NDArray[np.floating], radii: Sequence[float], value: float, gate: Array | None = None
    ) -> None:
        """A tube, segment by segment so that each touches only its own box."""
        for a, b, first, second in zip(nodes[:-1], nodes[1:], radii[:-1], radii[1:], strict=True):
            margin = max(first, second) + 2 * self.voxel_mm
            where = self.box(np.minimum(a, b) - margin, np.maximum(a, b) + margin)
            if any(s.stop <= s.start for s in where):
                continue
            x, y, z = _full(*self.at(where))
            distance = tube(x, y, z, [a, b], [first, second])
            self.paint(distance, value, where, None if gate is None else gate[where])


def canvas(grid: Grid) -> Canvas:
    """Air on this grid."""
    k, j, i = grid.shape
    spacing = grid.spacing_mm
    start = grid.affine[:3, 3]
    x, y, z = ((start[a] + spacing[a] * np.arange(n)).astype(np.float32) for a, n in ((0, i), (1, j), (2, k)))
    return Canvas(np.full(grid.shape, HU["air"], np.float32), x, y, z, float(np.mean(spacing)))


def paint_thorax(
    picture: Canvas, lung_ends: Sequence[tuple[NDArray[np.float64], NDArray[np.float64], float]], seed: int,
    report: Reporter = silent,
) -> None:  # fmt: skip
    """Paint the chest.

    lung_ends: where vessels leave the heart's part for the lungs: position, direction (LPS) and radius in mm.
    """
    draw = np.random.default_rng([seed, 2])
    everything = picture.box([-1e4] * 3, [1e4] * 3)
    x, y, z = picture.at(everything)
    body = _column(x, y, (0.0, 2.0), (176.0, 131.0), 2.6)
    picture.paint(body, HU["skin"])
    picture.paint(body + 2.2, HU["fat"])
    # the cage narrows upwards
    cage = _column(x, y, (0.0, -3.0), (141.0, 97.0), 2.5) + np.float32(0.07) * np.maximum(z - 10, 0)
    _pectorals(picture, body)
    picture.paint(cage - 9, HU["muscle"])
    report(0.2, "Painting the chest")
    back = np.minimum(_column(x, y, (-34.0, 104.0), (30.0, 21.0), 2.2), _column(x, y, (34.0, 104.0), (30.0, 21.0), 2.2))
    picture.paint(np.maximum(back, body + 6) + 0 * z, HU["muscle"])
    picture.paint(cage - 1.2, HU["fat"])
    report(0.3, "Painting the chest")

    spine = _column(x, y, (0.0, 70.0), (27.0, 25.0), 2.2)
    lung = np.maximum(cage, -spine - 0 * z)
    middle = _mediastinum(x, y, z)
    lung = np.maximum(lung, -middle)
    dome = _domes(x, y, z)
    lung = np.maximum(lung, -dome)
    picture.paint(np.maximum(middle, cage), HU["mediastinum"])
    # denser towards the back, as in a patient who lies on it
    shade = HU["lung"] + 0.35 * (y + 20) + 0 * z
    picture.paint(lung, shade.astype(np.float32))
    gate = np.clip(0.5 - (lung + 1.0) / np.float32(picture.voxel_mm), 0, 1)
    report(0.45, "Painting the chest")
    _abdomen(picture, cage, dome)
    report(0.6, "Painting the chest")
    for position, direction, radius in lung_ends:
        _vessel_tree(picture, position, direction, radius, draw, gate, depth=6)
    _airways(picture)
    report(0.8, "Painting the chest")
    _spine(picture)
    _ribs(picture)
    report(1.0, "Painting the chest")


def _pectorals(picture: Canvas, body: Array) -> None:
    where = picture.box([-1e4, -130.0, 0.0], [1e4, -90.0, 1e4])
    x, y, z = picture.at(where)
    right = ellipsoid(x, y, z, (70.0, -112.0, 70.0), (62.0, 16.0, 60.0))
    left = ellipsoid(x, y, z, (-70.0, -112.0, 70.0), (62.0, 16.0, 60.0))
    picture.paint(np.maximum(np.minimum(left, right), body[0:1, where[1], where[2]] + 5), HU["muscle"], where)


def _full(x: Array, y: Array, z: Array) -> tuple[Array, Array, Array]:
    a, b, c = np.broadcast_arrays(x, y, z)
    return a, b, c


def _column(x: Array, y: Array, centre: tuple[float, float], half: tuple[float, float], power: float) -> Array:
    """Upright superellipse; about a distance near its edge."""
    u, v = np.abs(x - centre[0]) / np.float32(half[0]), np.abs(y - centre[1]) / np.float32(half[1])
    level = (u**power + v**power) ** np.float32(1 / power)
    return ((level - 1) * np.float32(min(half))).astype(np.float32)


def _mediastinum(x: Array, y: Array, z: Array) -> Array:
    """What parts the lungs: wide behind the heart and at the great vessels, thin behind the sternum."""
    behind = _column(x, y, (12.0, 46.0), (36.0, 26.0), 2.2) + 0 * z
    vessels = ellipsoid(x, y, z, (-3.0, 2.0, 100.0), (45.0, 52.0, 78.0))
    front = _column(x, y, (2.0, -92.0), (9.0, 42.0), 2.0) + np.float32(0.04) * np.abs(z - 45)
    hilum = ellipsoid(x, y, z, (8.0, 22.0, 22.0), (66.0, 24.0, 34.0))
    return union(union(union(behind, vessels, 20.0), front, 20.0), hilum, 16.0).astype(np.float32)


def _domes(x: Array, y: Array, z: Array) -> Array:
    """What lies below the diaphragm."""
    right = ellipsoid(x, y, z, (-62.0, 0.0, -142.0), (92.0, 100.0, 104.0))
    left = ellipsoid(x, y, z, (76.0, 16.0, -156.0), (80.0, 92.0, 98.0))
    under_heart = ellipsoid(x, y, z, (14.0, -24.0, -170.0), (120.0, 110.0, 104.0))
    return union(union(right, left, 24.0), under_heart, 20.0)


def _abdomen(picture: Canvas, cage: Array, dome: Array) -> None:
    where = picture.box([-1e4, -1e4, -1e4], [1e4, 1e4, -20.0])
    x, y, z = picture.at(where)
    inside = np.maximum(dome[where], cage[where])
    picture.paint(inside, HU["diaphragm"], where)
    picture.paint(inside + 3.0, HU["fat"], where)
    liver = union(
        ellipsoid(x, y, z, (-62.0, 0.0, -142.0), (90.0, 98.0, 101.0)),
        ellipsoid(x, y, z, (12.0, -48.0, -132.0), (70.0, 44.0, 66.0)), 20.0,
    )  # fmt: skip
    picture.paint(np.maximum(liver, inside + 3.0), HU["liver"], where)
    stomach = ellipsoid(x, y, z, (74.0, -14.0, -128.0), (44.0, 40.0, 62.0))
    stomach = np.maximum(stomach, np.maximum(inside + 4.0, -liver + 3.0))
    picture.paint(stomach, HU["stomach"], where)
    # swallowed air lies in front
    picture.paint(np.maximum(stomach + 4.0, y + 26 + 0 * x + 0 * z), HU["airway"], where)
    spleen = np.maximum(ellipsoid(x, y, z, (106.0, 50.0, -128.0), (32.0, 44.0, 58.0)), inside + 3.0)
    picture.paint(np.maximum(spleen, -stomach + 3.0), HU["spleen"], where)


def _airways(picture: Canvas) -> None:
    carina = np.array([4.0, 26.0, 48.0])
    trachea = np.array([carina + [0, 0, 3], carina + [-3, -3, 40], carina + [-4, -8, 120]])
    left = np.array([carina, carina + [24, 8, -14], carina + [42, 16, -24], carina + [58, 24, -40]])
    right = np.array([carina, carina + [-20, 6, -12], carina + [-36, 14, -26], carina + [-48, 24, -46]])
    for wall, value in ((1.5, HU["muscle"]), (0.0, HU["airway"])):
        picture.paint_tube(trachea, [9.0 + wall] * 3, value)
        picture.paint_tube(left, [7.0 + wall, 6.5 + wall, 5.0 + wall, 2.5 + wall], value)
        picture.paint_tube(right, [7.5 + wall, 7.0 + wall, 5.5 + wall, 2.5 + wall], value)
    gullet = np.array([[4, 42, 140], [6, 43, 50], [10, 43, 0], [16, 40, -60], [22, 26, -110]], dtype=np.float64)
    picture.paint_tube(gullet, [7.0, 7.5, 7.0, 7.5, 9.0], HU["oesophagus"])
    picture.paint_tube(gullet[:3], [1.8, 2.0, 1.5], -500.0)


def _vessel_tree(
    picture: Canvas, position: NDArray[np.float64], direction: NDArray[np.float64], radius: float,
    draw: np.random.Generator, gate: Array, depth: int,
) -> None:  # fmt: skip
    """A vessel that forks into two until it is thinner than a voxel shows."""
    direction = direction / np.linalg.norm(direction)
    length = radius * draw.uniform(3.2, 4.6) + 6
    end = position + length * direction
    picture.paint_tube(np.array([position, end]), [radius, 0.9 * radius], HU["vessel"], gate)
    if depth == 0 or radius < 0.55:
        return
    aside = np.cross(direction, draw.normal(size=3))
    aside /= np.linalg.norm(aside)
    outward = end - np.array([10.0, 10.0, 10.0])
    outward = outward / np.linalg.norm(outward)
    for sign, share in ((1.0, draw.uniform(0.72, 0.86)), (-1.0, draw.uniform(0.6, 0.76))):
        way = direction + sign * draw.uniform(0.45, 0.75) * aside + 0.35 * outward
        _vessel_tree(picture, end, way, radius * share, draw, gate, depth - 1)


def _spine(picture: Canvas) -> None:
    period = 25.5
    where = picture.box([-48, 38, -1e4], [48, 140, 1e4])
    x, y, z = picture.at(where)
    level = (z + 7.0) % period - period / 2  # 0 in the middle of a vertebra
    height = np.abs(level) - np.float32(0.5 * period - 2.6)
    waist = np.float32(1.6) * (1 - np.clip(np.abs(level) / 10, 0, 1) ** 2)
    body = np.maximum(_column(x, y, (0.0, 66.0), (18.5, 15.0), 2.3) + waist, height)
    body = np.maximum(body, -_column(x, y, (0.0, 88.0), (13.0, 11.0), 2.0) - 0 * z)
    picture.paint(_column(x, y, (0.0, 66.0), (18.0, 14.5), 2.3) + 0 * z, HU["disc"], where)
    picture.paint(body, HU["cortical"] - 120, where)
    picture.paint(body + 1.6, HU["marrow"], where)
    arch = np.abs(_column(x, y, (0.0, 88.5), (14.5, 13.0), 2.0)) - 3.2 + 0 * z
    arch = np.maximum(arch, np.abs(level + 3) - 8.5)
    full = _full(x, y, z)
    process = np.maximum(np.abs(full[0]) - 3.0, np.maximum(full[1] - 126, 100 - full[1]))
    process = np.maximum(process, np.abs(level + 8 + 0 * x + 0 * y) - 6.0)
    wings = np.maximum(np.abs(np.abs(full[0]) - 26) - 12, np.maximum(np.abs(full[1] - 94) - 4.5, np.abs(level) - 5.0))
    bone = union(union(arch + 0 * process, process, 4.0), wings, 4.0).astype(np.float32)
    picture.paint(bone, HU["cortical"] - 80, where)
    picture.paint(bone + 2.2, HU["marrow"], where)
    canal = _column(x, y, (0.0, 88.0), (10.0, 8.5), 2.0) + 0 * z
    picture.paint(canal, -20.0, where)
    picture.paint(_column(x, y, (0.0, 88.0), (6.0, 5.0), 2.0) + 0 * z, HU["cord"], where)


def _ribs(picture: Canvas) -> None:
    for number in range(-3, 9):
        for side in (-1.0, 1.0):
            # from the spine round the cage and down to the front; the last third is cartilage
            turn = np.linspace(0.15 * np.pi, 0.93 * np.pi, 22)
            level = 25.5 * number - 26 - 58 * (turn / np.pi) ** 1.1 + 18 * np.maximum(turn / np.pi - 0.72, 0) / 0.21
            shrink = 0.07 * np.maximum(level - 10, 0)
            u, v = np.sin(turn), np.cos(turn)
            norm = (np.abs(u) ** 2.5 + np.abs(v) ** 2.5) ** (1 / 2.5)
            line = np.stack([side * (145.5 - shrink) * u / norm, -3 + (101.5 - shrink) * v / norm, level], axis=1)
            picture.paint_tube(line[:18], [5.0] * 18, HU["cortical"])
            picture.paint_tube(line[:18], [3.0] * 18, HU["marrow"])
            front = np.concatenate([line[17:], [[side * 17.0, -104.0, level[-1] + 3]]])
            picture.paint_tube(front, [5.5] * len(front), HU["cartilage"])
    where = picture.box([-26, -122, -60], [26, -90, 160])
    x, y, z = picture.at(where)
    half = 15.0 + 7.0 * np.clip((z - 70) / 30, 0, 1)
    slant = -104.5 + 0.05 * np.maximum(z - 20, 0)
    sternum = np.maximum(np.abs(x) - half, np.maximum(np.abs(y - slant) - 5.5, -z - 52))
    picture.paint(sternum.astype(np.float32), HU["cortical"] - 100, where)
    picture.paint((sternum + 1.8).astype(np.float32), HU["marrow"] - 40, where)
