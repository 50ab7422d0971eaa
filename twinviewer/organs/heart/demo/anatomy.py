"""The demo heart as implicit solids, and label maps of it and of the healthy atlas.

Solids overlap and are painted front to back: a structure hides what lies behind it in ``LAYERS``. So the blood of the
left ventricle is the endocardial solid, its wall the epicardial solid behind, and so on; no seams arise.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Grid, LabelMap
from twinviewer.organs.heart.demo.coronaries import coronaries
from twinviewer.organs.heart.demo.implicit import Array, ellipsoid, half_space, intersection, tube, union
from twinviewer.organs.heart.demo.layers import LABEL_OF, LABELS, LAYERS
from twinviewer.organs.heart.demo.layout import Layout, Tube, layout
from twinviewer.organs.heart.demo.motion import Beat
from twinviewer.organs.heart.demo.shape import HeartShape, dilated, healthy
from twinviewer.organs.heart.demo.ventricle import LeftVentricle

VEIN_STUB_MM = 14.0
BRANCH_STUB_MM = 46.0
LEAFLET_MM = 1.5
ATRIAL_WALL_MM = 2.0


_FAR_MM = 45.0  # solids that the pericardium is blended round must be known this far out


def _tube(x: Array, y: Array, z: Array, line: Tube, reach_mm: float = 16.0) -> Array:
    return tube(x, y, z, line.nodes, line.radii, reach_mm)  # type: ignore[arg-type]


def _tubes(x: Array, y: Array, z: Array, lines: tuple[Tube, ...]) -> Array:
    result = _tube(x, y, z, lines[0])
    for line in lines[1:]:
        np.minimum(result, _tube(x, y, z, line), out=result)
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """One heart at end-diastole: signed distances of its solids in the heart frame."""

    shape: HeartShape
    places: Layout
    ventricle: LeftVentricle
    arteries: tuple[Tube, ...]

    def distances(self, x: Array, y: Array, z: Array, phase_percent: float = 0.0) -> dict[str, Array]:
        """Layer name -> signed distance (mm, negative inside) at points of the heart frame, in order of LAYERS.

        The phase only says which valves are open.
        """
        found: dict[str, Array] = {}
        sac = self._left(x, y, z, phase_percent, found)
        sac = union(sac, self._right(x, y, z, phase_percent, found), 14.0)
        for atrium in ("la_blood", "ra_blood"):
            found[atrium] = np.maximum(found[atrium], ATRIAL_WALL_MM - found["pulmonary_branches"])
        found["aortic_wall"] = np.minimum(found["aorta"], found["descending_aorta"]) - 1.6
        found["la_wall"] = found["la_blood"] - ATRIAL_WALL_MM
        found["ra_wall"] = found["ra_blood"] - ATRIAL_WALL_MM
        found["pulmonary_wall"] = found["pulmonary_branches"] - 1.3
        found["coronary_arteries"] = _tubes(x, y, z, self.arteries)
        found["coronary_sinus"] = _tube(x, y, z, self.places.coronary_sinus)
        found["epicardial_fat"] = sac - 2.5
        found["pericardium"] = sac - 4.0
        return {layer.name: found[layer.name] for layer in LAYERS}

    def _left(self, x: Array, y: Array, z: Array, phase_percent: float, found: dict[str, Array]) -> Array:
        """Left ventricle, aorta, left atrium; returns what the pericardium holds of them."""
        p, s = self.places, self.shape
        endo, epi = self.ventricle.distances(x, y, z)
        outflow = _tube(x, y, z, p.outflow_left, _FAR_MM)
        aortic_plane = half_space(x, y, z, p.aortic, p.aortic_normal)
        lv = union(np.maximum(endo, z), np.maximum(outflow, aortic_plane), 6.0)
        found["lv_blood"] = np.maximum(lv, aortic_plane)
        found["papillary_muscles"] = np.maximum(_tubes(x, y, z, p.papillary_muscles), endo)

        funnel = _tube(x, y, z, p.la_funnel, _FAR_MM)
        rim = half_space(x, y, z, [0, 0, 1.5], [-0.03, -0.05, 1.0])
        wall = intersection(union(epi, outflow - 4.5, 8.0), rim, 4.0)
        # nothing of the wall lies across the mitral orifice
        found["lv_wall"] = np.maximum(wall, -funnel)

        aorta = _tube(x, y, z, p.aorta, _FAR_MM)
        for centre in p.sinus_centres.astype(x.dtype):
            ball = np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2)
            aorta = union(aorta, ball - x.dtype.type(p.sinus_radius), 3.0)
        found["aorta"] = aorta
        found["descending_aorta"] = _tube(x, y, z, p.descending_aorta)

        chamber = ellipsoid(x, y, z, p.la_centre, s.la_half_axes, s.axes.T)
        body = union(chamber, funnel, 8.0)
        veins = _tubes(x, y, z, p.pulmonary_veins)
        atrium = union(body, np.maximum(veins, chamber - VEIN_STUB_MM), 5.0)
        found["la_blood"] = atrium = union(atrium, _tube(x, y, z, p.la_appendage, _FAR_MM), 4.0)
        found["pulmonary_veins"] = veins

        closed = phase_percent % 100 < 47 or phase_percent % 100 > 97
        found["mitral_leaflets"] = np.maximum(
            _leaflets(x - p.mitral[0], y - p.mitral[1], z, p.mitral_radius, closed), funnel
        )
        found["aortic_leaflets"] = self._aortic_leaflets(x, y, z, aorta, 8 < phase_percent % 100 < 45)

        root = np.maximum(aorta - 1.6, aortic_plane - 32.0)
        return union(union(wall, np.minimum(body, atrium + 1.0) - 2.0, 14.0), root, 12.0)

    def right_ventricle(self, x: Array, y: Array, z: Array) -> Array:
        """Signed distance to the right ventricle's solid without its valve planes; the septum is in front of it."""
        flat = 0.74  # the chamber is longer round the septum than it is deep
        sinus = self.places.rv_sinus
        nodes = sinus.nodes * [1.0, flat, 1.0]
        body = tube(x, y * x.dtype.type(flat), z, nodes, sinus.radii, _FAR_MM) * 1.1  # type: ignore[arg-type]
        return union(body, _tube(x, y, z, self.places.rv_outflow, _FAR_MM), 10.0)

    def _right(self, x: Array, y: Array, z: Array, phase_percent: float, found: dict[str, Array]) -> Array:
        """Right ventricle, pulmonary artery, right atrium; returns what the pericardium holds of them."""
        p, s = self.places, self.shape
        _, epi = self.ventricle.distances(x, y, z)
        rv = self.right_ventricle(x, y, z)
        tricuspid_plane = half_space(x, y, z, p.tricuspid, p.tricuspid_normal)
        pulmonary_plane = half_space(x, y, z, p.pulmonary, p.pulmonary_normal)
        # the tricuspid plane closes the inlet only, the pulmonary plane the outlet
        side = half_space(x, y, z, 0.5 * (p.tricuspid + p.pulmonary), p.pulmonary - p.tricuspid)
        lid = np.maximum(np.minimum(tricuspid_plane, -0.7 * side), np.minimum(pulmonary_plane, 0.7 * side + 12))
        # where the chamber runs out between free wall and septum its edge is blunt
        found["rv_blood"] = np.maximum(intersection(rv, -1.5 - epi, 12.0), lid)
        shell = rv - s.rv_wall
        wall = np.maximum(union(shell, epi, 8.0), shell - 4.0)
        found["rv_wall"] = intersection(wall, lid - 1.0, 2.0)
        found["rv_muscle_bands"] = np.maximum(_tubes(x, y, z, p.rv_bands), rv)

        trunk = union(_tube(x, y, z, p.pulmonary_trunk, _FAR_MM), _tube(x, y, z, p.left_pulmonary, _FAR_MM), 4.0)
        tree = union(trunk, _tube(x, y, z, p.right_pulmonary, _FAR_MM), 4.0)
        fork = p.right_pulmonary.nodes[0].astype(x.dtype)
        away = np.sqrt((x - fork[0]) ** 2 + (y - fork[1]) ** 2 + (z - fork[2]) ** 2) - BRANCH_STUB_MM
        found["pulmonary_artery"] = np.maximum(tree, away)
        found["pulmonary_branches"] = tree

        funnel = _tube(x, y, z, p.ra_funnel, _FAR_MM)
        chamber = ellipsoid(x, y, z, p.ra_centre, s.ra_half_axes, s.axes.T)
        body = union(chamber, funnel, 8.0)
        svc, ivc = _tube(x, y, z, p.svc), _tube(x, y, z, p.ivc)
        cava = np.minimum(svc, ivc)
        atrium = union(body, np.maximum(cava, chamber - VEIN_STUB_MM), 6.0)
        # the appendage lies on the outflow tract, with both their walls between
        appendage = np.maximum(_tube(x, y, z, p.ra_appendage, _FAR_MM), s.rv_wall + ATRIAL_WALL_MM - rv)
        found["ra_blood"] = atrium = union(atrium, appendage, 5.0)
        found["superior_vena_cava"], found["inferior_vena_cava"], found["cava_wall"] = svc, ivc, cava - 1.0

        closed = phase_percent % 100 < 47 or phase_percent % 100 > 97
        n = p.tricuspid_normal
        across = np.cross(n, [0.0, 1.0, 0.0])
        across /= np.linalg.norm(across)
        u, v, w = (half_space(x, y, z, p.tricuspid, axis) for axis in (across, np.cross(n, across), n))
        leaflets = _leaflets(u, v, w, float(p.ra_funnel.radii[0]), closed)
        found["tricuspid_leaflets"] = np.maximum(leaflets, funnel)

        held = np.minimum(wall, np.maximum(trunk - 1.3, pulmonary_plane - 34.0))
        return union(held, np.minimum(body, atrium + 1.0) - 2.0, 14.0)

    def _aortic_leaflets(self, x: Array, y: Array, z: Array, aorta: Array, open_: bool) -> Array:
        if open_:
            return np.full_like(x, 20.0)
        p = self.places
        height = half_space(x, y, z, p.aortic, p.aortic_normal)
        c = p.aortic.astype(x.dtype)
        flat = np.sqrt(np.maximum((x - c[0]) ** 2 + (y - c[1]) ** 2 + (z - c[2]) ** 2 - height * height, 0))
        radius = float(self.shape.aortic_radius)
        tent = np.abs(height - 6.0 * (1 - flat / radius)) * 0.9 - 0.5 * LEAFLET_MM
        return np.maximum(np.maximum(tent, aorta), flat - radius - 2.0)


def _leaflets(u: Array, v: Array, w: Array, radius: float, closed: bool) -> Array:
    """Leaflets that hang from a ring of this radius into w < 0: a shallow tent when closed, a sleeve when open."""
    rho = np.sqrt(u * u + v * v)
    if closed:
        sheet = np.abs(w + 7.0 * (1 - rho / radius)) * np.float32(0.93)
        return np.maximum(sheet - 0.5 * LEAFLET_MM, rho - radius - 2.0)
    sheet = np.abs(rho - radius - 0.45 * w)
    return np.maximum(np.maximum(sheet * np.float32(0.91) - 0.5 * LEAFLET_MM, w), -w - 17.0)


def anatomy(shape: HeartShape) -> Anatomy:
    """The solids of a heart with these measures."""
    places, ventricle = layout(shape), LeftVentricle(shape)
    bare = Anatomy(shape, places, ventricle, ())
    return Anatomy(shape, places, ventricle, coronaries(ventricle, bare.right_ventricle, places))


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
    for name, distance in heart.distances(x, y, z, phase_percent).items():
        inside = free & (distance < 0)
        out[inside] = LABEL_OF[name]
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
    phase_percent: float | NDArray[np.floating] | list[float] = 0.0,
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
