"""A heart of known shape and motion, seen in contours alone: the fit finds it, wherever it lies in the scanner."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
import pyvista as pv
from scipy.spatial.transform import Rotation

from twinviewer.domain import Cancelled, CineContour, CineContours, CinePlane, CinePoint, CineStack, SegmentationError
from twinviewer.domain import enclosed_volume_ml as enclosed_ml
from twinviewer.geometry.plane_cut import cut_lines
from twinviewer.geometry.quality import dihedral_range_deg, six_volumes
from twinviewer.geometry.surfaces import boundary_triangles
from twinviewer.organs.heart.template.fit import Fitted, fit
from twinviewer.organs.heart.template.model import model
from twinviewer.organs.heart.template.observations import aligned
from twinviewer.organs.heart.template.shape import template

SHAPE = template()
FACES = SHAPE.faces
PHASES = 4
SYSTOLE = np.array([0.0, 0.6, 1.0, 0.3])
"""How far the beat has gone in each phase."""
CAVITIES = {"lv": FACES.cavity(FACES.lv, FACES.lv_lid), "rv": FACES.cavity(FACES.rv, FACES.rv_lid)}
SHORTER, SQUEEZE_MM2 = 0.15, 480.0


@cache
def true_mm(systole: float) -> np.ndarray:
    """(n, 3) LPS: the template made longer, narrower and skewed, with a bulge of 6 mm on the free wall; then beating.

    The beat shortens lengths h over the apex to (1 - s) h and takes radii r about the axis to sqrt(r^2 / (1 - s) - c)
    (less near the axis), which keeps the volume of muscle but for the way c changes along the axis.
    """
    apex = SHAPE.landmarks["lv_apex_endo"]
    base = SHAPE.points_mm[SHAPE.rim("lv")].mean(axis=0)
    length = float(np.linalg.norm(base - apex))
    up = (base - apex) / length
    right = SHAPE.landmarks["rv_centre"] - apex
    right = right - (right @ up) * up
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(up, right), up])
    x = (SHAPE.points_mm - apex) @ axes.T @ np.array([[1.08, 0.05, 0.0], [0.0, 0.97, 0.0], [0.0, 0.06, 1.07]])
    length *= 1.07
    lump = np.array([-32.0, 8.0, 0.55 * length])
    near = np.exp(-np.square(x - lump).sum(axis=1) / (2 * 22.0**2))
    x = x + near[:, None] * np.array([-6.0, 1.5, 0.0])
    stretch = 1.0 - SHORTER * systole
    above = np.log1p(np.exp(np.clip(x[:, 2] / 4.0, -30, 30))) * 4.0
    ring = 1.0 / (1.0 + np.exp((x[:, 2] - length + 10.0) / 5.0))  # the base itself hardly narrows
    hole = SQUEEZE_MM2 * systole * ring * np.tanh(above / (0.7 * length))
    radius = np.hypot(x[:, 0], x[:, 1])
    ratio = np.sqrt(np.maximum(1.0 / stretch - hole / (radius**2 + 64.0), 0.02))
    x = x * np.column_stack([ratio, ratio, np.full(len(x), stretch)])
    out: np.ndarray = x @ axes + apex + np.array([12.0, -40.0, 25.0])
    return out


def _largest_closed(points: np.ndarray, triangles: np.ndarray, plane: CinePlane) -> np.ndarray | None:
    lines = cut_lines(points, triangles, plane.affine[:3, 3], plane.normal)
    closed = [line[:-1] for line in lines if np.array_equal(line[0], line[-1]) and len(line) > 8]
    return max(closed, key=lambda line: np.ptp(line, axis=0).sum(), default=None)


@dataclass(frozen=True)
class Study:
    contours: CineContours
    stack: CineStack


def study(gap_mm: float) -> Study:
    """Short axes 5 degrees off the true one, from the base down, without any image in them."""
    rest = true_mm(0.0)
    base = rest[SHAPE.rim("lv")].mean(axis=0)
    lv = rest[SHAPE.nodes("lv_endocardium")]
    tip = lv[np.argmax(np.linalg.norm(lv - base, axis=1))]
    down = Rotation.from_rotvec(np.deg2rad([5.0, 0.0, 0.0])).apply((tip - base) / np.linalg.norm(tip - base))
    across = np.cross(down, [0.0, 0.0, 1.0])
    across /= np.linalg.norm(across)
    left_wall = boundary_triangles(SHAPE.tets[~SHAPE.right])
    what = {
        "lv_endocardium": FACES.every[FACES.lv],
        "lv_epicardium": left_wall,
        "rv_endocardium": CAVITIES["rv"],
    }
    trigger = np.arange(PHASES) / PHASES
    planes, contours = [], []
    for k in range(int(np.linalg.norm(tip - base) / gap_mm) + 2):
        affine = np.eye(4)
        affine[:3, 0], affine[:3, 1], affine[:3, 2] = across, np.cross(down, across), down
        affine[:3, 3] = base + (gap_mm * k + 4.0) * down
        frames = np.zeros((PHASES, 8, 8), np.int16)
        plane = CinePlane(frames, affine, trigger, 1.0, f"SAX {k + 1}", 8.0)
        planes.append(plane)
        for phase, systole in enumerate(SYSTOLE):
            points = true_mm(systole)
            rings = {name: _largest_closed(points, triangles, plane) for name, triangles in what.items()}
            if rings["lv_endocardium"] is None:  # above the base, or beyond the cavity's end
                continue
            some = [CineContour(k, phase, name, ring, 1.0) for name, ring in rings.items() if ring is not None]
            contours += [one for one in some if one.area_mm2 > 40.0]
    rim = SHAPE.rim("lv")
    depth = [float((true_mm(s)[rim].mean(axis=0) - planes[0].affine[:3, 3]) @ down) for s in SYSTOLE]
    # a long axis, also without an image: what was found in it are the two ends of the left apex
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2], affine[:3, 3] = down, across, np.cross(down, across), base
    long_axis = CinePlane(np.zeros((PHASES, 8, 8), np.int16), affine, trigger, 1.0, "4CH", 8.0)
    ends = []
    for phase, systole in enumerate(SYSTOLE):
        for name, structure in (("lv_apex_endo", "lv_endocardium"), ("lv_apex_epi", "lv_epicardium")):
            points = true_mm(systole)[SHAPE.nodes(structure)]
            ends.append(CinePoint(len(planes), phase, name, 0, points[np.argmax(points @ down)], 1.0))
    found = CineContours(
        contours=tuple(contours),
        short_axis=tuple(range(len(planes))),
        image_uid="phantom",
        made_by="test",
        base_fraction=trigger,
        base_depth_mm=np.array(depth),
        points=tuple(ends),
    )
    return Study(found, CineStack((*planes, long_axis), "MR", "phantom"))


@cache
def fitted(gap_mm: float) -> Fitted:
    one = study(gap_mm)
    return fit(one.contours, one.stack)


def volumes(points: np.ndarray) -> dict[str, float]:
    return {side: enclosed_ml(points, cavity) for side, cavity in CAVITIES.items()}


def away_mm(points: np.ndarray, truth: np.ndarray, which: np.ndarray) -> np.ndarray:
    """(n,) distance of a face's points from the same face of the true heart."""
    triangles = FACES.every[which]
    faces = np.column_stack([np.full(len(triangles), 3), triangles])
    surface = pv.PolyData(np.ascontiguousarray(truth), faces)
    cloud = pv.PolyData(points[np.unique(triangles)])
    return np.abs(cloud.compute_implicit_distance(surface)["implicit_distance"])


