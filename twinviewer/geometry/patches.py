"""Patches: parts of a closed surface, cleaned until their rims are simple loops."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from twinviewer.geometry.surfaces import neighbours

Mask = NDArray[np.bool_]


def islands(beside: NDArray[np.integer], member: Mask) -> NDArray[np.int64]:
    """(k,) number of the edge-connected part that each member triangle is in, largest part first; -1 for others."""
    tri = np.repeat(np.arange(len(member)), 3)
    other = beside.ravel()
    joined = (other >= 0) & member[tri] & member[np.maximum(other, 0)]
    graph = coo_matrix((np.ones(int(joined.sum())), (tri[joined], other[joined])), shape=(len(member), len(member)))
    _, part = connected_components(graph, directed=False)
    out = np.full(len(member), -1, dtype=np.int64)
    if member.any():
        _, inverse, count = np.unique(part[member], return_inverse=True, return_counts=True)
        rank = np.empty(len(count), dtype=np.int64)
        rank[np.argsort(-count, kind="stable")] = np.arange(len(count))
        out[member] = rank[inverse]
    return out


def clean_patch(triangles: NDArray[np.integer], member: Mask, free: Mask, smooth: int = 4) -> Mask:
    """Make one patch whose rim is smooth and never touches itself.

    triangles: a closed surface. member: (k,) first guess. free: (k,) triangles that may join the patch. Single teeth at
    the rim are filled or filed off; islands other than the largest go; holes below a tenth of the patch are filled.
    """
    beside = neighbours(triangles)
    member = member.copy()
    for _ in range(smooth):
        votes = np.where(beside >= 0, member[np.maximum(beside, 0)], False).sum(axis=1)
        member = np.where(votes >= 2, member | free, member & (votes > 1)) if smooth else member
    member = islands(beside, member) == 0
    for _ in range(20):
        before = member
        outer = islands(beside, ~member)
        sizes = np.bincount(outer[outer >= 0])
        small = np.nonzero(sizes < max(12, 0.1 * member.sum()))[0]
        hole = np.isin(outer, small[small > 0])
        member = member | (hole & free)
        member = _open_touching_rims(triangles, beside, member, free)
        member = islands(beside, member) == 0
        if np.array_equal(before, member):
            break
    return member


def _open_touching_rims(triangles: NDArray[np.integer], beside: NDArray[np.integer], member: Mask, free: Mask) -> Mask:
    """Fill the fan at points where the rim passes twice; where the fan may not be filled, take it out."""
    tri, side = np.nonzero((beside >= 0) & member[:, None] & ~member[np.maximum(beside, 0)])
    passes = np.bincount(triangles[tri, side], minlength=int(triangles.max()) + 1)
    pinched = passes > 1
    if not pinched.any():
        return member
    around = pinched[triangles].any(axis=1)
    fillable = np.ones(len(pinched), dtype=bool)
    blocked = around & ~member & ~free
    fillable[triangles[blocked].ravel()] = False
    fill = (pinched & fillable)[triangles].any(axis=1) & free
    remove = (pinched & ~fillable)[triangles].any(axis=1)
    return (member | fill) & ~remove
