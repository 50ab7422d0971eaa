"""Pictures of the validation: volumes over the beat, and the model on the images beside the published surfaces."""

from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pyvista as pv
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from numpy.typing import NDArray
from PIL import Image

from tests.validation.measured import Line
from tests.validation.published import PHASES, SURFACES, Published
from twinviewer.domain import CineContours, CinePlane, CineStack, OrganMesh
from twinviewer.geometry.plane_cut import cut_lines
from twinviewer.segmentation.cine.phases import beat_fraction

matplotlib.use("Agg")
INK = {"LV": "#d1495b", "RV": "#2e86ab", "epicardium": "#3c9d5c"}
_OURS = {"LV": "lv_endocardium", "RV": "rv_endocardium", "epicardium": "epicardium"}
_AROUND_MM = 14.0


def curves(path: Path, line: Line, truth: Published) -> None:
    """LV and RV volume over the beat: model, discs and published."""
    figure, every = plt.subplots(1, 2, figsize=(9.0, 3.2), sharey=True)
    theirs = np.arange(PHASES) / PHASES
    for axes, side, model, discs, known in (
        (every[0], "LV", line.lv_ml, line.discs_lv_ml, truth.lv_ml),
        (every[1], "RV", line.rv_ml, line.discs_rv_ml, truth.rv_ml),
    ):
        axes.plot(theirs, known, "--", color="0.35", label="published surface")
        if discs:
            axes.plot(line.discs_fraction, discs, "o", ms=3, mfc="none", color=INK[side], label="discs")
        axes.plot(line.fraction, model, color=INK[side], label="model")
        axes.set(
            title=side, xlabel="of the beat", xlim=(0, 1), ylim=(0, 1.05 * max(truth.lv_ml.max(), truth.rv_ml.max()))
        )
        axes.legend(frameon=False, fontsize=8, loc="lower right")
        axes.spines[["top", "right"]].set_visible(False)
    every[0].set_ylabel("mL")
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    plt.close(figure)


def planes(path: Path, stack: CineStack, contours: CineContours, mesh: OrganMesh, truth: Published) -> None:
    """Two short and two long axes at end diastole (above) and end systole: model in full, published dashed."""
    short = contours.short_axis
    long = [i for i in range(len(stack.planes)) if i not in short]
    mean = {i: stack.planes[i].normal for i in long}
    # the long axis most across the first
    other = min(long[1:], key=lambda i: abs(float(mean[i] @ mean[long[0]])), default=long[0])
    shown = [short[1], short[len(short) // 2], long[0], other]
    figure, every = plt.subplots(2, 4, figsize=(11.0, 5.6))
    for row, phase in enumerate((0, int(np.argmin(truth.lv_ml)))):
        for axes, number in zip(every[row], shown, strict=True):
            _one(axes, stack.planes[number], number, phase, contours, mesh, truth)
            if row == 0:
                axes.set_title(stack.planes[number].label, fontsize=9)
        every[row][0].set_ylabel("end systole" if row else "end diastole")
    figure.tight_layout(pad=0.3)
    figure.savefig(path, dpi=70)
    plt.close(figure)
    smaller(path)


def smaller(path: Path) -> None:
    """The same picture in 96 colours: grey images and six inks need no more, and the repository stays small."""
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(96)
    few.save(path, optimize=True)


def _one(
    axes: Axes, plane: CinePlane, number: int, phase: int, contours: CineContours, mesh: OrganMesh, truth: Published
) -> None:
    assert mesh.motion_mm is not None and mesh.motion_fraction is not None
    fraction = phase / PHASES
    frame = plane.frames[int(np.argmin(np.abs(beat_fraction(plane) - fraction)))]
    axes.imshow(frame, cmap="gray", vmax=float(np.percentile(frame, 99.5)))
    axes.set(xticks=[], yticks=[])
    ours = mesh.motion_mm[int(np.argmin(np.abs(mesh.motion_fraction - fraction)))]
    # the model lies where the breath-holds agree: the plane is brought there
    here = plane
    if contours.shift_mm is not None:
        affine = plane.affine.copy()
        affine[:3, 3] += contours.shift_mm[number]
        here = replace(plane, affine=affine)
    reached = []
    for name in SURFACES:
        for line in cut_lines(ours, mesh.surfaces[_OURS[name]], here.affine[:3, 3], here.normal):
            pixels = _pixels(line, here)
            reached.append(pixels)
            axes.plot(*pixels.T, color=INK[name], lw=1.3)
        cut = truth.surfaces[name][phase].slice(normal=plane.normal, origin=plane.affine[:3, 3])
        if isinstance(cut, pv.PolyData) and cut.n_points:
            pixels = _pixels(np.asarray(cut.points, dtype=float), plane)
            for ends in cut.lines.reshape(-1, 3)[:, 1:]:
                axes.plot(*pixels[ends].T, ":", color="w", lw=1.0)
    if reached:
        every = np.concatenate(reached)
        edge = _AROUND_MM / float(np.linalg.norm(plane.affine[:3, 0]))
        (left, top), (right, bottom) = every.min(axis=0) - edge, every.max(axis=0) + edge
        axes.set(xlim=(left, right), ylim=(bottom, top))


def _pixels(points_mm: NDArray[np.float64], plane: CinePlane) -> NDArray[np.float64]:
    inverse = np.linalg.inv(plane.affine)
    out: NDArray[np.float64] = points_mm @ inverse[:2, :3].T + inverse[:2, 3]
    return out