def test_the_known_heart_beats_like_muscle() -> None:
    """What is to be found is not the template: other volumes, points moved by many mm, muscle of constant volume."""
    rest, systole = true_mm(0.0), true_mm(1.0)
    assert six_volumes(systole, SHAPE.tets).min() > 0.0
    assert six_volumes(systole, SHAPE.tets).sum() == pytest.approx(six_volumes(rest, SHAPE.tets).sum(), rel=0.03)
    assert volumes(rest)["lv"] > 1.1 * volumes(SHAPE.points_mm)["lv"]
    assert volumes(systole)["lv"] < 0.75 * volumes(rest)["lv"]


@pytest.mark.parametrize("gap_mm", [10.0, 18.0])
def test_the_heart_is_found_again(gap_mm: float) -> None:
    """Within 3 %, but for the right ventricle in systole, whose outflow tract no contour shows (7 %; asked: 15 %)."""
    found = fitted(gap_mm)
    for phase, right_within in ((0, 0.03), (2, 0.07)):
        truth, points = true_mm(SYSTOLE[phase]), found.positions_mm[phase]
        true_ml, ml = volumes(truth), volumes(points)
        assert ml["lv"] == pytest.approx(true_ml["lv"], rel=0.03)
        assert ml["rv"] == pytest.approx(true_ml["rv"], rel=right_within)
        for which in (FACES.lv, FACES.rv, FACES.epi):
            off = away_mm(points, truth, which)
            assert off.mean() < 1.5 and np.percentile(off, 95) < 6.0
    for points in found.positions_mm:
        assert six_volumes(points, SHAPE.tets).min() > 0.0


