"""CT voxels changed as other patients, injections and scanners would have them: contrast, metal, calcium, noise, frame.

The demo patient is painted anew with other contrast (partial volume stays right); metal and calcium are laid into the
voxels of any scan with the share of each voxel that they fill, blurred as the scan is, and their streaks added.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from twinviewer.domain import Grid, LabelMap, Volume
from twinviewer.organs.heart.demo import render as rendering
from twinviewer.organs.heart.demo.anatomy import Anatomy, anatomy
from twinviewer.organs.heart.demo.shape import HeartShape, dilated

Array = NDArray[np.float64]
RIGHT = ("rv_blood", "ra_blood", "pulmonary_artery", "pulmonary_branches", "superior_vena_cava", "inferior_vena_cava")
LEFT = ("lv_blood", "la_blood", "pulmonary_veins", "aorta", "descending_aorta", "coronary_arteries")
BRIGHTEST_HU = 3071
UNOPACIFIED_HU = 50.0
BLUR_VOXELS = 0.55


@contextmanager
def _contrast(hu_of: dict[str, float], noise_hu: float | None, mixing: dict[str, float]) -> Iterator[None]:
    layers, noise = rendering.LAYERS, rendering.NOISE_HU
    rendering.LAYERS = tuple(  # type: ignore[misc]
        replace(layer, hu=hu_of.get(layer.name, layer.hu), mixing=mixing.get(layer.name, layer.mixing))
        for layer in layers
    )
    rendering.NOISE_HU = noise if noise_hu is None else noise_hu
    try:
        yield
    finally:
        rendering.LAYERS, rendering.NOISE_HU = layers, noise  # type: ignore[misc]


def painted(
    hu_of: dict[str, float] | None = None,
    noise_hu: float | None = None,
    mixing: dict[str, float] | None = None,
    *,
    phases: tuple[float, ...] = (0.0,),
    grid: Grid | None = None,
    shape: HeartShape | None = None,
    seed: int = 2026,
) -> tuple[Volume, dict[str, Array]]:
    """The demo patient (or another shape) with other HU by layer, noise or mixing. Returns the scan and the true mL."""
    percent = np.array(phases)
    with _contrast(hu_of or {}, noise_hu, mixing or {}):
        scan = rendering.render(
            anatomy(shape or dilated(seed)), percent, grid or rendering.scan_grid(1.5), seed, threads=1
        )
    return Volume(scan.hu, scan.grid, "CT", percent, 0.83, "painted"), scan.volumes_ml


def _to_line(points: Array, line: Array) -> Array:
    """(n,) distance in mm of points to a polyline (m, 3)."""
    best = np.full(len(points), np.inf)
    for a, b in zip(line[:-1], line[1:], strict=True):
        along = b - a
        t = np.clip((points - a) @ along / max(float(along @ along), 1e-9), 0.0, 1.0)
        best = np.minimum(best, np.linalg.norm(points - a - t[:, None] * along, axis=1))
    return best


def _laid(volume: Volume, line: Array, outer_mm: float, inner_mm: float, hu: float) -> NDArray[np.float32]:
    """(k, j, i) HU to add for a tube (inner 0: a rod; a line of one point: a ball) at end-diastole's place."""
    grid = volume.grid
    line = np.atleast_2d(line)
    line = np.concatenate([line, line]) if len(line) == 1 else line
    add = np.zeros(grid.shape, dtype=np.float32)
    voxel = float(np.cbrt(np.prod(grid.spacing_mm)))
    ijk = grid.to_ijk(line)
    reach = (outer_mm + 2.0 * voxel) / np.array(grid.spacing_mm)
    low = np.maximum(np.floor(ijk.min(axis=0) - reach), 0).astype(int)
    high = np.minimum(np.ceil(ijk.max(axis=0) + reach) + 1, grid.shape[::-1]).astype(int)
    if (high <= low).any():
        return add
    axes = [np.arange(a, b) for a, b in zip(low, high, strict=True)]
    k, j, i = np.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
    index = np.stack([i.ravel(), j.ravel(), k.ravel()], axis=1).astype(float)
    # four points a direction in each voxel: a strut is thinner than one
    part = (np.arange(4) - 1.5) / 4.0
    share = np.zeros(len(index))
    near = np.flatnonzero(_to_line(grid.to_mm(index), line) < outer_mm + 1.2 * voxel)
    for dz in part:
        for dy in part:
            for dx in part:
                d = _to_line(grid.to_mm(index[near] + [dx, dy, dz]), line)
                share[near] += ((d < outer_mm) & (d >= inner_mm)) / 64.0
    box = (slice(low[2], high[2]), slice(low[1], high[1]), slice(low[0], high[0]))
    add[box] = share.reshape(k.shape) * hu
    return ndimage.gaussian_filter(add, BLUR_VOXELS, truncate=3)


