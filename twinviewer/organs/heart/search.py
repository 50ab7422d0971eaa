"""Where a heart may lie: the atlas held against a scan at every place, in many attitudes and sizes, at once.

For one attitude the misfit at all shifts is a sum of correlations of the atlas' parts with maps of the scan, each a
product in Fourier space. So no start has to be guessed, and what is found does not hang on what else is in the scan.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage
from scipy.spatial.transform import Rotation

from twinviewer.domain import Reporter
from twinviewer.organs.heart.atlas import (
    AORTA,
    BLOOD_LABELS,
    LA_BLOOD,
    LV_BLOOD,
    LV_MYOCARDIUM,
    PULMONARY_ARTERY,
    RA_BLOOD,
    RV_BLOOD,
    RV_MYOCARDIUM,
    Atlas,
)
from twinviewer.segmentation.working_grid import WorkingGrid

Float = NDArray[np.float32]
Array = NDArray[np.float64]
CELL_MM = 8.0
BOTH, LEFT, RIGHT = "both", "left", "right"
LEFT_BLOOD = (LV_BLOOD, LA_BLOOD, AORTA)
RIGHT_BLOOD = (RV_BLOOD, RA_BLOOD, PULMONARY_ARTERY)
_ABOUT_UP_DEG = (-60.0, -40.0, -20.0, 0.0, 20.0, 40.0, 60.0)
_TILTS_DEG = ((0.0, 0.0), (25.0, 0.0), (-25.0, 0.0), (0.0, 25.0), (0.0, -25.0))
_SIZES = (0.9, 1.12)
_PARTS = {LEFT: LEFT_BLOOD, RIGHT: RIGHT_BLOOD}
PALE_WEIGHT = 0.5
"""Blood without contrast looks as muscle does: how much it counts that it does."""
_TURN_COST = 0.12**2
"""A turn costs its square in radians times this, here as in the fit that follows."""


def bright(opacified: str) -> tuple[int, ...]:
    """Labels whose blood carries contrast when this side does."""
    return BLOOD_LABELS if opacified == BOTH else LEFT_BLOOD if opacified == LEFT else RIGHT_BLOOD


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Points of the atlas that count: points_mm (n, 3) from its centre, kind (n,) label, weight (n,) with sum 1."""

    points_mm: Array
    kind: NDArray[np.uint8]
    weight: Array

    def thinned(self, every: int) -> "Sample":
        """Every so-manieth point."""
        weight = self.weight[::every]
        return Sample(self.points_mm[::every], self.kind[::every], weight / weight.sum())

    def nothing(self, opacified: str) -> float:
        """The misfit of a place without any blood, muscle all round: what a placement has to beat."""
        want, weight, _ = self.expects(opacified)
        return float((weight * want).sum())

    def expects(self, opacified: str) -> tuple[Array, Array, Array]:
        """(n,) blood that each point wants (0 or 1), and the weights of its blood and of its muscle misfit.

        opacified: which side of the heart carries contrast. Blood without contrast looks as muscle does.
        """
        want = np.isin(self.kind, bright(opacified)).astype(float)
        pale = np.isin(self.kind, BLOOD_LABELS) & (want == 0)
        soft = np.where(self.kind == LV_MYOCARDIUM, self.weight, np.where(pale, PALE_WEIGHT * self.weight, 0.0))
        return want, self.weight, soft


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A first guess: shift_mm (3,) LPS of the atlas' centre, turn (3,) rotation vector, size, its side.

    misfit: 0 where all is as the atlas has it, 1 where the scan is muscle all through."""

    shift_mm: Array
    turn: Array
    size: float
    misfit: float
    opacified: str


def sample(atlas: Atlas, most: int = 3500) -> Sample:
    """The atlas' blood, walls and the shell round it as at most about ``most`` points."""
    label, depth = atlas.label, atlas.depth_mm
    shell = (label == 0) & (depth < -4.0) & (depth > -13.0)
    chosen = np.flatnonzero(np.isin(label, (*BLOOD_LABELS, LV_MYOCARDIUM, RV_MYOCARDIUM)) | shell)
    chosen = chosen[:: max(1, chosen.size // most)]
    kind = label[chosen]
    weight = np.full(kind.shape, 1.0)
    for labels, value in (((0,), 0.7), ((LV_MYOCARDIUM,), 1.2), ((RV_MYOCARDIUM,), 0.3)):
        weight[np.isin(kind, labels)] = value
    # great vessels vary most and leave the scan first
    weight[np.isin(kind, (AORTA, PULMONARY_ARTERY))] = 0.4
    return Sample(atlas.points_mm[chosen] - atlas.centre_mm, kind, weight / weight.sum())


def attitudes() -> Iterator[tuple[Array, float]]:
    """(rotation vector (3,), size) of the attitudes that are tried."""
    for up in _ABOUT_UP_DEG:
        for tilt, roll in _TILTS_DEG:
            turn = Rotation.from_euler("xyz", [tilt, roll, up], degrees=True).as_rotvec()
            for size in _SIZES:
                yield np.asarray(turn), size


def candidates(
    chosen: Sample,
    blood: Float,
    muscle: Float,
    work: WorkingGrid,
    sides: tuple[str, ...],
    report: Reporter,
    each: int = 3,
) -> list[Candidate]:
    """The best ``each`` placements of each side, unlike each other, best first within a side.

    blood, muscle: (k, j, i) soft maps 0..1 on ``work``.
    """
    step = max(1, round(CELL_MM / work.spacing_mm))
    cell = step * work.spacing_mm
    maps = [ndimage.gaussian_filter(m, 0.6 * step, mode="nearest")[::step, ::step, ::step] for m in (blood, muscle)]
    half = int(np.ceil(np.linalg.norm(chosen.points_mm, axis=1).max() * max(_SIZES) / cell)) + 1
    shape = [fft.next_fast_len(n + 2 * half, real=True) for n in maps[0].shape]
    inner = tuple(slice(half, half + n) for n in maps[0].shape)

    def field(values: Float, beyond: float) -> NDArray[np.complexfloating]:
        whole = np.full(shape, beyond, dtype=np.float32)  # beyond the scan: as if all were muscle
        whole[inner] = values
        return np.asarray(fft.rfftn(whole))

    b, m = maps
    dark = field(b**2, 0.0)  # misfit of blood where none is wanted
    gain = field(1.0 - 2.0 * b, 1.0)  # what wanting blood adds to it
    soft = field((m - 1.0) ** 2, 0.0)
    # what a side expects is a sum over the left blood, the right blood and the left wall
    parts = {name: chosen.weight * np.isin(chosen.kind, labels) for name, labels in _PARTS.items()}
    of_wall = chosen.expects(BOTH)[2]
    found: dict[str, list[Candidate]] = {side: [] for side in sides}
    tried = list(attitudes())
    for number, (turn, size) in enumerate(tried):
        if number % 7 == 0:
            report(number / len(tried), "Looking for the heart")
        # cells k, j, i of each point from the kernel's middle
        where = (chosen.points_mm * size) @ Rotation.from_rotvec(turn).as_matrix().T / cell
        cells = np.rint(where[:, ::-1]).astype(int) + half
        flat = np.ravel_multi_index(tuple(np.mod(cells, shape).T), shape)

        def kernel(weights: Array, flat: NDArray[np.intp] = flat) -> NDArray[np.complexfloating]:
            made = np.bincount(flat, weights=weights, minlength=int(np.prod(shape)))
            return np.conj(fft.rfftn(made.reshape(shape).astype(np.float32)))

        everywhere = dark * kernel(chosen.weight) + soft * kernel(of_wall)
        blood_of = {name: kernel(weights) for name, weights in parts.items()}
        for side in sides:
            sums = everywhere
            for name, seen in blood_of.items():
                sums = sums + (gain if side in (name, BOTH) else PALE_WEIGHT * soft) * seen
            misfit = fft.irfftn(sums, s=shape)
            # the atlas' middle lies in the scan
            here = misfit[tuple(slice(0, n) for n in maps[0].shape)]
            best = np.unravel_index(int(np.argmin(here)), here.shape)
            centre = work.to_mm(np.array([best], dtype=float) * step)[0]
            cost = (float(here[best]) + _TURN_COST * float(turn @ turn)) / chosen.nothing(side)
            found[side].append(Candidate(centre, turn, size, cost, side))
    return [one for side in sides for one in _unlike(found[side], each)]


def _unlike(found: list[Candidate], each: int) -> list[Candidate]:
    """The best ones that are more than 15 mm or 15 degrees apart."""
    kept: list[Candidate] = []
    for one in sorted(found, key=lambda c: c.misfit):
        turn = Rotation.from_rotvec(one.turn)
        near = (
            np.linalg.norm(one.shift_mm - other.shift_mm) < 15.0
            and (turn * Rotation.from_rotvec(other.turn).inv()).magnitude() < np.deg2rad(15.0)
            for other in kept
        )
        if not any(near):
            kept.append(one)
        if len(kept) == each:
            break
    return kept
