"""The demo heart as implicit solids, and label maps of it and of the healthy atlas.

Solids overlap and are painted front to back: a structure hides what lies behind it in :data:`LAYERS`. So the blood of
the left ventricle is the endocardial solid, its wall the epicardial solid behind, and so on; no seams arise.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Grid, LabelMap
from twinviewer.organs.heart.demo.implicit import Array, ellipsoid, half_space, intersection, tube, union
from twinviewer.organs.heart.demo.layout import Layout, Tube, layout
from twinviewer.organs.heart.demo.motion import Beat
from twinviewer.organs.heart.demo.shape import HeartShape, dilated, healthy

LABELS = {
    1: "lv_myocardium",
    2: "lv_blood",
    3: "rv_blood",
    4: "la_blood",
    5: "ra_blood",
    6: "aorta",
    7: "pulmonary_artery",
    8: "rv_myocardium",
}
# front to back: layer -> label value (0: seen in the images, not labelled)
LAYERS = {
    "lv_blood": 2,
    "aorta": 6,
    "lv_wall": 1,
    "aortic_wall": 0,
    "rv_blood": 3,
    "pulmonary_artery": 7,
    "la_blood": 4,
    "la_wall": 0,
    "ra_blood": 5,
    "ra_wall": 0,
    "rv_wall": 8,
    "pulmonary_wall": 0,
    "pulmonary_veins": 0,
    "vena_cava": 0,
    "coronary_sinus": 0,
}
VEIN_STUB_MM = 12.0


@dataclass(frozen=True, slots=True, eq=False)
class LeftVentricle:
    """Radius profiles of the left ventricle: squared relative radius as a function of z, shared with the motion."""

    shape: HeartShape

    def squared(self, z: Array, wall_mm: float = 0.0) -> tuple[Array, Array]:
        """Squared radius over squared largest radius at z, and its slope per mm; negative beyond the apex."""
        s = self.shape
        wide = s.lv_wide_z
        half = s.lv_length + wide + wall_mm
        narrow = s.lv_base_narrow
        below = np.maximum((wide - z) / half, 0)
        above = np.maximum((z - wide) / -wide, 0)
        power = below ** (s.lv_bullet - 1)
        value = 1 - power * below - narrow * above * above
        slope = (s.lv_bullet / half) * power + (2 * narrow / wide) * above
        return value, slope

    def waves(self, cos: Array, sin: Array, z: Array) -> Array:
        """Relative radius (1 = round) at an angle given by its cosine and sine."""
        base = np.clip(1 + z / self.shape.lv_length, 0, 1)
        w = self.shape.waves
        cos2, sin2 = cos * cos - sin * sin, 2 * cos * sin
        cos3, sin3 = cos2 * cos - sin2 * sin, sin2 * cos + cos2 * sin
        out = np.ones_like(z)
        for row, wave in zip(w, (cos2, sin2, cos3, sin3), strict=True):
            out += wave * (row[1] + (row[0] - row[1]) * base).astype(z.dtype)
        return out

    def wall(self, cos: Array) -> Array:
        """Wall thickness in mm at the widest level."""
        s = self.shape
        return 0.5 * (s.septum_wall + s.lateral_wall) + 0.5 * (s.septum_wall - s.lateral_wall) * cos

    def distances(self, x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        """Signed distance to the endocardial and the epicardial solid, without their basal cuts."""
        r = np.sqrt(x * x + y * y)
        safe = np.maximum(r, 1e-3)
        cos, sin = x / safe, y / safe
        radius = self.shape.lv_radius * self.waves(cos, sin, z)
        return self._distance(r, z, radius, 0.0), self._distance(r, z, radius + self.wall(cos), self.shape.apex_wall)

    def _distance(self, r: Array, z: Array, radius: Array, wall_mm: float) -> Array:
        value, slope = self.squared(z, wall_mm)
        # F = r / R - sqrt(value) is steep in z at the apex, F = (r / R)^2 - value is not
        relative = r / radius
        gradient = np.sqrt((2 * relative / radius) ** 2 + slope * slope)
        return (relative * relative - value) / np.maximum(gradient, 0.25 / radius)


def _tube(x: Array, y: Array, z: Array, line: Tube) -> Array:
    return tube(x, y, z, line.nodes, line.radii)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """One heart at end-diastole: signed distances of its solids in the heart frame."""

    shape: HeartShape
    places: Layout
    ventricle: LeftVentricle

    def right_ventricle(self, x: Array, y: Array, z: Array) -> Array:
        """Signed distance to the right ventricle's solid without its valve planes; the septum is in front of it."""
        flat = 0.74  # the free wall is wider than it is deep
        sinus = self.places.rv_sinus
        nodes = sinus.nodes * [1.0, flat, 1.0]
        body = tube(x, y * flat, z, nodes, sinus.radii) * 1.1  # type: ignore[arg-type]
        return union(body, _tube(x, y, z, self.places.rv_outflow), 10.0)

    def distances(self, x: Array, y: Array, z: Array) -> dict[str, Array]:
        """Layer name -> signed distance (mm, negative inside) at points of the heart frame, in order of LAYERS."""
        p, s = self.places, self.shape
        bend = s.bend * (z / s.lv_length) ** 2
        endo, epi = self.ventricle.distances(x - bend, y, z)
        outflow = _tube(x, y, z, p.outflow_left)
        aortic_plane = half_space(x, y, z, p.aortic, p.aortic_normal)
        lv = union(np.maximum(endo, z), np.maximum(outflow, aortic_plane), 6.0)
        lv = np.maximum(lv, aortic_plane)
        rim = half_space(x, y, z, [0, 0, 1.5], [-0.03, -0.05, 1.0])
        wall = union(epi, outflow - 4.5, 8.0)
        wall = intersection(wall, rim, 4.0)
        aorta = _tube(x, y, z, p.aorta)
        for centre in p.sinus_centres:
            ball = np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2) - p.sinus_radius
            aorta = union(aorta, ball.astype(x.dtype), 3.0)

        rv = self.right_ventricle(x, y, z)
        tricuspid_plane = half_space(x, y, z, p.tricuspid, p.tricuspid_normal)
        pulmonary_plane = half_space(x, y, z, p.pulmonary, p.pulmonary_normal)
        # the tricuspid plane closes the inlet only, the pulmonary plane the outlet
        inlet = half_space(x, y, z, 0.5 * (p.tricuspid + p.pulmonary), p.pulmonary - p.tricuspid)
        lid = np.maximum(np.minimum(tricuspid_plane, -0.7 * inlet), np.minimum(pulmonary_plane, 0.7 * inlet + 12))
        rv_blood = np.maximum(rv, lid)
        rv_wall = intersection(rv - s.rv_wall, lid - 1.0, 2.0)

        pulmonary = union(_tube(x, y, z, p.pulmonary_trunk), _tube(x, y, z, p.left_pulmonary), 4.0)
        pulmonary = union(pulmonary, _tube(x, y, z, p.right_pulmonary), 4.0)

        lps = s.axes  # rows are heart axes in LPS, so its columns are L, P, S in the heart frame
        la_body = ellipsoid(x, y, z, p.la_centre, s.la_half_axes, lps.T)
        la_body = union(la_body, _tube(x, y, z, p.la_funnel), 8.0)
        veins = np.full_like(x, 1e3)
        for vein in p.pulmonary_veins:
            veins = np.minimum(veins, _tube(x, y, z, vein))
        la = union(la_body, np.maximum(veins, la_body - VEIN_STUB_MM), 5.0)
        la = union(la, _tube(x, y, z, p.la_appendage), 4.0)

        ra_body = ellipsoid(x, y, z, p.ra_centre, s.ra_half_axes, lps.T)
        ra_body = union(ra_body, _tube(x, y, z, p.ra_funnel), 8.0)
        cava = np.minimum(_tube(x, y, z, p.svc), _tube(x, y, z, p.ivc))
        ra = union(ra_body, np.maximum(cava, ra_body - VEIN_STUB_MM), 6.0)
        ra = union(ra, _tube(x, y, z, p.ra_appendage), 5.0)
        sinus = _tube(x, y, z, p.coronary_sinus)

        return {
            "lv_blood": lv,
            "aorta": aorta,
            "lv_wall": wall,
            "aortic_wall": aorta - 1.6,
            "rv_blood": rv_blood,
            "pulmonary_artery": pulmonary,
            "la_blood": la,
            "la_wall": la - 2.0,
            "ra_blood": ra,
            "ra_wall": ra - 2.0,
            "rv_wall": rv_wall,
            "pulmonary_wall": pulmonary - 1.3,
            "pulmonary_veins": veins,
            "vena_cava": cava,
            "coronary_sinus": sinus,
        }