def _streaks(volume: Volume, metal: NDArray[np.float32], strength_hu: float, seed: int) -> NDArray[np.float32]:
    """(k, j, i) bright and dark rays from each slice's metal, which fade over some 20 mm."""
    out = np.zeros(volume.grid.shape, dtype=np.float32)
    random = np.random.default_rng(seed)
    _, y, x = (np.arange(n, dtype=float) for n in volume.grid.shape)
    dx, dy = volume.grid.spacing_mm[:2]
    turn = random.uniform(0, 2 * np.pi, 4)
    for k in np.flatnonzero(metal.max(axis=(1, 2)) > 400):
        pieces, count = ndimage.label(metal[k] > 400)
        for j, i in ndimage.center_of_mass(metal[k], pieces, range(1, count + 1)):
            turn += random.normal(0, 0.15, 4)
            u, v = (x[None, :] - i) * dx, (y[:, None] - j) * dy
            r, angle = np.hypot(u, v) + 1e-6, np.arctan2(v, u)
            rays = sum(np.cos(n * angle + t) for n, t in zip((2, 3, 5, 8), turn, strict=True)) / 2.0
            out[k] += strength_hu * rays * np.exp(-r / 20.0) * np.clip((r - 1.5) / 2.0, 0.0, 1.0)
    return out


def with_added(volume: Volume, add: NDArray[np.float32], name: str) -> Volume:
    """The same scan with HU added in every phase, within what a scanner stores."""
    data = np.clip(np.rint(volume.data + add[None]), -1024, BRIGHTEST_HU).astype(np.int16)
    return replace(volume, data=data, uid=name)


def with_lead(volume: Volume, line_mm: Array, streaks_hu: float = 250.0) -> Volume:
    """A pacing lead of 2 mm along a line, with streaks."""
    metal = _laid(volume, line_mm, 1.0, 0.0, 12000.0)
    return with_added(volume, metal + _streaks(volume, metal, streaks_hu, 1), "lead")


def with_stent(volume: Volume, line_mm: Array, radius_mm: float = 1.6) -> Volume:
    """A coronary stent: a thin tube of metal along a line."""
    return with_added(volume, _laid(volume, line_mm, radius_mm, radius_mm - 0.25, 4000.0), "stent")


def with_calcium(volume: Volume, centres_mm: Array, radius_mm: float, hu: float = 1000.0) -> Volume:
    """Calcified plaques: balls with this many HU on top of what is there."""
    add = np.zeros(volume.grid.shape, dtype=np.float32)
    for centre in np.atleast_2d(centres_mm):
        add = np.maximum(add, _laid(volume, centre, radius_mm, 0.0, hu))
    return with_added(volume, add, "calcium")


def with_noise(volume: Volume, sd_hu: float, seed: int = 7) -> Volume:
    """More noise, correlated over about a voxel as the demo's own is."""
    white = np.random.default_rng(seed).standard_normal(volume.grid.shape, dtype=np.float32)
    noise = ndimage.gaussian_filter(white, (0.35, 0.75, 0.75), mode="wrap", truncate=3)
    return with_added(volume, noise * np.float32(sd_hu / noise.std()), "noise")


def lead_course(heart: Anatomy) -> Array:
    """(n, 3) LPS mm: from the superior vena cava through the right atrium to the right ventricle's apex."""
    places = heart.places
    cava = places.svc.nodes
    tip = places.rv_sinus.nodes[-1] + [2.0, 3.0, -4.0]
    middle = 0.5 * (places.rv_sinus.nodes[1] + places.rv_sinus.nodes[2]) + [0.0, 0.0, -12.0]
    nodes = [cava[3], cava[2], cava[1], places.ra_centre, places.tricuspid, middle, tip]
    return heart.shape.to_lps(np.array(nodes, dtype=float))


def artery_course(heart: Anatomy, number: int, start_mm: float, length_mm: float) -> Array:
    """(n, 3) LPS mm: a stretch of a coronary artery of the demo patient, every millimetre."""
    nodes = heart.arteries[number].nodes
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(nodes, axis=0), axis=1))])
    at = np.linspace(start_mm, start_mm + length_mm, int(length_mm) + 1)
    return heart.shape.to_lps(np.stack([np.interp(at, way, nodes[:, axis]) for axis in range(3)], axis=1))


