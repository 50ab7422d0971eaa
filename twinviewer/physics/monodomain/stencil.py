"""Diffusion in fibrous tissue on a grid of cubes: ∇·(D∇V), D = d_t I + (d_f − d_t) f fᵀ, no flux through the border.

Mass is lumped. Every cell links its corners along the 13 directions e of its edges and diagonals with weights w such
that Σ w e eᵀ = D h⁻², so a node has a symmetric stencil of 27 coefficients, second order in h, rows summing to zero:

- d_t I: trilinear finite elements (links along diagonals only) and finite differences (edges only) in the shares
  1 − CORNER_SHARE and CORNER_SHARE. The first makes steep fronts too slow along diagonals, the second too fast; the
  mixture makes coarse grids err alike in all directions, and correction.py then takes that common error away. (The idea
  is that of blended quadratures against dispersion: Ainsworth, Wajid, SIAM J Numer Anal 48:346, 2010.)
- f fᵀ: f = Σ α_n u_n over the edge, face and space diagonal nearest to it (|f| sorted a ≥ b ≥ c: α = a−b, b−c, c), so
  f fᵀ = Σ α_n a u_n u_nᵀ − Σ_{n<m} α_n α_m (u_n−u_m)(u_n−u_m)ᵀ. Where fibres lie along a link there is no other, and a
  front across them feels d_t alone; with trilinear elements it runs 30 % too fast at 45° (docs/verification.md).

A cell that is tissue in part counts with its share in links and mass. Coefficients are kept as 16-bit multiples of one
number, the same for both ends of a link: symmetry survives, and charge is kept to rounding. mm, ms, mm²/ms.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.monodomain.grid import LANES, VoxelGrid

CORNER_SHARE = 0.3
LINKS = 26
LEVELS = 32767

# local corners in the order dz dy dx; link number of a step
CORNERS = np.array([(z, y, x) for z in (0, 1) for y in (0, 1) for x in (0, 1)])
_STEPS = [(z, y, x) for z in (-1, 0, 1) for y in (-1, 0, 1) for x in (-1, 0, 1) if (z, y, x) != (0, 0, 0)]
_NUMBER = {step: number for number, step in enumerate(_STEPS)}
_LINK = np.array([[_NUMBER.get(tuple(b - a), -1) for b in CORNERS] for a in CORNERS])


@dataclass(frozen=True, slots=True, eq=False)
class Stencil:
    """Diffusion ready to be applied. Made by :func:`assemble`.

    links: (blocks, 26, LANES) int16. factor: (slots,) what turns a sum of links into mV/ms; 0 where there is no tissue.
    steps: (26,) steps in the dense array. mass: (slots,) share of a cell that a node stands for. rate_per_ms: largest
    rate (spectral radius), from above.
    """

    links: NDArray[np.int16]
    factor: NDArray[np.float32]
    steps: NDArray[np.int64]
    mass: NDArray[np.float32]
    rate_per_ms: float

    @property
    def limit_ms(self) -> float:
        """The longest time step at which explicit diffusion is stable."""
        return 2.0 / self.rate_per_ms


@njit(cache=True, nogil=True, error_model="numpy")
def _weights(x, y, z, across, more, corner_share, out):  # type: ignore[no-untyped-def]
    """out[1 + dz, 1 + dy, 1 + dx] = weight of the links of a cell with fibre (x, y, z), of each direction and its
    opposite."""
    face, body = (1.0 - corner_share) / 6.0, (1.0 - corner_share) / 12.0
    for k in range(-1, 2):
        for j in range(-1, 2):
            for i in range(-1, 2):
                steps = abs(i) + abs(j) + abs(k)
                out[1 + k, 1 + j, 1 + i] = across * (corner_share if steps == 1 else face if steps == 2 else body)
    size = np.sqrt(x * x + y * y + z * z)
    if size < 1e-9 or more == 0.0:
        return
    f = np.array([x, y, z]) / size
    order = np.argsort(-np.abs(f))
    u = np.zeros((3, 3), np.int64)
    for n in range(3):
        for d in range(n, 3):
            u[d, order[n]] = 1 if f[order[n]] >= 0.0 else -1
    a = np.abs(f[order])
    share = np.array([a[0] - a[1], a[1] - a[2], a[2]])
    for n in range(3):
        w = more * share[n] * a[0]
        out[1 + u[n, 2], 1 + u[n, 1], 1 + u[n, 0]] += w
        out[1 - u[n, 2], 1 - u[n, 1], 1 - u[n, 0]] += w
        for d in range(n + 1, 3):
            w = -more * share[n] * share[d]
            e = u[n] - u[d]
            out[1 + e[2], 1 + e[1], 1 + e[0]] += w
            out[1 - e[2], 1 - e[1], 1 - e[0]] += w


@njit(cache=True, nogil=True, error_model="numpy")
def _gather(cells, fill, fibre, along, across, node, slot, link, corner, corner_share, unit, sums, mass):  # type: ignore[no-untyped-def]
    """Add every tissue cell's links to its nodes' (slots, 26) and its share to their mass (slots,)."""
    weight = np.zeros((3, 3, 3))
    for c in range(cells.shape[0]):
        k, j, i = cells[c, 0], cells[c, 1], cells[c, 2]
        _weights(fibre[c, 0], fibre[c, 1], fibre[c, 2], across[c], along[c] - across[c], corner_share, weight)
        for a in range(8):
            s = slot[node[k + corner[a, 0], j + corner[a, 1], i + corner[a, 2]]]
            mass[s] += 0.125 * fill[c]
            for b in range(8):
                if a != b:
                    z, y, x = corner[b, 0] - corner[a, 0], corner[b, 1] - corner[a, 1], corner[b, 2] - corner[a, 2]
                    same = (2 - abs(x)) * (2 - abs(y)) * (2 - abs(z))
                    sums[s, link[a, b]] += fill[c] * unit * weight[1 + z, 1 + y, 1 + x] / same


def assemble(
    grid: VoxelGrid,
    fibre: NDArray[np.floating],
    along_mm2_ms: NDArray[np.floating],
    across_mm2_ms: NDArray[np.floating],
    *,
    corner_share: float = CORNER_SHARE,
) -> Stencil:
    """The stencil of every node. fibre: (cells, 3) unit vectors (x, y, z) of the cells with fill > 0 in order k, j, i;
    along, across: (cells,) diffusivity in mm²/ms.

    Raises EngineError where a diffusivity is not finite, below zero, or zero everywhere.
    """
    cells = np.argwhere(grid.fill > 0.0)
    count = len(cells)
    along = np.ascontiguousarray(np.broadcast_to(along_mm2_ms, (count,)), np.float64)
    across = np.ascontiguousarray(np.broadcast_to(across_mm2_ms, (count,)), np.float64)
    direction = np.ascontiguousarray(np.broadcast_to(fibre, (count, 3)), np.float64)
    finite = np.isfinite(direction).all(axis=1) & np.isfinite(along + across)
    bad = np.flatnonzero(~finite | (along < 0) | (across < 0))
    if len(bad):
        raise EngineError("Tissue has a conductivity or a fibre that is not finite, or below zero",
                          where=f"{len(bad)} cells, first {tuple(cells[bad[0]][::-1].tolist())}")  # fmt: skip
    if not (along + across > 0.0).any():
        raise EngineError("The tissue does not conduct at all", where=f"zero conductivity in {count} cells")
    sums = np.zeros((grid.slots, LINKS), np.float32)
    mass = np.zeros(grid.slots, np.float32)
    fill = grid.fill[tuple(cells.T)].astype(np.float64)
    unit = 1.0 / grid.spacing_mm**2
    _gather(
        cells,
        fill,
        direction,
        along,
        across,
        grid.node_map(),
        grid.slot,
        _LINK,
        CORNERS,
        corner_share,
        unit,
        sums,
        mass,
    )
    scale = float(np.abs(sums).max()) / LEVELS
    whole = np.rint(sums / scale).astype(np.int16)
    own = np.abs(sums).sum(axis=1) + np.abs(sums.sum(axis=1))
    factor = np.zeros(grid.slots, np.float32)
    np.divide(scale, mass, out=factor, where=mass > 0.0)
    rate = float(np.max(own[mass > 0.0] / mass[mass > 0.0]))
    links = np.ascontiguousarray(whole.reshape(-1, LANES, LINKS).transpose(0, 2, 1))
    sx, sy, sz = grid.stride
    steps = np.array([z * sz + y * sy + x * sx for z, y, x in _STEPS], np.int64)
    made = Stencil(links, factor, steps, mass, rate)
    return Stencil(links, factor, steps, mass, min(rate, 1.03 * _largest(grid, made)))


def _largest(grid: VoxelGrid, stencil: Stencil, rounds: int = 40) -> float:
    """Largest rate (1/ms) by power iteration: from below, within some per cent."""
    from twinviewer.physics.monodomain.step_kernel import out_of_chunk

    place = grid.place()
    live = stencil.mass > 0.0
    weight = np.sqrt(stencil.mass[live].astype(np.float64))
    dense = np.zeros(grid.dense, np.float32)
    none = np.zeros(grid.slots, np.float32)
    out = dense.copy()
    x = np.where((place[live] + place[live] // grid.stride[1] + place[live] // grid.stride[2]) % 2, 1.0, -1.0)
    x += 0.1 * np.sin(np.arange(len(x)) * 1.7)
    size = 0.0
    for _ in range(rounds):
        x /= np.linalg.norm(x * weight)
        dense[place[live]] = x
        out_of_chunk(dense, out, none, 0, grid.base, stencil.links.reshape(-1), stencil.factor, stencil.steps, 0,
                     len(grid.base), np.float32(1.0))  # type: ignore[arg-type]  # fmt: skip
        x = -out[place[live]].astype(np.float64)
        size = float(np.linalg.norm(x * weight))
    return size