def anatomy(shape: HeartShape) -> Anatomy:
    """The solids of a heart with these measures."""
    return Anatomy(shape, layout(shape), LeftVentricle(shape))


def heart_grid(shape: HeartShape, spacing_mm: float) -> Grid:
    """A grid of cubic voxels along L, P, S that holds the heart from apex to aortic arch."""
    low, high = shape.origin_mm - [96, 100, 96], shape.origin_mm + [84, 84, 108]
    i, j, k = (int(np.ceil(n)) for n in (high - low) / spacing_mm)
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = low
    return Grid((k, j, i), affine)


def label_points(
    heart: Anatomy, beat: Beat | None, points_mm: NDArray[np.floating], phase_percent: float
) -> NDArray[np.uint8]:
    """(n,) label of each LPS point (n, 3) at a phase of the beat."""
    x, y, z = (np.ascontiguousarray(c, dtype=np.float32) for c in heart.shape.to_heart(points_mm).T)
    if beat is not None and phase_percent % 100 != 0:
        x, y, z = beat.at_end_diastole(x, y, z, phase_percent)
    out = np.zeros(len(x), np.uint8)
    free = np.ones(len(x), np.bool_)
    for name, distance in heart.distances(x, y, z).items():
        inside = free & (distance < 0)
        out[inside] = LAYERS[name]
        free &= ~inside
    return out


