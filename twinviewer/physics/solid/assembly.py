"""Forces and stiffness of elements, from the energy of an incompressible solid with a pressure p of its own:

    Π = ∫ W(E) + T/2 (f·C f − 1) + p (J − 1) − p²/2κ + g/2 (ln J)² dV

(total Lagrangian, p linear on the corners: Taylor-Hood) and of its surface: pressure P of a cavity, whose force
−P ∫ N (∂x/∂ξ × ∂x/∂η) follows the deformed face, and springs k u. 1/κ = 0 is full incompressibility. The guard g does
nothing where J = 1; it keeps single points from folding, since the mesh holds J = 1 in the mean only (Land et al., IEEE
Trans Biomed Eng 62:939, 2015). Element unknowns: 30 displacements (node by node), then 4 pressures.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from twinviewer.physics.solid.laws import stress

UNKNOWNS = 34


@njit(cache=True)
def pull(active, shortest, stretch):  # type: ignore[no-untyped-def]
    """Tension of a fibre as second Piola-Kirchhoff stress, and its slope by the fibre's Green strain.

    shortest < 0: T whatever the length. Else Cauchy stress T (λ − shortest), nothing below: muscle pulls less the
    shorter it is (ter Keurs et al., Circ Res 46:703, 1980). Without that, a cavity under given pressure and tension has
    no stable size but what passive muscle gives it.
    """
    if shortest < 0.0:
        return active, 0.0
    if stretch <= shortest:
        return 0.0, 0.0
    over = 1.0 / (stretch * stretch)
    return active * (stretch - shortest) * over, active * (2.0 * shortest - stretch) * over * over


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz"})
def elements(  # type: ignore[no-untyped-def]
    first, last, tets, corner, gradients, volumes, share, x, p, fibre, sheet, kind, constants, stiff, active,
    shortest, compliance, guard, force, stiffness,
):  # fmt: skip
    """Fill force (m, 34) and, where stiffness is not empty, stiffness (m, 34, 34) of elements first … last-1.

    x (n, 3) positions in mm; p (c,) pressures in kPa; corner (m, 4) their numbers; share (q, 4) their shape functions;
    fibre, sheet (m, q, 3); stiff (m,) factor on the passive law; active (m, q) T in kPa; shortest:
    see pull(); compliance 1/κ; guard
    g in kPa. Returns the least J of all points and the element that has it; J is -1 where the law's strain is absurd.
    """
    least, where = 1e9, -1
    tangent = stiffness.shape[0] > 0
    one = (0, 1, 2, 0, 1, 0)
    two = (0, 1, 2, 1, 2, 2)
    s, d = np.empty(6), np.empty((6, 6))
    f, c, ci = np.empty((3, 3)), np.empty((3, 3)), np.empty((3, 3))
    b, db = np.empty((6, 30)), np.empty((6, 30))
    volume_by = np.empty(30)
    for e in range(first, last):
        for i in range(34):
            force[e, i] = 0.0
        if tangent:
            stiffness[e, :, :] = 0.0
        for q in range(volumes.shape[1]):
            w = volumes[e, q]
            f[:, :] = 0.0
            for a in range(10):
                node = tets[e, a]
                for i in range(3):
                    for j in range(3):
                        f[i, j] += x[node, i] * gradients[e, q, a, j]
            for i in range(3):
                for j in range(3):
                    c[i, j] = f[0, i] * f[0, j] + f[1, i] * f[1, j] + f[2, i] * f[2, j]
            jac = (
                f[0, 0] * (f[1, 1] * f[2, 2] - f[1, 2] * f[2, 1])
                - f[0, 1] * (f[1, 0] * f[2, 2] - f[1, 2] * f[2, 0])
                + f[0, 2] * (f[1, 0] * f[2, 1] - f[1, 1] * f[2, 0])
            )
            if jac < least:
                least, where = jac, e
            if not jac > 1e-6:
                return -1.0, e
            scale = 1.0 / (jac * jac)
            for i in range(3):
                i1, i2 = (i + 1) % 3, (i + 2) % 3
                for j in range(3):
                    j1, j2 = (j + 1) % 3, (j + 2) % 3
                    ci[i, j] = (c[j1, i1] * c[j2, i2] - c[j1, i2] * c[j2, i1]) * scale
            if not stress(kind, constants, c, ci, fibre[e, q], sheet[e, q], s, d):
                return -1.0, e
            own = 0.0
            for k in range(4):
                own += share[q, k] * p[corner[e, k]]
            pj = own * jac
            pulled = pj + guard * np.log(jac)
            square = 0.0
            for i in range(3):
                for j in range(3):
                    square += fibre[e, q, i] * c[i, j] * fibre[e, q, j]
            tension, rise = pull(active[e, q], shortest[e, q], np.sqrt(square))
            for n in range(6):
                i, j = one[n], two[n]
                s[n] = stiff[e] * s[n] + pulled * ci[i, j] + tension * fibre[e, q, i] * fibre[e, q, j]
            for a in range(10):
                for n in range(6):
                    i, j = one[n], two[n]
                    for k in range(3):
                        value = f[k, i] * gradients[e, q, a, j]
                        if n > 2:
                            value += f[k, j] * gradients[e, q, a, i]
                        b[n, 3 * a + k] = value
            for r in range(30):
                total, change = 0.0, 0.0
                for n in range(6):
                    total += b[n, r] * s[n]
                    change += b[n, r] * ci[one[n], two[n]]
                force[e, r] += w * total
                volume_by[r] = jac * change
            gap = w * (jac - 1.0 - own * compliance)
            for k in range(4):
                force[e, 30 + k] += share[q, k] * gap
            if not tangent:
                continue
            for n in range(6):
                i, j = one[n], two[n]
                for m in range(6):
                    g, h = one[m], two[m]
                    d[n, m] = w * (
                        stiff[e] * d[n, m]
                        + (pj + guard) * ci[i, j] * ci[g, h]
                        - pulled * (ci[i, g] * ci[j, h] + ci[i, h] * ci[j, g])
                        + rise * fibre[e, q, i] * fibre[e, q, j] * fibre[e, q, g] * fibre[e, q, h]
                    )
            for n in range(6):
                for r in range(30):
                    db[n, r] = (
                        d[n, 0] * b[0, r] + d[n, 1] * b[1, r] + d[n, 2] * b[2, r]
                        + d[n, 3] * b[3, r] + d[n, 4] * b[4, r] + d[n, 5] * b[5, r]
                    )  # fmt: skip
            for r in range(30):
                b0, b1, b2, b3, b4, b5 = b[0, r], b[1, r], b[2, r], b[3, r], b[4, r], b[5, r]
                for t in range(30):
                    stiffness[e, r, t] += (
                        b0 * db[0, t] + b1 * db[1, t] + b2 * db[2, t] + b3 * db[3, t] + b4 * db[4, t] + b5 * db[5, t]
                    )
            for a in range(10):
                ga = gradients[e, q, a]
                t0 = w * (s[0] * ga[0] + s[3] * ga[1] + s[5] * ga[2])
                t1 = w * (s[3] * ga[0] + s[1] * ga[1] + s[4] * ga[2])
                t2 = w * (s[5] * ga[0] + s[4] * ga[1] + s[2] * ga[2])
                for o in range(10):
                    go = gradients[e, q, o]
                    value = t0 * go[0] + t1 * go[1] + t2 * go[2]
                    for k in range(3):
                        stiffness[e, 3 * a + k, 3 * o + k] += value
            for k in range(4):
                part = w * share[q, k]
                for r in range(30):
                    stiffness[e, r, 30 + k] += part * volume_by[r]
                    stiffness[e, 30 + k, r] += part * volume_by[r]
                for o in range(4):
                    stiffness[e, 30 + k, 30 + o] -= compliance * part * share[q, o]
    return least, where


@njit(cache=True)
def pressed(nodes, of_tet, local, shapes, slopes, weights, x, pressure, force, stiffness):  # type: ignore[no-untyped-def]
    """Add the pressure (kPa) of a cavity on faces (k, 6), outward of the solid, to forces and stiffness of their
    elements."""
    tangent = stiffness.shape[0] > 0
    for k in range(nodes.shape[0]):
        e = of_tet[k]
        for q in range(weights.shape[0]):
            along, across = np.zeros(3), np.zeros(3)
            for a in range(6):
                for i in range(3):
                    along[i] += slopes[q, a, 0] * x[nodes[k, a], i]
                    across[i] += slopes[q, a, 1] * x[nodes[k, a], i]
            factor = 0.5 * weights[q] * pressure
            normal = np.cross(along, across)
            for a in range(6):
                row = 3 * local[k, a]
                own = factor * shapes[q, a]
                for i in range(3):
                    force[e, row + i] += own * normal[i]
                if not tangent:
                    continue
                for o in range(6):
                    column = 3 * local[k, o]
                    # d(along × across) = (∂ξ N) d × across + along × (∂η N) d
                    for i in range(3):
                        u, v = (i + 1) % 3, (i + 2) % 3
                        stiffness[e, row + i, column + u] += own * (
                            slopes[q, o, 0] * across[v] - slopes[q, o, 1] * along[v]
                        )
                        stiffness[e, row + i, column + v] += own * (
                            slopes[q, o, 1] * along[u] - slopes[q, o, 0] * across[u]
                        )


@njit(cache=True)
def sprung(nodes, of_tet, local, shapes, areas, normals, normal_k, other_k, u, force, stiffness):  # type: ignore[no-untyped-def]
    """Add springs on faces (k, 6): normal_k (k,) along the resting normal, other_k (k,) across it, kPa/mm. areas (k, q)
    mm², normals (k, q, 3) at rest; u (n, 3) displacements in mm."""
    tangent = stiffness.shape[0] > 0
    for k in range(nodes.shape[0]):
        e = of_tet[k]
        for q in range(areas.shape[1]):
            moved = np.zeros(3)
            for a in range(6):
                for i in range(3):
                    moved[i] += shapes[q, a] * u[nodes[k, a], i]
            for i in range(3):
                for j in range(3):
                    pull = (normal_k[k] - other_k[k]) * normals[k, q, i] * normals[k, q, j]
                    if i == j:
                        pull += other_k[k]
                    pull *= areas[k, q]
                    for a in range(6):
                        row = 3 * local[k, a] + i
                        force[e, row] += shapes[q, a] * pull * moved[j]
                        if tangent:
                            for o in range(6):
                                stiffness[e, row, 3 * local[k, o] + j] += shapes[q, a] * shapes[q, o] * pull


def resting_faces(
    points_mm: NDArray[np.float64],
    nodes: NDArray[np.integer],
    slopes: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(k, q) mm² that quadrature points of faces (k, 6) stand for, and (k, q, 3) outward unit normals."""
    tangents = np.einsum("qad,kai->kqdi", slopes, points_mm[nodes])
    normal = np.cross(tangents[:, :, 0], tangents[:, :, 1])
    size = np.linalg.norm(normal, axis=2)
    return 0.5 * weights * size, normal / size[:, :, None]
