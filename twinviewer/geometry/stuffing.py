"""Tetrahedra from a signed distance by isosurface stuffing.

Labelle F, Shewchuk JR. Isosurface stuffing: fast tetrahedral meshes with good dihedral angles. ACM Trans Graph 26(3),
2007. A body-centred cubic lattice is laid over the domain; lattice points near the surface are snapped onto it;
tetrahedra that still cross the surface are cut by stencils. With the safe snapping distances below, every dihedral
angle lies between 10.7° and 164.8° whatever the surface, and faces meet edge to edge.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import MeshError
from twinviewer.geometry.quality import dihedral_deg

Array = NDArray[np.float64]
Index = NDArray[np.int64]
LEAST_DEG, MOST_DEG = 10.7, 164.8
SNAP_LONG, SNAP_SHORT = 0.24999, 0.41189  # shares of the edge length; table 1 of the paper


def stuff(
    distance: Callable[[Array], Array], low_mm: Array, high_mm: Array, spacing_mm: float
) -> tuple[Array, NDArray[np.int32]]:
    """Mesh the region where ``distance`` is negative inside a box.

    distance: (n, 3) mm -> (n,) signed distance, needed to be right only within about two lattice spacings of the face.
    spacing_mm: edge of the cubic lattice; most tetrahedral edges are 0.87 or 1 times as long.
    Returns points (n, 3) and tets (m, 4) int32 of positive volume. Raises MeshError when the region is empty.
    """
    points, tets, parity = _lattice(np.asarray(low_mm, float), np.asarray(high_mm, float), spacing_mm, distance)
    value = distance(points) if len(points) else np.empty(0)
    value[value == 0.0] = 1e-9
    near = np.nonzero((value[tets] < 0).any(axis=1))[0]
    if len(near) == 0:
        raise MeshError("There is nothing to mesh: the region is empty or thinner than the mesh spacing")
    points, tets, (value, parity) = _compact(points, tets[near], (value, parity))
    points, value = _snap(points, value, tets, distance)
    points, filled = _cut(points, value, tets, parity, distance)
    if not len(filled):
        raise MeshError("There is nothing to mesh: the region is thinner than the mesh spacing")
    return points, filled


def _lattice(low: Array, high: Array, h: float, distance: Callable[[Array], Array]) -> tuple[Array, Index, Index]:
    """BCC points and tetrahedra of all cells near or inside the region. tets: vertices 0,1 and 2,3 are long edges."""
    n = np.ceil((high - low) / h).astype(int) + 1  # cells along x, y, z
    # a coarse pass over cell centres keeps only the cells that may hold something
    axes = [low[a] + h * (np.arange(n[a]) + 0.5) for a in range(3)]
    centre = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    used = (distance(centre.reshape(-1, 3)) < 1.8 * h).reshape(tuple(n))
    corner_shape = n + 1
    corners = int(np.prod(corner_shape))

    def corner(cell: Index) -> Index:
        return np.ravel_multi_index(tuple(cell.T), tuple(corner_shape))

    def middle(cell: Index) -> Index:
        return corners + np.ravel_multi_index(tuple(cell.T), tuple(n))

    found = []
    for axis in range(3):
        one, two = np.delete(np.arange(3), axis)
        if axis == 1:
            one, two = two, one  # keeps (axis, one, two) right-handed
        ahead = np.roll(used, -1, axis=axis)
        both = used & ahead
        both[tuple(slice(-1, None) if a == axis else slice(None) for a in range(3))] = False
        first = np.argwhere(both)
        step = np.zeros(3, dtype=int)
        step[axis] = 1
        second = first + step
        e1, e2 = np.zeros(3, dtype=int), np.zeros(3, dtype=int)
        e1[one], e2[two] = 1, 1
        ring = [second, second + e1, second + e1 + e2, second + e2]
        for k in range(4):
            found.append(np.stack([middle(first), middle(second), corner(ring[k]), corner(ring[(k + 1) % 4])], axis=1))
    tets = np.concatenate(found) if found else np.empty((0, 4), dtype=np.int64)
    used_ids, tets = _used(tets, corners + int(np.prod(n)))
    is_corner = used_ids < corners
    where = np.empty((len(used_ids), 3))
    ijk_corner = np.stack(np.unravel_index(used_ids[is_corner], tuple(corner_shape)), axis=1)
    ijk_middle = np.stack(np.unravel_index(used_ids[~is_corner] - corners, tuple(n)), axis=1)
    where[is_corner] = low + h * ijk_corner
    where[~is_corner] = low + h * (ijk_middle + 0.5)
    parity = np.empty(len(used_ids), dtype=np.int64)
    parity[is_corner] = ijk_corner.sum(axis=1) % 2
    parity[~is_corner] = ijk_middle.sum(axis=1) % 2
    return where, tets, parity


def _used(ids: Index, total: int) -> tuple[Index, Index]:
    """The sorted distinct ids, and ids renumbered to them; a table is far faster here than sorting."""
    flag = np.zeros(total, dtype=bool)
    flag[ids.ravel()] = True
    number = np.cumsum(flag) - 1
    return np.nonzero(flag)[0], number[ids]


def _compact(points: Array, tets: Index, fields: tuple[NDArray, ...]) -> tuple[Array, Index, tuple[NDArray, ...]]:
    keep, tets = _used(tets, len(points))
    return points[keep], tets, tuple(f[keep] for f in fields)


_EDGES = ((0, 1), (2, 3), (0, 2), (0, 3), (1, 2), (1, 3))  # the first two are long


def _crossing(distance: Callable[[Array], Array], a: Array, b: Array, va: Array, vb: Array) -> Array:
    """Share of the way from a (value va) to b (vb) at which the distance is 0: linear guess, two false positions."""
    low, high = np.zeros(len(a)), np.ones(len(a))
    vl, vh = va.copy(), vb.copy()
    share = vl / (vl - vh)
    for _ in range(2):
        value = distance(a + share[:, None] * (b - a))
        same = np.sign(value) == np.sign(va)
        low, vl = np.where(same, share, low), np.where(same, value, vl)
        high, vh = np.where(same, high, share), np.where(same, vh, value)
        share = low + (high - low) * np.clip(vl / np.where(vl == vh, 1e-30, vl - vh), 0.0, 1.0)
    return np.clip(share, 1e-6, 1.0 - 1e-6)


def _crossed(tets: Index, side: NDArray, which: tuple[tuple[int, int], ...]) -> Index:
    """(e, 2) distinct edges of the named kinds whose ends lie strictly on different sides."""
    pairs = np.concatenate([tets[side[:, i] * side[:, j] < 0][:, [i, j]] for i, j in which])
    if not len(pairs):
        return np.empty((0, 2), dtype=np.int64)
    pairs.sort(axis=1)
    top = int(tets.max()) + 1
    code = np.unique(pairs[:, 0] * top + pairs[:, 1])
    return np.stack([code // top, code % top], axis=1)


def _snap(points: Array, value: Array, tets: Index, distance: Callable[[Array], Array]) -> tuple[Array, Array]:
    """Move lattice points that lie close to a cut point onto the surface; their value becomes 0."""
    side = np.sign(value)[tets]
    long, short = (_crossed(tets, side, edges) for edges in (_EDGES[:2], _EDGES[2:]))
    candidates, targets, reach = [], [], []
    for edges, limit in ((long, SNAP_LONG), (short, SNAP_SHORT)):
        a, b = edges[:, 0], edges[:, 1]
        share = _crossing(distance, points[a], points[b], value[a], value[b])
        where = points[a] + share[:, None] * (points[b] - points[a])
        for end, part in ((a, share), (b, 1.0 - share)):
            close = part < limit
            candidates.append(end[close])
            targets.append(where[close])
            reach.append(np.linalg.norm(where[close] - points[end[close]], axis=1))
    who, to, how_far = np.concatenate(candidates), np.concatenate(targets), np.concatenate(reach)
    order = np.lexsort((how_far, who))
    who, to = who[order], to[order]
    first = np.ones(len(who), dtype=bool)
    first[1:] = who[1:] != who[:-1]
    points, value = points.copy(), value.copy()
    points[who[first]] = to[first]
    value[who[first]] = 0.0
    return points, value


# Even permutations of (0,1,2,3) that keep the pairing {0,1},{2,3} of long edges; with the swap of both pairs they
# bring any vertex, or any pair, into the places that the stencils below expect.
_ALL = np.array(
    [(0, 1, 2, 3), (1, 0, 3, 2), (2, 3, 0, 1), (3, 2, 1, 0), (1, 0, 2, 3), (0, 1, 3, 2), (3, 2, 0, 1), (2, 3, 1, 0)]
)


def _cut(
    points: Array, value: Array, tets: Index, parity: Index, distance: Callable[[Array], Array]
) -> tuple[Array, NDArray[np.int32]]:
    """Keep inner tetrahedra, cut the crossing ones with stencils."""
    sign = np.sign(value).astype(np.int8)[tets]  # -1 inside, 0 on the face, 1 outside
    inside, outside = (sign < 0).sum(axis=1), (sign > 0).sum(axis=1)
    whole = (outside == 0) & (inside > 0)
    # all four on the face: part of a wall as thin as a tetrahedron, or outside. Its middle tells. The paper's bound
    # does not speak of these, so they are kept only where they meet it.
    flat = np.nonzero((outside == 0) & (inside == 0))[0]
    angle = dihedral_deg(points, tets[flat])
    sound = (angle.min(axis=1) > LEAST_DEG) & (angle.max(axis=1) < MOST_DEG)
    whole[flat] = sound & (distance(points[tets[flat]].mean(axis=1)) < 0)
    crossed = (outside > 0) & (inside > 0)
    work = tets[crossed]
    state = sign[crossed]
    # cut points, one for each edge with ends on both sides
    edges = _crossed(work, state, _EDGES)
    a, b = edges[:, 0], edges[:, 1]
    share = _crossing(distance, points[a], points[b], value[a], value[b])
    new = points[a] + share[:, None] * (points[b] - points[a])
    code = edges[:, 0] * len(points) + edges[:, 1]

    def cut(i: Index, j: Index) -> Index:
        key = np.minimum(i, j) * len(points) + np.maximum(i, j)
        return np.searchsorted(code, key) + len(points)

    found = [tets[whole]]
    for row, group in _canonical(work, state):
        found.extend(_stencil(row, group, parity, cut))
    every = np.concatenate([points, new])
    mesh = np.concatenate(found)
    p = every[mesh]
    negative = np.einsum("ij,ij->i", p[:, 1] - p[:, 0], np.cross(p[:, 2] - p[:, 0], p[:, 3] - p[:, 0])) < 0
    mesh[negative] = mesh[negative][:, [1, 0, 2, 3]]
    every, mesh, _ = _compact(every, mesh, ())
    return every, mesh.astype(np.int32)


def _canonical(work: Index, state: NDArray[np.int8]) -> list[tuple[Index, str]]:
    """Sort crossed tetrahedra into stencil groups, vertices permuted so that long edges stay (0,1) and (2,3)."""
    groups: list[tuple[Index, str]] = []
    left = np.ones(len(work), dtype=bool)
    patterns = {  # i inside, o outside, * outside or on the face
        "i***": ("i", "*", "*", "*"),
        "iioo": ("i", "i", "o", "o"),
        "ioio": ("i", "o", "i", "o"),
        "iioz": ("i", "i", "o", "z"),
        "ioiz": ("i", "o", "i", "z"),
        "iiio": ("i", "i", "i", "o"),
    }
    test = {"i": lambda s: s < 0, "o": lambda s: s > 0, "z": lambda s: s == 0, "*": lambda s: s >= 0}
    for name, pattern in patterns.items():
        for order in _ALL:
            match = left.copy()
            for place, kind in enumerate(pattern):
                match &= test[kind](state[:, order[place]])
            if match.any():
                if name == "i***":
                    groups.append((np.concatenate([work[match][:, order], state[match][:, order]], axis=1), name))
                else:
                    groups.append((work[match][:, order], name))
                left &= ~match
    if left.any():
        raise MeshError("Isosurface stuffing met a pattern of signs that it does not know")
    return groups


def _stencil(t: Index, name: str, parity: Index, cut: Callable[[Index, Index], Index]) -> list[Index]:
    """The tetrahedra that remain of one group, orientation left to the caller."""

    def stack(*columns: Index) -> Index:
        return np.stack(columns, axis=1)

    if name == "i***":
        corner = [np.where(t[:, 4 + k] > 0, cut(t[:, 0], t[:, k]), t[:, k]) for k in (1, 2, 3)] if len(t) else []
        for k in (1, 2, 3):
            on = t[:, 4 + k] == 0
            corner[k - 1][on] = t[on, k]
        return [stack(t[:, 0], *corner)]
    # Where a cut face has two short cut edges, its long edge is whole and the diagonal starts at that edge's end of
    # even parity: both tetrahedra that share the face choose alike. Where a long edge is cut, the diagonal ends there.
    a, b, c, d = t[:, 0], t[:, 1], t[:, 2], t[:, 3]
    if name == "iioo":  # long edge ab inside, all four cut edges short
        odd = parity[a] == 1
        a, b = np.where(odd, b, a), np.where(odd, a, b)
        ac, ad, bc, bd = cut(a, c), cut(a, d), cut(b, c), cut(b, d)
        return [stack(a, b, bc, bd), stack(a, ac, bc, bd), stack(a, ac, ad, bd)]
    if name == "ioio":  # a, c inside; ab and cd long and cut; ad, bc short and cut
        ab, cd, ad, cb = cut(a, b), cut(c, d), cut(a, d), cut(c, b)
        return [stack(a, c, ab, cd), stack(a, ab, ad, cd), stack(c, ab, cb, cd)]
    if name == "iioz":  # long edge ab inside, c outside, d on the face
        odd = parity[a] == 1
        a, b = np.where(odd, b, a), np.where(odd, a, b)
        ac, bc = cut(a, c), cut(b, c)
        return [stack(a, b, bc, d), stack(a, bc, ac, d)]
    if name == "ioiz":  # a, c inside, b outside, d on the face: ab long and cut, cb short and cut
        ab, cb = cut(a, b), cut(c, b)
        return [stack(a, c, ab, d), stack(c, ab, cb, d)]
    # iiio: cd long and cut, ad and bd short and cut, ab long and whole
    odd = parity[a] == 1
    a, b = np.where(odd, b, a), np.where(odd, a, b)
    ad, bd, cd = cut(a, d), cut(b, d), cut(c, d)
    return [stack(a, b, c, cd), stack(a, b, bd, cd), stack(a, bd, ad, cd)]
