"""An analytic heart for tests: two truncated ellipsoids with walls, atria and vessels, tilted as in a chest."""

from functools import lru_cache

import numpy as np

from twinviewer.domain import Grid, LabelMap, OrganMesh

NAMES = {
    1: "lv_myocardium",
    2: "lv_blood",
    3: "rv_blood",
    4: "la_blood",
    5: "ra_blood",
    6: "aorta",
    7: "pulmonary_artery",
    8: "rv_myocardium",
}
LV_RADIUS_MM, LV_LENGTH_MM, WALL_MM, BASE_MM = 24.0, 66.0, 10.0, 16.0
RV_CENTRE_MM, RV_RADIUS_MM, RV_LENGTH_MM, RV_WALL_MM = 16.0, 38.0, 62.0, 4.0
CENTRE_MM = np.array([35.0, -10.0, 40.0])

# Heart axes in LPS: w from apex to base (to the right, back and up), u towards the right ventricle, v anterior
AXIS_W = np.array([-0.62, 0.50, 0.60]) / np.linalg.norm([-0.62, 0.50, 0.60])
_U = np.array([-0.75, -0.55, -0.30])
AXIS_U = (_U - AXIS_W * (_U @ AXIS_W)) / np.linalg.norm(_U - AXIS_W * (_U @ AXIS_W))
AXIS_V = np.cross(AXIS_W, AXIS_U)
if AXIS_V[1] > 0:
    AXIS_V = -AXIS_V


def lv_blood_ml() -> float:
    """Exact volume of the left cavity: an ellipsoid from its tip to the plane w = BASE_MM."""
    x = BASE_MM / LV_LENGTH_MM
    return float(np.pi * LV_RADIUS_MM**2 * LV_LENGTH_MM * (2 / 3 + x - x**3 / 3) / 1000.0)


def ideal_labels(spacing_mm: float = 1.5) -> LabelMap:
    """One phase of labels (values of docs/rooms.md) on an axis-aligned LPS grid."""
    half = 102.0
    n = int(np.ceil(2 * half / spacing_mm))
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = CENTRE_MM - half
    line = np.arange(n) * spacing_mm - half
    z, y, x = np.meshgrid(line, line, line, indexing="ij", sparse=True)
    u, v, w = (x * axis[0] + y * axis[1] + z * axis[2] for axis in (AXIS_U, AXIS_V, AXIS_W))

    def ball(centre: tuple[float, float, float], radius: tuple[float, float, float]) -> np.ndarray:
        return ((u - centre[0]) / radius[0]) ** 2 + ((v - centre[1]) / radius[1]) ** 2 + (
            (w - centre[2]) / radius[2]
        ) ** 2 < 1

    def tube(foot: tuple[float, float], radius: float, lean: tuple[float, float], top: float) -> np.ndarray:
        du, dv = u - foot[0] - lean[0] * (w - BASE_MM), v - foot[1] - lean[1] * (w - BASE_MM)
        return (du**2 + dv**2 < radius**2) & (w >= BASE_MM) & (w < top)

    low = w < BASE_MM
    lv = ball((0, 0, 0), (LV_RADIUS_MM, LV_RADIUS_MM, LV_LENGTH_MM))
    lv_out = ball((0, 0, 0), (LV_RADIUS_MM + WALL_MM, LV_RADIUS_MM + WALL_MM, LV_LENGTH_MM + WALL_MM))
    rv = ball((RV_CENTRE_MM, 0, 0), (RV_RADIUS_MM, RV_RADIUS_MM, RV_LENGTH_MM))
    grown = tuple(r + RV_WALL_MM for r in (RV_RADIUS_MM, RV_RADIUS_MM, RV_LENGTH_MM))
    rv_out = ball((RV_CENTRE_MM, 0, 0), (grown[0], grown[1], grown[2]))
    roof = (w >= BASE_MM) & (w < BASE_MM + 5.0)
    labels = np.zeros((n, n, n), dtype=np.uint8)
    front = v > 6.0
    labels[ball((-6, -8, BASE_MM + 18), (25, 25, 24)) & ~low | (roof & lv)] = 4
    labels[ball((44, -10, BASE_MM + 20), (22, 24, 26)) & ~low | (roof & rv & ~lv_out & ~front)] = 5
    labels[tube((9, 8), 11.0, (0.25, 0.1), BASE_MM + 55)] = 6
    outflow = tube((36, 20), 12.0, (-0.55, 0.0), BASE_MM + 50) | (roof & rv & ~lv_out & front)
    labels[outflow & (labels != 6)] = 7
    labels[rv_out & low] = 8
    labels[rv & low] = 3
    labels[lv_out & low] = 1
    labels[lv & low] = 2
    labels.setflags(write=False)
    return LabelMap(labels[None], Grid((n, n, n), affine), NAMES, np.zeros(1), "ideal_heart 1", f"ideal-{spacing_mm}")


@lru_cache(maxsize=2)
def ideal_heart(spacing_mm: float = 1.5) -> OrganMesh:
    """The OrganMesh of the ideal labels, made by the real build()."""
    from twinviewer.organs.heart.build import build

    return build(ideal_labels(spacing_mm))
