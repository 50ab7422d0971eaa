"""What the long axes add: where the model's faces cross a plane, the image is searched for the border near by."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CinePlane
from twinviewer.geometry.plane_cut import cut_segments
from twinviewer.organs.heart.template.shape import Template
from twinviewer.segmentation.cine.edges import along_rays, find_edges
from twinviewer.segmentation.cine.tone import Tone

Array = NDArray[np.float64]
_USUAL_SHARE = 0.4
"""Muscle as a share of blood in bSSFP, for planes with the right ventricle alone: its wall is too thin to sample."""
_LEAST, _LEAST_RIGHT = 0.15, 0.35
"""Trust below which a border is not used; the right one lies among fat and trabeculae."""
_LEAST_SLANT = 0.35
"""Faces that the plane cuts at less than 20 degrees have no clear border in it."""


def crossing(points_mm: Array, triangles: NDArray[np.integer], plane: CinePlane) -> tuple[Array, Array]:
    """(k, 3) middles of the lines in which triangles meet a plane, and (k, 3) their normals, unit and in the plane;
    only where the surface stands up from the plane."""
    normal = plane.normal
    segments, _, cut = cut_segments(points_mm, triangles, plane.affine[:3, 3], normal)
    middle, p = segments.mean(axis=1), points_mm[triangles[cut]]
    out = np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])
    out /= np.maximum(np.linalg.norm(out, axis=1), 1e-12)[:, None]
    out -= np.outer(out @ normal, normal)
    size = np.linalg.norm(out, axis=1)
    steep = size > _LEAST_SLANT
    return middle[steep], out[steep] / size[steep, None]


def tones(template: Template, points_mm: Array, plane: CinePlane, phase: int) -> dict[str, Tone]:
    """By structure: how bright blood and muscle are in this frame, from inside and beside the model's faces; without
    those that it hardly shows. The right ventricle's blood has a level of its own."""
    every, faces = template.faces.every, template.faces
    found: dict[str, Tone] = {}
    muscle = 0.0
    for name, which in (("lv_endocardium", faces.lv), ("rv_endocardium", faces.rv)):
        middle, into = crossing(points_mm, every[which], plane)  # the skin of the muscle looks into the blood
        if len(middle) < 12:
            continue
        blood = float(np.percentile(along_rays(plane, phase, middle, into, np.arange(4.0, 12.0)), 65))
        if name == "lv_endocardium":
            muscle = float(np.median(along_rays(plane, phase, middle, -into, np.arange(2.0, 6.0))))
            found["lv_epicardium"] = Tone(min(muscle, 0.75 * blood), blood)
        found[name] = Tone(min(muscle or _USUAL_SHARE * blood, 0.75 * blood), blood)
    return found


def search(
    template: Template, points_mm: Array, plane: CinePlane, phase: int, reach_mm: float
) -> dict[str, tuple[Array, Array, Array]]:
    """By structure: (k, 3) border points in the plane, (k, 3) outward unit vectors, (k,) trust."""
    levels = tones(template, points_mm, plane, phase)
    out: dict[str, tuple[Array, Array, Array]] = {}
    every, faces = template.faces.every, template.faces
    left = np.zeros(len(points_mm), dtype=bool)
    left[template.tets[~template.right]] = True
    free = left[every].all(axis=1) & faces.epi  # the septum's right face is searched as the right ventricle's
    for name, which in (("lv_endocardium", faces.lv), ("rv_endocardium", faces.rv), ("lv_epicardium", free)):
        if name not in levels:
            continue
        middle, normal = crossing(points_mm, every[which], plane)
        outward = normal if name == "lv_epicardium" else -normal
        edges = find_edges(plane, phase, name, middle, outward, levels[name], reach_mm)
        good = edges.trust > (_LEAST_RIGHT if name == "rv_endocardium" else _LEAST)
        out[name] = (
            (middle + edges.offset_mm[:, None] * outward)[good],
            outward[good],
            edges.trust[good],
        )
    return out
