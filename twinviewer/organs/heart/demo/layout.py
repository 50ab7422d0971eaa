"""Where the parts of a heart lie in the heart frame, worked out from its measures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.organs.heart.demo.shape import HeartShape

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Tube:
    """A polyline in the heart frame (n, 3) with a radius (n,) at each node, in mm."""

    nodes: Vector
    radii: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Centres, normals and centre lines in the heart frame, mm. Normals point downstream for the outlets, into the
    atrium for the inlets."""

    mitral: Vector
    mitral_radius: float
    tricuspid: Vector
    tricuspid_normal: Vector
    aortic: Vector
    aortic_normal: Vector
    pulmonary: Vector
    pulmonary_normal: Vector
    la_centre: Vector
    ra_centre: Vector
    outflow_left: Tube
    sinus_centres: Vector
    sinus_radius: float
    aorta: Tube
    descending_aorta: Tube
    rv_sinus: Tube
    rv_outflow: Tube
    pulmonary_trunk: Tube
    left_pulmonary: Tube
    right_pulmonary: Tube
    la_funnel: Tube
    la_appendage: Tube
    pulmonary_veins: tuple[Tube, ...]
    ra_funnel: Tube
    ra_appendage: Tube
    svc: Tube
    ivc: Tube
    coronary_sinus: Tube
    papillary_muscles: tuple[Tube, ...]
    rv_bands: tuple[Tube, ...]


def _unit(vector: Vector) -> Vector:
    return vector / np.linalg.norm(vector)


