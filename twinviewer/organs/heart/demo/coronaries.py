"""Coronary arteries on the outside of the ventricles: in the grooves where the two ventricles and the atria meet."""

from collections.abc import Callable

import numpy as np

from twinviewer.organs.heart.demo.implicit import Array
from twinviewer.organs.heart.demo.layout import Layout, Tube
from twinviewer.organs.heart.demo.ventricle import LeftVentricle

GAP_MM = 3.2


def _groove(
    ventricle: LeftVentricle, right: Callable[[Array, Array, Array], Array], levels: list[float], anterior: bool
) -> list[list[float]]:
    """Points just outside the edge of the right ventricle on the left ventricle's epicardium, one a level."""
    nodes = []
    angles = np.deg2rad(np.arange(5.0, 175.0, 2.0)) * (1 if anterior else -1)
    for level in levels:
        radius = np.array([ventricle.outer_radius(a, level) for a in angles])
        shift = float(ventricle.bend(np.array(level)))
        x, y = (radius + GAP_MM) * np.cos(angles) + shift, (radius + GAP_MM) * np.sin(angles)
        covered = right(x, y, np.full_like(x, level)) < 5.0
        edge = angles[len(angles) - 1 - covered[::-1].argmax()] if covered.any() else angles[20]
        reach = ventricle.outer_radius(edge, level) + GAP_MM
        nodes.append([reach * np.cos(edge) + shift, reach * np.sin(edge), level])
    return nodes


def coronaries(
    ventricle: LeftVentricle, right: Callable[[Array, Array, Array], Array], places: Layout
) -> tuple[Tube, ...]:
    """Left anterior descending with a diagonal, circumflex with a marginal, right coronary with its descending end."""
    length = ventricle.shape.lv_length
    levels = [-f * length for f in (0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.92)]
    front = _groove(ventricle, right, levels, anterior=True)
    back = _groove(ventricle, right, levels[:5], anterior=False)
    up = places.aortic_normal
    left_ostium = places.aortic + 11 * up + 12 * _towards(places.aortic, front[0], up)

    def on_epicardium(angle_deg: float, level: float) -> list[float]:
        angle = np.deg2rad(angle_deg)
        radius = ventricle.outer_radius(angle, min(level, -4.0)) + GAP_MM + 0.6
        return [radius * np.cos(angle) + float(ventricle.bend(np.array(level))), radius * np.sin(angle), level]

    start = np.rad2deg(np.arctan2(front[0][1], front[0][0]))
    main = [list(left_ostium), on_epicardium(start + 8, 3.0)]
    circumflex = [main[1], *[on_epicardium(a, 3.5) for a in (start + 30, start + 55, start + 80, start + 110)]]
    n = places.tricuspid_normal
    out = _towards(places.tricuspid, places.pulmonary, n)
    side = np.cross(n, out)
    side = side if side[0] > 0 else -side
    ring = [
        places.tricuspid + 4 * n + 29.5 * (np.cos(t) * out + np.sin(t) * side)
        for t in np.deg2rad([15, 45, 75, 105, 135, 160])
    ]
    right_ostium = places.aortic + 11 * up + 12 * _towards(places.aortic, ring[0], up)

    def line(nodes: list, first: float, last: float) -> Tube:  # type: ignore[type-arg]
        return Tube(np.array(nodes, dtype=np.float64), np.linspace(first, last, len(nodes)))

    return (
        line([*main, *front], 2.2, 1.0),
        line([front[2], on_epicardium(start + 28, levels[3]), on_epicardium(start + 36, levels[5])], 1.3, 0.9),
        line(circumflex, 1.8, 1.1),
        line([circumflex[2], on_epicardium(start + 62, levels[2]), on_epicardium(start + 66, levels[4])], 1.4, 0.9),
        line([list(right_ostium), *[list(p) for p in ring], *back], 2.2, 1.0),
    )


def _towards(origin: Array, target: Array | list[float], normal: Array) -> Array:
    """Unit vector from origin to target, within the plane of ``normal``."""
    way = np.asarray(target, dtype=np.float64) - origin
    way = way - (way @ normal) * normal
    return way / np.linalg.norm(way)