def label_grid(heart: Anatomy, beat: Beat | None, grid: Grid, phase_percent: float) -> NDArray[np.uint8]:
    """(k, j, i) labels on any grid, slab by slab."""
    k, j, i = grid.shape
    out = np.empty(grid.shape, np.uint8)
    slab = max(1, 300_000 // (i * j))
    for start in range(0, k, slab):
        stop = min(k, start + slab)
        index = np.stack(np.meshgrid(np.arange(start, stop), np.arange(j), np.arange(i), indexing="ij"), axis=-1)
        points = grid.to_mm(index.reshape(-1, 3)[:, ::-1].astype(np.float64))
        out[start:stop] = label_points(heart, beat, points, phase_percent).reshape(stop - start, j, i)
    return out


def _label_map(data: NDArray[np.uint8], grid: Grid, phases: NDArray[np.float64], made_by: str) -> LabelMap:
    data = np.ascontiguousarray(data)
    data.flags.writeable = False
    return LabelMap(data, grid, dict(LABELS), phases, made_by, image_uid="", notes=("Synthetic.",))


def demo_labels(
    phase_percent: float | NDArray[np.floating] = 0.0,
    spacing_mm: float = 1.5,
    seed: int = 2026,
    grid: Grid | None = None,
) -> LabelMap:
    """True labels of the demo patient at one phase (or several) on a grid of its own or a given one."""
    shape = dilated(seed)
    heart = anatomy(shape)
    beat = Beat(heart)
    grid = heart_grid(shape, spacing_mm) if grid is None else grid
    phases = np.atleast_1d(np.asarray(phase_percent, np.float64))
    data = np.stack([label_grid(heart, beat, grid, float(p)) for p in phases])
    return _label_map(data, grid, phases, f"demo heart, seed {seed}")


def atlas_labels(spacing_mm: float = 1.5) -> LabelMap:
    """Labels of a healthy heart at end-diastole: one phase, no seed, made to be registered to scans."""
    shape = healthy()
    grid = heart_grid(shape, spacing_mm)
    data = label_grid(anatomy(shape), None, grid, 0.0)[None]
    return _label_map(data, grid, np.zeros(1), "atlas heart")