def layout(shape: HeartShape) -> Layout:
    """Place every part of the heart."""
    s = shape.size / 1.08
    base = 0.86 * shape.lv_radius
    wider = base - 25.5
    long = shape.lv_length / 92.0
    jitter = shape.jitter

    def offset(centre: Vector, *steps: tuple[float, float, float]) -> Vector:
        """Points at offsets (LPS mm) from a centre, in the heart frame."""
        return np.array([centre + shape.turned(np.array(step) * s) for step in steps])

    mitral = np.array([-5.5, -4.5, 0.0])
    aortic = np.array([20.5 + 0.8 * wider, 11.0, 5.0]) + 0.5 * jitter[0]
    aortic_normal = _unit(shape.turned((-0.48, -0.02, 0.88)))
    tricuspid = np.array([46.0 + wider, -21.0, -10.0]) + jitter[1]
    pulmonary = np.array([31.0 + wider, 33.0, -8.0]) + jitter[2]
    pulmonary_normal = _unit(shape.turned((0.2, 0.45, 0.87)))
    la_centre = np.array([1.0, -10.0, 8.0]) + np.array([1.0, 0.5, 21.0]) * s + jitter[3]
    ra_centre = tricuspid + np.array([6.0, -8.0, 21.0]) * s + 0.5 * jitter[4]
    la_x, la_y, la_z = shape.la_half_axes

    root = aortic_normal * s
    across = _unit(np.cross(aortic_normal, [0.0, 0.0, 1.0]))
    third = np.cross(aortic_normal, across)
    turns = np.deg2rad([30.0, 150.0, 270.0])
    sinus_centres = np.array([aortic + 7.5 * root + 5.5 * s * (np.cos(t) * across + np.sin(t) * third) for t in turns])
    r = shape.aortic_radius
    up = shape.ascending_radius
    ascending = offset(aortic, (-8, 0, 15), (-16, -3, 32), (-18, 2, 52), (-12, 14, 68), (0, 28, 76))
    descending = offset(
        aortic, (0, 28, 76), (14, 46, 74), (19, 58, 62), (20, 63, 44), (18, 64, 0), (14, 63, -45), (8, 61, -140)
    )
    aorta = Tube(
        np.concatenate([[aortic - 5 * root, aortic + 4 * root], ascending]),
        np.array([r - 0.5, r + 0.5, r + 1.3, *(up + np.array([0, 0.3, 0, -1]))]),
    )
    p = shape.pulmonary_radius
    trunk = pulmonary_normal * s
    fork = offset(pulmonary, (4, 20, 21), (8, 34, 29))
    left = offset(pulmonary, (8, 34, 29), (20, 47, 33), (36, 60, 28), (54, 68, 14), (66, 72, -2))
    right = offset(pulmonary, (8, 34, 29), (-8, 47, 26), (-30, 51, 21), (-52, 55, 14), (-70, 60, 2))
    swell = shape.rv_swell
    rv_sinus = Tube(
        np.array(
            [
                tricuspid + [-1.0, 5.0, 3.0],
                [38.0 + wider, -4.0, -32.0 * long],
                [29.0 + 0.7 * wider, 0.0, -57.0 * long],
                [19.0 + 0.5 * wider, 0.0, -77.0 * long],
            ]
        ),
        np.array([26.0, 31.5 + swell, 27.0 + swell, 14.0]) * s,
    )
    rv_outflow = Tube(
        np.array(
            [[43.0 + wider, 6.0, -38.0 * long], [42.0 + wider, 22.0, -24.0 * long], pulmonary, pulmonary + 8 * trunk]
        ),
        np.array([18.0 * s, 15.5 * s, p, p]),
    )

    def vein(*steps: tuple[float, float, float], radius: float) -> Tube:
        nodes = offset(la_centre, *[(a * la_x / 33, b * la_y / 21.5, c * la_z / 28) for a, b, c in steps])
        return Tube(nodes, np.array([radius + 2.5, radius, radius - 1.2, radius - 2.2][: len(steps)]))

    return Layout(
        mitral=mitral,
        mitral_radius=0.62 * base + 1.5,
        tricuspid=tricuspid,
        tricuspid_normal=_unit(ra_centre - tricuspid),
        aortic=aortic,
        aortic_normal=aortic_normal,
        pulmonary=pulmonary,
        pulmonary_normal=pulmonary_normal,
        la_centre=la_centre,
        ra_centre=ra_centre,
        outflow_left=Tube(
            np.array([[7.0, 4.0, -22.0], aortic - 7 * root, aortic + 4 * root]), np.array([r + 1.5, r + 0.6, r])
        ),
        sinus_centres=sinus_centres,
        sinus_radius=10.6 * s * r / 12.0,
        aorta=aorta,
        descending_aorta=Tube(descending, up + np.array([-1, -2, -2.8, -3.3, -3.7, -4, -4.3])),
        rv_sinus=rv_sinus,
        rv_outflow=rv_outflow,
        pulmonary_trunk=Tube(
            np.concatenate([[pulmonary - 4 * trunk, pulmonary + 8 * trunk], fork]),
            np.array([p - 0.5, p + 2, p + 1.5, p + 1]),
        ),
        left_pulmonary=Tube(left, np.array([p, p - 2.5, p - 4, p - 6, p - 7.5])),
        right_pulmonary=Tube(right, np.array([p, p - 2, p - 2.5, p - 4.5, p - 7])),
        la_funnel=Tube(
            np.array([mitral + [0, 0, -3.0], mitral + [0, 0, 6.0], la_centre]),
            np.array([0.62 * base + 1.5, 0.62 * base + 3, 0.62 * base + 6]),
        ),
        la_appendage=Tube(
            offset(la_centre, (20, -6, 6), (34, -8, 18), (44, -20, 24), (47, -34, 22), (44, -44, 16)) + jitter[5],
            np.array([13.0, 9.5, 9.0, 7.5, 4.5]) * s,
        ),
        pulmonary_veins=(
            vein((20, 8, 12), (37, 17, 18), (52, 26, 24), (68, 34, 34), radius=7.0),
            vein((20, 8, -8), (36, 18, -12), (52, 29, -18), (66, 38, -30), radius=6.8),
            vein((-20, 6, 10), (-37, 10, 15), (-54, 14, 19), (-72, 20, 28), radius=7.2),
            vein((-20, 8, -8), (-36, 16, -14), (-53, 24, -21), (-70, 32, -32), radius=7.0),
        ),
        ra_funnel=Tube(np.array([tricuspid - 4 * _unit(ra_centre - tricuspid), ra_centre]), np.array([18.5, 22.0]) * s),
        ra_appendage=Tube(
            offset(ra_centre, (4, -10, 12), (10, -22, 24), (20, -28, 34), (32, -28, 38), (40, -25, 38)) + jitter[6],
            np.array([15.0, 12.0, 9.5, 8.0, 5.0]) * s,
        ),
        svc=Tube(
            offset(ra_centre, (0, 8, 14), (-1, 10, 34), (2, 9, 62), (5, 6, 100), (8, 0, 140)),
            np.array([12.5, 10, 9, 9, 9.5]) * s,
        ),
        ivc=Tube(
            offset(ra_centre, (3, 10, -14), (4, 14, -34), (2, 17, -60), (-2, 22, -130)),
            np.array([14.0, 11.5, 12, 12.5]) * s,
        ),
        coronary_sinus=Tube(
            np.array(
                [
                    tricuspid + [-12, -14, 8.0],
                    [14.0, -base - 11.0, 1.0],
                    [-8.0, -base - 11.0, 3.0],
                    [-base - 5.0, -base + 6.0, 3.0],
                    [-base - 9.0, 4.0, 4.0],
                ]
            ),
            np.array([5.0, 4.5, 4.0, 3.2, 2.4]),
        ),
        papillary_muscles=tuple(
            Tube(
                np.array(
                    [
                        [share * shape.lv_radius * c, share * shape.lv_radius * d, level * shape.lv_length]
                        for share, level in ((0.88, -0.66), (0.68, -0.48), (0.55, -0.36))
                    ]
                ),
                np.array([5.0, 4.4, 2.2]) * s,
            )
            for c, d in ((np.cos(t), np.sin(t)) for t in np.deg2rad([128.0, 217.0]))
        ),
        rv_bands=(
            Tube(np.array([[36 + wider, 6, -60 * long], [50 + wider, 10, -55 * long]]), np.array([2.6, 2.6])),
            Tube(np.array([[50 + wider, 10, -55 * long], [48 + wider, 0, -38 * long]]), np.array([3.0, 1.8])),
        ),
    )