def cropped(volume: Volume, low_ijk: tuple[int, int, int], high_ijk: tuple[int, int, int]) -> Volume:
    """The scan between two corners (voxels i, j, k; the second excluded)."""
    (a, b, c), (d, e, f) = low_ijk, high_ijk
    affine = volume.grid.affine.copy()
    affine[:3, 3] = volume.grid.to_mm(np.array([low_ijk], dtype=float))[0]
    data = np.ascontiguousarray(volume.data[:, c:f, b:e, a:d])
    return replace(volume, data=data, grid=Grid(data.shape[1:], affine), uid="cropped")


def resampled(volume: Volume, spacing_mm: float) -> Volume:
    """The scan on cubic voxels of another size: averaged when coarser, interpolated when finer."""
    factor = np.array(volume.grid.spacing_mm)[::-1] / spacing_mm
    sigma = np.maximum(0.5 * (1.0 / factor - 1.0), 0.0)
    data = np.stack([ndimage.zoom(ndimage.gaussian_filter(v.astype(np.float32), sigma), factor, order=1,
                                  grid_mode=True, mode="nearest") for v in volume.data])  # fmt: skip
    affine = volume.grid.affine.copy()
    axes = affine[:3, :3] / np.array(volume.grid.spacing_mm)
    corner = volume.grid.to_mm(np.array([[-0.5, -0.5, -0.5]]))[0]
    affine[:3, :3] = axes * spacing_mm
    affine[:3, 3] = corner + affine[:3, :3] @ np.full(3, 0.5)
    return replace(volume, data=np.rint(data).astype(np.int16), grid=Grid(data.shape[1:], affine), uid="resampled")


def patient_turned(volume: Volume, degrees_about_lps: tuple[float, float, float]) -> Volume:
    """The patient turned in the scanner while the header's patient directions are right: the voxels' axes turn."""
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_rotvec(np.deg2rad(degrees_about_lps)).as_matrix()
    middle = volume.grid.to_mm((np.array([volume.grid.shape[::-1]]) - 1) / 2.0)[0]
    turn[:3, 3] = middle - turn[:3, :3] @ middle
    return replace(volume, grid=Grid(volume.grid.shape, turn @ volume.grid.affine), uid="turned")


def mirrored(volume: Volume) -> Volume:
    """A mirror image (dextrocardia with situs inversus): left and right exchanged in the body."""
    return replace(volume, data=np.ascontiguousarray(volume.data[..., ::-1]), uid="mirrored")


def padded(volume: Volume, voxels: tuple[int, int, int]) -> Volume:
    """A larger field of view: air all round (voxels i, j, k on each side)."""
    pad = [(0, 0), *[(n, n) for n in voxels[::-1]]]
    affine = volume.grid.affine.copy()
    affine[:3, 3] = volume.grid.to_mm(-np.array([voxels], dtype=float))[0]
    data = np.pad(volume.data, pad, constant_values=-1000)
    return replace(volume, data=data, grid=Grid(data.shape[1:], affine), uid="padded")


def with_pale_right(volume: Volume, labels: LabelMap, hu: float = 60.0) -> Volume:
    """A real scan with the labelled blood of its right heart brought to this level; its noise stays."""
    around = np.ones((3, 3, 3), dtype=np.bool_)
    left = np.isin(labels.data[0], (1, 2, 4, 6))
    right = ndimage.binary_dilation(np.isin(labels.data[0], (3, 5, 7, 8)), around, iterations=2) & ~left
    image = volume.data[0].astype(np.float32)
    soft = ndimage.gaussian_filter(image, 1.0)
    # what is brighter than muscle there, and undiluted contrast in the veins, loses its contrast but not its noise
    bright = (right & (soft > 150.0)) | ((soft > 620.0) & (soft < 1500.0) & ~left)
    noise = image - ndimage.median_filter(image, size=3)
    add = np.where(bright, hu + np.clip(noise, -60.0, 60.0) - image, 0.0).astype(np.float32)
    return with_added(volume, add, "pale right")


def line_through(labels: LabelMap, names: tuple[str, ...]) -> Array:
    """(n, 3) LPS mm: from one structure's middle to the next's."""
    middles = [np.argwhere(labels.mask(name)).mean(axis=0)[::-1] for name in names]
    return labels.grid.to_mm(np.array(middles))
