"""Muscle fibre directions by the Laplace–Dirichlet rule.

Bayer JD, Blake RC, Plank G, Trayanova NA. A novel rule-based algorithm for assigning myocardial fiber orientation to
computational heart models. Ann Biomed Eng 2012;40:2243. Frames (circumferential, longitudinal, transmural) are built
from gradients of harmonic functions at the left endocardium, right endocardium and epicardium, turned by the helix
angle and blended as quaternions. Here the angle falls linearly with depth in both free walls; the published blend
makes it fall with the square.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from twinviewer.geometry.laplace import Elements

Array = NDArray[np.float64]
Index = NDArray[np.int64]
ENDO_DEG, EPI_DEG = 60.0, -60.0


def fibres(
    elements: Elements,
    lv_endo: Index,
    rv_endo: Index,
    epi: Index,
    apex: Index,
    base: Index,
    endo_deg: float = ENDO_DEG,
    epi_deg: float = EPI_DEG,
) -> Array:
    """(m, 3) unit fibre vectors. Indices: the points of each face. Helix angles are positive when right-handed."""
    faces = {"lv": lv_endo, "rv": np.setdiff1d(rv_endo, lv_endo)}
    faces["epi"] = np.setdiff1d(epi, np.concatenate([lv_endo, rv_endo]))
    fixed = np.concatenate(list(faces.values()))
    owner = np.repeat([0, 1, 2], [len(f) for f in faces.values()])
    harmonic = [elements.laplace(fixed, (owner == k).astype(float)) for k in range(2)]
    harmonic.append(1.0 - harmonic[0] - harmonic[1])  # the three sum to 1
    base = np.setdiff1d(base, apex)
    up_field = elements.laplace(np.concatenate([apex, base]), np.concatenate([np.zeros(len(apex)), np.ones(len(base))]))
    g_lv, g_rv, g_epi = (elements.gradient(np.nan_to_num(u)) for u in harmonic)
    lv, rv, epi_share = (np.clip(np.nan_to_num(u)[elements.tets].mean(axis=1), 0.0, 1.0) for u in harmonic)
    up = elements.gradient(np.nan_to_num(up_field))
    level = np.linalg.norm(up, axis=1) < 1e-9  # all four corners lie on the base, or on the apex
    up[level] = up.sum(axis=0)
    d = rv / np.maximum(lv + rv, 1e-6)
    inner = endo_deg * (1.0 - 2.0 * d) * (1.0 - epi_share)
    from_lv = _turned(_frame(up, -g_lv), inner + epi_deg * epi_share)
    from_rv = _turned(_frame(up, g_rv), inner - epi_deg * epi_share)
    outer = _turned(_frame(up, g_epi), endo_deg * (1.0 - epi_share) + epi_deg * epi_share)
    q = _blend(_blend(from_lv, from_rv, d), outer, epi_share)
    return np.ascontiguousarray(Rotation.from_quat(q).as_matrix()[:, :, 0])


def _frame(up: Array, across: Array) -> Array:
    """(m, 3, 3) columns circumferential, longitudinal, transmural: right-handed, c = l × t."""
    l = up / np.maximum(np.linalg.norm(up, axis=1), 1e-300)[:, None]
    t = across - np.einsum("ij,ij->i", across, l)[:, None] * l
    size = np.linalg.norm(t, axis=1)
    helper = np.eye(3)[np.argmin(np.abs(l), axis=1)]
    spare = np.cross(l, helper)
    t = np.where((size > 1e-9)[:, None], t, spare)
    t = t / np.linalg.norm(t, axis=1)[:, None]
    return np.stack([np.cross(l, t), l, t], axis=2)


def _turned(frame: Array, degrees: Array) -> Array:
    """(m, 4) quaternions of frames whose first axis is turned towards the second by an angle about the third."""
    a = np.radians(degrees)[:, None]
    c, l, t = frame[:, :, 0], frame[:, :, 1], frame[:, :, 2]
    turned = np.stack([np.cos(a) * c + np.sin(a) * l, np.cos(a) * l - np.sin(a) * c, t], axis=2)
    return np.asarray(Rotation.from_matrix(turned).as_quat())


def _blend(q1: Array, q2: Array, share: Array) -> Array:
    """Spherical interpolation that does not tell an axis from its opposite: of the four equivalent turns of q1 by
    180° about its own axes the nearest to q2 is used."""
    x, y, z, w = q1.T
    twins = np.stack(
        [q1, np.stack([w, z, -y, -x], 1), np.stack([-z, w, x, -y], 1), np.stack([y, -x, w, -z], 1)], axis=1
    )  # q1, q1·i, q1·j, q1·k
    dots = np.einsum("mka,ma->mk", twins, q2)
    best = np.argmax(np.abs(dots), axis=1)
    rows = np.arange(len(best))
    dot = dots[rows, best]
    start = twins[rows, best] * np.where(dot < 0, -1.0, 1.0)[:, None]
    angle = np.arccos(np.clip(np.abs(dot), 0.0, 1.0))
    small = angle < 1e-4
    sine = np.where(small, 1.0, np.sin(angle))
    a = np.where(small, 1.0 - share, np.sin((1.0 - share) * angle) / sine)
    b = np.where(small, share, np.sin(share * angle) / sine)
    out = a[:, None] * start + b[:, None] * q2
    return np.asarray(out / np.linalg.norm(out, axis=1)[:, None])