def _elsewhere(one: Study, turn: Rotation, shift: np.ndarray) -> Study:
    def moved(points: np.ndarray) -> np.ndarray:
        return turn.apply(points) + shift

    planes = []
    for plane in one.stack.planes:
        affine = plane.affine.copy()
        affine[:3, :3] = turn.as_matrix() @ affine[:3, :3]
        affine[:3, 3] = moved(plane.affine[:3, 3])
        planes.append(replace(plane, affine=affine))
    contours = replace(
        one.contours,
        contours=tuple(replace(c, points_mm=moved(c.points_mm)) for c in one.contours.contours),
        points=tuple(replace(p, point_mm=moved(p.point_mm)) for p in one.contours.points),
    )
    return Study(contours, replace(one.stack, planes=tuple(planes)))


def test_a_patient_who_lies_otherwise_has_the_same_heart() -> None:
    turn, shift = Rotation.from_rotvec(np.deg2rad([12.0, -25.0, 18.0])), np.array([-60.0, 35.0, 110.0])
    other = _elsewhere(study(18.0), turn, shift)
    found, before = fit(other.contours, other.stack), fitted(18.0)
    for mine, old in zip(found.positions_mm, before.positions_mm, strict=True):
        for side, ml in volumes(old).items():
            assert volumes(mine)[side] == pytest.approx(ml, rel=0.005)
        assert np.linalg.norm(mine - turn.apply(old) - shift, axis=1).mean() < 0.3


def test_breath_hold_shifts_are_taken_in() -> None:
    """Slices moved in their planes by 4 mm to and fro, with the shifts that bring them back: the same heart."""
    one = study(18.0)
    shift = np.zeros((len(one.stack.planes), 3))
    across = one.stack.planes[0].affine[:3, 0]
    shift[: len(one.contours.short_axis)] = (
        np.where(np.arange(len(one.contours.short_axis)) % 2, 4.0, -4.0)[:, None] * across
    )
    planes = []
    for plane, by in zip(one.stack.planes, shift, strict=True):
        affine = plane.affine.copy()
        affine[:3, 3] -= by
        planes.append(replace(plane, affine=affine))
    contours = replace(
        one.contours,
        contours=tuple(replace(c, points_mm=c.points_mm - shift[c.plane]) for c in one.contours.contours),
        shift_mm=shift,
    )
    moved, stack = aligned(contours, replace(one.stack, planes=tuple(planes)))
    for mine, old in zip(moved.contours, one.contours.contours, strict=True):
        np.testing.assert_allclose(mine.points_mm, old.points_mm, atol=1e-9)
    for plane, before in zip(stack.planes, one.stack.planes, strict=True):
        np.testing.assert_allclose(plane.affine, before.affine, atol=1e-9)


def _only(one: Study, phases: tuple[int, ...], slices: range, structures: tuple[str, ...]) -> Study:
    """What is left of a study: some phases, some slices, some structures; no long axis, no depth of the base."""
    planes = tuple(
        replace(p, frames=p.frames[list(phases)], trigger_s=p.trigger_s[list(phases)])
        for p in (one.stack.planes[k] for k in slices)
    )
    contours = tuple(
        replace(c, plane=slices.index(c.plane), phase=phases.index(c.phase))
        for c in one.contours.contours
        if c.phase in phases and c.plane in slices and c.structure in structures
    )
    left = CineContours(contours, tuple(range(len(planes))), "phantom", "test")
    return Study(left, replace(one.stack, planes=planes))


LEFT = ("lv_endocardium", "lv_epicardium")


@pytest.mark.parametrize(
    ("phases", "slices", "structures"),
    [
        ((0, 2), range(1, 10), LEFT),
        ((0,), range(3, 8), (*LEFT, "rv_endocardium")),
    ],
    ids=["two phases, no right contour", "one phase, base and apex missing"],
)
def test_little_is_still_a_sound_model(phases: tuple[int, ...], slices: range, structures: tuple[str, ...]) -> None:
    """Without long axes the base is half a gap above the first slice that shows the ring: 14 % of the volume here."""
    one = _only(study(10.0), phases, slices, structures)
    mesh = model(fit(one.contours, one.stack), one.contours)
    assert mesh.motion_mm is not None and len(mesh.motion_mm) == len(phases)
    assert dihedral_range_deg(mesh.points_mm, mesh.tets)[0].min() > 8.0
    for frame in mesh.motion_mm:
        assert six_volumes(frame.astype(float), mesh.tets).min() > 0.0
    if len(slices) > 6:
        assert mesh.enclosed_ml("lv_cavity") == pytest.approx(volumes(true_mm(0.0))["lv"], rel=0.15)


def test_two_slices_are_needed_and_cancelling_is_heard() -> None:
    one = study(10.0)
    few = _only(one, (0, 2), range(4, 7), LEFT)
    with pytest.raises(SegmentationError, match="two slices"):
        lonely = tuple(c for c in few.contours.contours if c.plane == 1)
        fit(replace(few.contours, contours=lonely), few.stack)

    def cancel(fraction: float, text: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        fit(one.contours, one.stack, cancel)
