"""Where the tissue of one phase lies in the others: images and labels of all phases registered to one of them.

Symmetric-forces demons (Vercauteren T et al. NeuroImage 2009;45:S61) by SimpleITK. Opacified blood has no texture, so
each image is painted with its labels: the borders of cavities, atria and vessels pull where grey values do not, and
what the image does show besides (papillary muscles, coronaries, fat) is added. Every phase is registered to the
reference itself, starting from what its neighbour in time found: nothing is summed up over the beat, so nothing drifts,
and the beat closes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import LabelMap, Reporter, Volume, silent
from twinviewer.organs.heart.motion.phases import Phases
from twinviewer.segmentation.working_grid import WorkingGrid, covering, image_on

Array = NDArray[np.float64]
Float = NDArray[np.float32]

SPACING_MM = 4.0
MARGIN_MM = 15.0
ITERATIONS = 40
SMOOTH_MM = 8.0
STEP_VOXELS = 2.0
WALL, VENTRICLE, BEYOND = 1.0, 2.5, 3.5
PAINT: Mapping[str, float] = {
    "lv_myocardium": WALL,
    "rv_myocardium": WALL,
    "lv_blood": VENTRICLE,
    "rv_blood": VENTRICLE,
    "la_blood": BEYOND,
    "ra_blood": BEYOND,
    "aorta": BEYOND,
    "pulmonary_artery": BEYOND,
}
"""What a structure looks like: a step at every border that moves, also across the open valves."""
SEEN = 1.0  # what the image adds between muscle and blood
_PAINT_BLUR, _IMAGE_BLUR = 0.7, 0.3  # voxels


@dataclass(frozen=True, slots=True, eq=False)
class Displacement:
    """mm: (k, j, i, 3) on a grid, components along LPS: tissue at x in the reference lies at x + mm."""

    work: WorkingGrid
    mm: NDArray[np.floating]

    def at(self, points_mm: Array) -> Array:
        """(n, 3) at (n, 3) places in mm, trilinear; beyond the grid that of its edge."""
        where = self.work.to_kji(points_mm).T
        return np.stack(
            [
                ndimage.map_coordinates(self.mm[..., axis], where, order=1, mode="nearest", output=np.float64)
                for axis in range(3)
            ],
            axis=1,
        )


def grid_round(labels: LabelMap, number: NDArray[np.intp], spacing_mm: float = SPACING_MM) -> WorkingGrid:
    """The upright grid round the chambers of all phases."""
    every = [v for v, name in labels.names.items() if name in PAINT and name not in ("aorta", "pulmonary_artery")]
    seen = np.zeros(labels.grid.shape, dtype=bool)
    for t in number:
        seen |= np.isin(labels.data[t], every)
    box = ndimage.find_objects(seen.view(np.uint8))[0]
    low = np.array([s.start for s in box], dtype=np.float64)[::-1]
    high = np.array([s.stop - 1 for s in box], dtype=np.float64)[::-1]
    corners = np.stack(np.meshgrid(*np.stack([low, high], axis=1)), axis=-1).reshape(-1, 3)
    mm = labels.grid.to_mm(corners)
    return covering(labels.grid, spacing_mm).cropped(mm.min(axis=0) - MARGIN_MM, mm.max(axis=0) + MARGIN_MM)


def painted(
    labels: LabelMap, image: Volume | None, number: int, work: WorkingGrid, levels: tuple[float, float]
) -> Float:
    """One phase as the registration sees it. levels: grey values of muscle and of blood."""
    table = np.zeros(256, dtype=np.float32)
    for value, name in labels.names.items():
        table[value] = PAINT.get(name, 0.0)
    paint = image_on(work, table[labels.data[number]], labels.grid.affine)
    out = ndimage.gaussian_filter(paint, _PAINT_BLUR)
    if image is not None:
        muscle, blood = levels
        grey = (image_on(work, image.data[number], image.grid.affine) - muscle) / (blood - muscle)
        out += SEEN * ndimage.gaussian_filter(np.clip(grey, -0.5, 1.0), _IMAGE_BLUR)
    return np.asarray(out, dtype=np.float32)


def grey_levels(labels: LabelMap, image: Volume, number: int) -> tuple[float, float] | None:
    """Median grey values of the left ventricle's muscle and blood; None where the two do not differ."""
    muscle, blood = (image.data[number][labels.mask(name, number)] for name in ("lv_myocardium", "lv_blood"))
    found = float(np.median(muscle)), float(np.median(blood))
    spread = float(np.std(muscle.astype(np.float32)))
    return found if found[1] - found[0] > max(spread, 1e-6) else None


def belongs(labels: LabelMap, image: Volume | None) -> bool:
    """Whether an image has the voxels and the phases of the labels."""
    return image is not None and image.phases == labels.phases and image.grid.same_as(labels.grid)


def register(
    labels: LabelMap, image: Volume | None, phases: Phases, work: WorkingGrid, report: Reporter = silent
) -> list[Displacement]:
    """One displacement a phase, 0 for the reference itself. image: the labels' own, or None (labels alone then)."""
    number, reference, count = phases.number, phases.reference, len(phases)
    levels = None
    if image is not None and belongs(labels, image):
        levels = grey_levels(labels, image, int(number[reference]))
    seen = image if levels is not None else None

    def look(k: int) -> sitk.Image:
        return _itk(painted(labels, seen, int(number[k]), work, levels or (0.0, 1.0)), work)

    still = np.zeros((*work.shape, 3), dtype=np.float32)
    out = [Displacement(work, still)] * count
    fixed = look(reference)
    ahead = [(reference + step) % count for step in range(1, count // 2 + 1)]
    back = [(reference - step) % count for step in range(1, count - count // 2)]
    done = 0
    for chain in (ahead, back):
        field: sitk.Image | None = None
        for k in chain:
            text = f"Following the motion: {done + 1} of {count - 1} phases"

            def share(part: float, done: int = done, text: str = text) -> None:
                report((done + part) / (count - 1), text)

            field = demons(fixed, look(k), field, work.spacing_mm, share)
            out[k] = Displacement(work, sitk.GetArrayFromImage(field).astype(np.float32))
            done += 1
    return out


def demons(
    fixed: sitk.Image, moving: sitk.Image, start: sitk.Image | None, spacing_mm: float, report: Callable[[float], None]
) -> sitk.Image:
    """Displacement field in mm: moving at x + field(x) looks like fixed at x. report(share) may raise, which stops the
    registration within an iteration (some hundredths of a second)."""
    method = sitk.FastSymmetricForcesDemonsRegistrationFilter()
    method.SetNumberOfIterations(ITERATIONS)
    method.SetStandardDeviations(SMOOTH_MM / spacing_mm)
    method.SetSmoothDisplacementField(True)
    method.SetSmoothUpdateField(False)
    method.SetMaximumUpdateStepLength(STEP_VOXELS)
    stopped: list[BaseException] = []

    def each() -> None:
        if stopped:
            return
        try:
            report(method.GetElapsedIterations() / ITERATIONS)
        except BaseException as error:  # an exception must not pass through the filter's own code
            stopped.append(error)
            method.Abort()

    method.AddCommand(sitk.sitkIterationEvent, each)
    field = fixed  # replaced, or an exception leaves
    try:
        field = method.Execute(fixed, moving, start) if start is not None else method.Execute(fixed, moving)
    except RuntimeError:  # what an abort ends with
        if not stopped:
            raise
    if stopped:
        raise stopped[0]
    return field


def _itk(array: Float, work: WorkingGrid) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((work.spacing_mm,) * 3)
    return image
