"""Sparse direct solution by dense fronts (Duff and Reid, ACM Trans Math Softw 9:302, 1983): LU, pivots in the front.

Each piece of the dissection gathers its elements and its children's remainders into one dense matrix, eliminates its
own unknowns with LAPACK and hands the rest up. Between any two pieces the caller may stop, so that no single call holds
a core for long; nothing but numpy, scipy and two small kernels is needed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.linalg import lapack

from twinviewer.domain import EngineError
from twinviewer.physics.solid.dissection import dissect

Array = NDArray[np.float64]


@njit(cache=True, nogil=True)
def _gather(front, elements, place, stiffness):  # type: ignore[no-untyped-def]
    for k in range(elements.shape[0]):
        e = elements[k]
        for i in range(place.shape[1]):
            row = place[k, i]
            if row < 0:
                continue
            for j in range(place.shape[1]):
                column = place[k, j]
                if column >= 0:
                    front[row, column] += stiffness[e, i, j]


@njit(cache=True, nogil=True)
def _extend(front, rest, place):  # type: ignore[no-untyped-def]
    for i in range(place.shape[0]):
        for j in range(place.shape[0]):
            front[place[i], place[j]] += rest[i, j]


@dataclass(frozen=True, slots=True, eq=False)
class _Front:
    start: int
    stop: int
    border: NDArray[np.int64]
    elements: NDArray[np.int64]
    place: NDArray[np.int32]
    children: tuple[int, ...]
    child_place: tuple[NDArray[np.int64], ...]


class Plan:
    """Where everything goes, made once for a mesh. Unknowns are numbered by their rank of elimination.

    points_mm (n, 3) and elements (m, k) give the order; unknown_node (u,) the point that each unknown stands at;
    numbers (m, d) the unknowns of each element, -1 for those held fixed.
    """

    def __init__(
        self,
        points_mm: Array,
        elements: NDArray[np.integer],
        unknown_node: NDArray[np.integer],
        numbers: NDArray[np.integer],
    ) -> None:
        pieces = dissect(points_mm, elements)
        by_node = np.argsort(unknown_node, kind="stable")
        begins = np.searchsorted(unknown_node[by_node], np.arange(len(points_mm) + 1))
        ranges = []
        order = []
        count = 0
        for piece in pieces:
            own = [by_node[begins[node] : begins[node + 1]] for node in piece.nodes]
            joined = np.concatenate(own) if own else np.empty(0, np.int64)
            order.append(joined)
            ranges.append((count, count + len(joined)))
            count += len(joined)
        self.order: NDArray[np.int64] = np.concatenate(order)
        self.size = count
        rank = np.empty(len(unknown_node), np.int64)
        rank[self.order] = np.arange(count)
        ranked = np.where(numbers >= 0, rank[np.maximum(numbers, 0)], -1)
        stops = np.array([stop for _, stop in ranges])
        lowest = np.where(ranked >= 0, ranked, count).min(axis=1)
        home = np.searchsorted(stops, lowest, side="right")
        sequence = np.argsort(home, kind="stable")
        bounds = np.searchsorted(home[sequence], np.arange(len(pieces) + 1))
        self.fronts: list[_Front] = []
        for k, piece in enumerate(pieces):
            start, stop = ranges[k]
            mine = sequence[bounds[k] : bounds[k + 1]]
            rest = [self.fronts[child].border for child in piece.children]
            border = np.unique(np.concatenate([ranked[mine].ravel(), *rest]))
            border = border[border >= stop]

            def local(
                r: NDArray[np.int64], start: int = start, stop: int = stop, border: NDArray[np.int64] = border
            ) -> NDArray[np.int64]:
                inside = stop - start + np.searchsorted(border, r)
                return np.where(r < 0, -1, np.where(r < stop, r - start, inside))

            self.fronts.append(
                _Front(
                    start, stop, border, mine, local(ranked[mine]).astype(np.int32), piece.children,
                    tuple(local(one) for one in rest),
                )
            )  # fmt: skip

    @property
    def entries(self) -> int:
        """Numbers that the factors hold."""
        return sum((f.stop - f.start) * (f.stop - f.start + 2 * len(f.border)) for f in self.fronts)

    def factor(self, stiffness: Array) -> Iterator["Factors | None"]:
        """Yield None after each front, the factors at last. stiffness (m, d, d). EngineError where it is singular."""
        parts: list[tuple[Array, NDArray[np.int32], Array, Array]] = []
        remainders: dict[int, Array] = {}
        for k, front in enumerate(self.fronts):
            own = front.stop - front.start
            size = own + len(front.border)
            dense = np.zeros((size, size), order="F")
            _gather(dense, front.elements, front.place, stiffness)
            for child, place in zip(front.children, front.child_place, strict=True):
                _extend(dense, remainders.pop(child), place)
            if own == 0:
                remainders[k] = dense
                parts.append((dense[:0, :0], np.empty(0, np.int32), dense[:0], dense[:, :0]))
                continue
            lu, pivots, info = lapack.dgetrf(dense[:own, :own])
            if info:
                raise EngineError("The stiffness of the wall is singular", where=f"front {k + 1} of {len(self.fronts)}")
            across = lapack.dgetrs(lu, pivots, dense[:own, own:])[0] if size > own else dense[:own, own:]
            down = np.asfortranarray(dense[own:, :own])
            if len(front.border):
                remainders[k] = dense[own:, own:] - down @ across
            parts.append((lu, pivots, across, down))
            yield None
        yield Factors(self, parts)


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """What :meth:`Plan.factor` gives."""

    plan: Plan
    parts: list[tuple[Array, NDArray[np.int32], Array, Array]]

    def solve(self, right: Array) -> Array:
        """(u,) solution in the order of the unknowns."""
        b = right[self.plan.order].copy()
        for front, (lu, pivots, _, down) in zip(self.plan.fronts, self.parts, strict=True):
            if front.stop == front.start:
                continue
            own, _ = lapack.dgetrs(lu, pivots, b[front.start : front.stop])
            b[front.start : front.stop] = own
            b[front.border] -= down @ own
        for front, (_, _, across, _) in zip(reversed(self.plan.fronts), reversed(self.parts), strict=True):
            b[front.start : front.stop] -= across @ b[front.border]
        out = np.empty_like(b)
        out[self.plan.order] = b
        return out
