"""A generic adult heart made of balls (atlas.toml): tells where to expect which chamber, never where its edge is."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

LV_MYOCARDIUM, LV_BLOOD, RV_BLOOD, LA_BLOOD, RA_BLOOD, AORTA, PULMONARY_ARTERY, RV_MYOCARDIUM = range(1, 9)
OTHER = 9
"""Blood that belongs to no structure of the twin: superior vena cava, descending aorta, veins."""

NAMES = {
    LV_MYOCARDIUM: "lv_myocardium",
    LV_BLOOD: "lv_blood",
    RV_BLOOD: "rv_blood",
    LA_BLOOD: "la_blood",
    RA_BLOOD: "ra_blood",
    AORTA: "aorta",
    PULMONARY_ARTERY: "pulmonary_artery",
    RV_MYOCARDIUM: "rv_myocardium",
}
BLOOD_LABELS = (LV_BLOOD, RV_BLOOD, LA_BLOOD, RA_BLOOD, AORTA, PULMONARY_ARTERY)
RV_WALL_MM = 3.5
_BALL_OF = {
    LV_BLOOD: "lv_blood",
    RV_BLOOD: "rv_blood",
    LA_BLOOD: "la_blood",
    RA_BLOOD: "ra_blood",
    AORTA: "aorta",
    PULMONARY_ARTERY: "pulmonary_artery",
    OTHER: "other",
}


@dataclass(frozen=True, slots=True, eq=False)
class Atlas:
    """The atlas on a regular cloud of points: (n, 3) mm, label (n,), depth (n,) mm inside its own structure."""

    points_mm: NDArray[np.float64]
    label: NDArray[np.uint8]
    depth_mm: NDArray[np.float64]
    step_mm: float
    shape: tuple[int, int, int]
    origin_mm: NDArray[np.float64]

    @property
    def centre_mm(self) -> NDArray[np.float64]:
        """(3,) centre of the blood of the four chambers."""
        return np.asarray(self.points_mm[np.isin(self.label, (2, 3, 4, 5))].mean(axis=0))

    def mirrored(self) -> "Atlas":
        """Left and right exchanged, as in situs inversus."""
        flip = np.array([-1.0, 1.0, 1.0])
        origin = self.origin_mm.copy()
        origin[0] = -(origin[0] + (self.shape[2] - 1) * self.step_mm)
        points, label, depth = (
            array.reshape(*self.shape, *array.shape[1:])[:, :, ::-1].reshape(array.shape)
            for array in (self.points_mm * flip, self.label, self.depth_mm)
        )
        return Atlas(points, label, depth, self.step_mm, self.shape, origin)

    def label_grid(self) -> NDArray[np.uint8]:
        """(k, j, i) labels."""
        return self.label.reshape(self.shape)

    def depth_grid(self) -> NDArray[np.float64]:
        """(k, j, i) depth in mm inside its own structure; outside the heart the negative distance to it."""
        return self.depth_mm.reshape(self.shape)


def _balls() -> dict[str, NDArray[np.float64]]:
    with (Path(__file__).parent / "atlas.toml").open("rb") as file:
        return {name: np.array(rows, dtype=np.float64) for name, rows in tomllib.load(file).items()}


def _level(axes: list[NDArray[np.float64]], balls: NDArray[np.float64]) -> NDArray[np.float64]:
    """(z, y, x) depth in mm inside the union of balls, smoothly joined; negative outside, far away about -27."""
    softness, reach = 2.0, 12.0
    total = np.full(tuple(len(axis) for axis in axes[::-1]), 1e-6)
    for x, y, z, radius in balls:
        near = [
            slice(*np.searchsorted(axis, (c - radius - reach, c + radius + reach)))
            for axis, c in zip(axes[::-1], (z, y, x), strict=True)
        ]
        dz, dy, dx = (axis[part] - c for axis, part, c in zip(axes[::-1], near, (z, y, x), strict=True))
        distance = radius - np.sqrt(dz[:, None, None] ** 2 + dy[None, :, None] ** 2 + dx[None, None, :] ** 2)
        total[tuple(near)] += np.exp(np.maximum(distance, -reach) / softness)
    return np.asarray(softness * np.log(total))


@cache
def atlas(step_mm: float = 3.0, margin_mm: float = 21.0) -> Atlas:
    """The atlas sampled every ``step_mm``, with a margin round the heart."""
    balls = _balls()
    everything = np.concatenate([rows for name, rows in balls.items() if name != "other"])
    low = (everything[:, :3] - everything[:, 3:]).min(axis=0) - margin_mm
    high = (everything[:, :3] + everything[:, 3:]).max(axis=0) + margin_mm
    axes = [np.arange(a, b, step_mm) for a, b in zip(low, high, strict=True)]
    z, y, x = np.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
    points = np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)
    levels = {label: _level(axes, balls[name]).ravel() for label, name in _BALL_OF.items()}
    epicardium = _level(axes, balls["lv_epicardium"]).ravel()

    stack = np.stack([levels[label] for label in levels])
    winner = np.array(list(levels))[stack.argmax(axis=0)]
    depth = stack.max(axis=0)
    label = np.where(depth > 0, winner, 0).astype(np.uint8)
    wall = (label == 0) & (epicardium > 0)
    label[wall] = LV_MYOCARDIUM
    rv_wall = (label == 0) & (levels[RV_BLOOD] > -RV_WALL_MM)
    label[rv_wall] = RV_MYOCARDIUM
    shape = (len(axes[2]), len(axes[1]), len(axes[0]))
    grid = label.reshape(shape)
    depth_grid = np.full(shape, -np.inf)
    for value in np.unique(label):
        inside = ndimage.distance_transform_edt(grid == value, sampling=step_mm)
        depth_grid = np.where(grid == value, -inside if value == 0 else inside, depth_grid)
    depth = depth_grid.ravel()
    return Atlas(points, label, depth, step_mm, shape, low)
