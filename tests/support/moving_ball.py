"""A cine study of the beating ball: grey planes, and a mesh that moves as they are said to show."""

from dataclasses import replace

import numpy as np
from beating_ball import ball

from twinviewer.domain import CineContours, CinePlane, CineStack, OrganMesh, Patient, Quantity
from twinviewer.session.case import Case

FRAMES, EJECTED, GREY = 8, 0.3, 60


def size(fraction: float) -> float:
    """The ball's radius over its largest, least in the middle of the beat."""
    return 1.0 - EJECTED * np.sin(np.pi * fraction) ** 2


def moving() -> OrganMesh:
    """The ball with its outer shell as left endocardium, in eight frames of one beat."""
    mesh = ball()
    wall = mesh.surfaces["myocardium"]
    shell = wall[: len(wall) // 2]  # the outer ball
    fraction = np.arange(FRAMES) / FRAMES
    motion = np.array([size(f) * mesh.points_mm for f in fraction], np.float32)
    surfaces = {**mesh.surfaces, "lv_endocardium": shell, "lv_cavity": shell}
    return replace(mesh, surfaces=surfaces, motion_mm=motion, motion_fraction=fraction, uid="moving")


def _plane(label: str, across: bool, height_mm: float = 0.0) -> CinePlane:
    affine = np.eye(4)
    affine[:3, 3] = [-63.5, -63.5, height_mm]
    if not across:
        affine[:3, :3] = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
        affine[:3, 3] = [-63.5, height_mm, -63.5]
    return CinePlane(np.full((FRAMES, 128, 128), GREY, np.int16), affine, np.arange(FRAMES) * 0.1, 0.8, label, 8.0)


def cine_case() -> Case:
    """Three short axes, of which one misses the ball, and a long axis; grey images."""
    planes = (_plane("SAX 1", True, 12.0), _plane("SAX 2", True), _plane("SAX 3", True, -90.0), _plane("2CH", False))
    stack = CineStack(planes, "MR", "cine", window=(200.0, 100.0))
    return Case(
        title="C-1", patient=Patient("C-1"), image=stack, mesh=moving(), organ="heart",
        contours=CineContours((), (0, 1, 2), "cine", "test"),
        measurements={"lv_edv_ml": Quantity(113.0, "mL", "measured", "ball", 110.0, 116.0)},
    )  # fmt: skip
