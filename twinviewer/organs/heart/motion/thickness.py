"""Thickness and volume of the wall's segments while it moves.

Thickness: mean of 1/|∇d| over a layer of equal transmural depth d, by its area, and then over the depths. By the
co-area formula that is ΣV / Σ|∇d|V in each of LAYERS slices of depth, then the mean over the slices. Moving, V → J V
with J = det F, and |∇d|V → |∇d|V Rr·(Fc × Fl): the area of the layer without its wrinkles, seen along the normal that
the segment as a whole has now. c, l, r, F and R as in strain.py.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from twinviewer.organs.heart.motion.strain import Tissue

Array = NDArray[np.float64]
LAYERS = 4
_CHUNK = 5  # frames at once: some tens of MB


def thickness(
    motion_mm: NDArray[np.floating], tissue: Tissue, depth: Array, rest_mm: Array, turn: Array
) -> tuple[Array, Array]:
    """(t, G) thickness in mm, NaN where a group has no muscle, and (t, G) volume in mL.

    tissue: the wall by tetrahedra, made at rest_mm (n, 3). depth: (n,). turn: (t, G, 3, 3) from strain().
    """
    frames, groups, count = len(turn), tissue.share.shape[0], len(tissue.cells)
    middle = np.nan_to_num(depth[tissue.rows])[tissue.cells].mean(axis=1)
    layer = np.clip(np.floor(middle * LAYERS), 0, LAYERS - 1).astype(int)
    share = sparse.vstack([tissue.share.multiply(layer == k) for k in range(LAYERS)]).tocsr()
    level = sparse.vstack([share.multiply(tissue.depth_slope[:, a].astype(np.float32)) for a in range(3)]).tocsr()
    along = sparse.vstack([tissue.along(k) for k in range(3)]).tocsr()
    still = tissue.directions.astype(np.float32)[..., None]
    volume, area = np.zeros((2, frames, LAYERS, groups))
    for start in range(0, frames, _CHUNK):
        now = slice(start, start + _CHUNK)
        moved = (motion_mm[now][:, tissue.rows] - rest_mm[tissue.rows]).astype(np.float32)
        columns = np.ascontiguousarray(moved.transpose(1, 2, 0)).reshape(len(tissue.rows), -1)
        c, l, r = (along @ columns).reshape(3, count, 3, len(moved)) + still
        normal = np.empty_like(c)
        for x, y, z in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
            normal[:, x] = c[:, y] * l[:, z] - c[:, z] * l[:, y]
        volume[now] = (share @ np.einsum("mxt,mxt->mt", normal, r)).T.reshape(-1, LAYERS, groups)
        facing = (level @ normal.reshape(count, -1)).reshape(3, LAYERS, groups, 3, len(moved))
        area[now] = np.einsum("tgxa,algxt->tlg", turn[now], facing)
    known = np.asarray(share.sum(axis=1)).reshape(LAYERS, groups) > 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        thick = np.where(known, volume / area, 0.0).sum(axis=1) / np.count_nonzero(known, axis=0)
    return thick, volume.sum(axis=1) / 1000.0
