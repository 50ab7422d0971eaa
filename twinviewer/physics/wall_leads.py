"""What a lead sees of the currents in the wall: the lead field within the heart, times the wall's own conductivity.

Equation: G∇Z with G = g_l f fᵀ + g_c c cᵀ + g_n n nᵀ for fibre f, the direction n through the wall and c across both.
Intracellular conductivity is 0.17 S/m along and 0.019 S/m across the fibre (Clerc 1976). The lead field Z is known for
a homogeneous ball, but in it lies a heart that conducts better than the chest, for the blood in it: what points through
the wall is enhanced and what lies along it is lessened (Brody, Circ Res 4:731, 1956). To first order the heart is a
ball of conductivity σ_h in the chest's σ_T: within it the field is 3 σ_T / (2 σ_T + σ_h) of that without, its part
along the wall passes from blood to muscle unchanged, and its part through the wall grows by σ_h over the wall's
conductivity across its fibres, since the current is the same on both sides.

Assumes one conductivity for the heart's inside and straight walls. Order: none, it is an algebraic weight.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

INTRACELLULAR_S_M = (0.17, 0.019)
"""Along and across the fibre (Clerc, J Physiol 255:335, 1976)."""
WALL_ACROSS_S_M = 0.019 + 0.24
"""Intra- and extracellular together, across the fibre (Clerc 1976)."""
HEART_S_M = 0.6
"""Inside of the heart, blood for the most part (0.6 to 0.7 S/m: Gabriel et al., Phys Med Biol 41:2251, 1996)."""


def through_wall(points_mm: Array, tets: NDArray[np.integer], transmural: Array) -> Array:
    """(m, 3) unit vectors through the wall: the gradient of the (n,) depth in each tetrahedron; 0 where it is flat."""
    corner, depth = points_mm[tets], transmural[tets]
    edge, rise = corner[:, 1:] - corner[:, :1], depth[:, 1:] - depth[:, :1]
    # gradient times six volumes: no division, so a flat element does no harm
    one, two, three = edge[:, 0], edge[:, 1], edge[:, 2]
    gradient = (
        rise[:, :1] * np.cross(two, three) + rise[:, 1:2] * np.cross(three, one) + rise[:, 2:] * np.cross(one, two)
    )
    length = np.linalg.norm(gradient, axis=1, keepdims=True)
    return np.where(length > 1e-9, gradient / np.maximum(length, 1e-9), 0.0)


def weights_s_m(torso_s_m: float) -> tuple[float, float, float]:
    """Weight along the fibre, across it within the wall, and through the wall."""
    inside = 3.0 * torso_s_m / (2.0 * torso_s_m + HEART_S_M)
    along, across = INTRACELLULAR_S_M
    return along * inside, across * inside, across * inside * HEART_S_M / WALL_ACROSS_S_M


def weighed(fields: Array, fibre: Array, through: Array, weights: tuple[float, float, float]) -> Array:
    """(m, e, 3) G∇Z from (m, e, 3) lead fields, (m, 3) fibres and (m, 3) directions through the wall."""
    along, across, out = weights
    normal = through - (through * fibre).sum(axis=1, keepdims=True) * fibre
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    normal = np.where(length > 1e-6, normal / np.maximum(length, 1e-6), 0.0)
    result = across * fields
    for direction, weight in ((fibre, along), (normal, out)):
        share = np.einsum("mec,mc->me", fields, direction)
        result += (weight - across) * share[:, :, None] * direction[:, None, :]
    return np.asarray(result)
