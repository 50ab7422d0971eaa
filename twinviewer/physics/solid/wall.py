"""A wall of muscle with its law, supports and loads, as forces and stiffness."""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from twinviewer.physics.solid.assembly import UNKNOWNS, elements, pressed, resting_faces, sprung
from twinviewer.physics.solid.element import (
    RULES,
    TRIANGLE,
    TRIANGLE_WEIGHTS,
    Faces,
    QuadraticMesh,
    triangle_shapes,
)
from twinviewer.physics.solid.fronts import Factors, Plan
from twinviewer.physics.solid.laws import Law

Array = NDArray[np.float64]
Result = TypeVar("Result")
NO_STIFFNESS = np.empty((0, UNKNOWNS, UNKNOWNS))
COMPLIANCE = 1e-6
"""1/κ in 1/kPa: at 10 kPa the volume of an element changes by 1e-5. Not 0, so that no front is singular."""
GUARD_KPA = 20.0
ANY_LENGTH = -1.0
CHUNK = 400
"""Elements between two chances to stop: about 20 ms."""


@dataclass(frozen=True, slots=True, eq=False)
class Springs:
    """Elastic support of faces: kPa/mm along the resting normal and across it, (k,) or one number each."""

    faces: Faces
    normal_kpa_mm: float
    across_kpa_mm: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """x_mm (n, 3) positions of the mesh's points; p_kpa (c,) pressure at its corners."""

    x_mm: Array
    p_kpa: Array


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """pressure_kpa: by cavity; active_kpa: T (m, q) or a number; shortest: stretch (m, q) or a number at which fibres
    cease to pull, or ANY_LENGTH (assembly.pull)."""

    pressure_kpa: Mapping[str, float] = field(default_factory=dict)
    active_kpa: float | Array = 0.0
    shortest: float | Array = ANY_LENGTH

    def towards(self, other: "Load", part: float) -> "Load":
        """Between this load (0) and another (1), whose ``shortest`` holds."""
        names = set(self.pressure_kpa) | set(other.pressure_kpa)
        a, b = self.pressure_kpa, other.pressure_kpa
        mixed = {n: (1.0 - part) * a.get(n, 0.0) + part * b.get(n, 0.0) for n in names}
        return Load(mixed, (1.0 - part) * self.active_kpa + part * other.active_kpa, other.shortest)


def in_mm(point_mm: Array) -> str:
    """A place (3,) in words."""
    return "near (" + ", ".join(f"{x:.0f}" for x in point_mm) + ") mm"


class Wall:
    """A wall ready to be loaded.

    fibre, sheet (m, q, 3) unit vectors at the points of quadrature; fixed (n, 3) True where a point is held in that
    direction; cavities: name -> faces that its pressure acts on; stiff (m,) factor on the passive law;
    place: what to call a place in errors.
    """

    def __init__(
        self,
        mesh: QuadraticMesh,
        law: Law,
        fibre: Array,
        *,
        sheet: Array | None = None,
        fixed: NDArray[np.bool_] | None = None,
        cavities: Mapping[str, Faces] | None = None,
        springs: tuple[Springs, ...] = (),
        stiff: Array | None = None,
        compliance: float = COMPLIANCE,
        guard_kpa: float = GUARD_KPA,
        place: Callable[[Array], str] = in_mm,
    ) -> None:
        self.place = place
        self.mesh, self.law, self.compliance, self.guard_kpa = mesh, law, compliance, guard_kpa
        self.fibre = np.ascontiguousarray(fibre, np.float64)
        self.sheet = self.fibre if sheet is None else np.ascontiguousarray(sheet, np.float64)
        self.fixed = np.zeros((len(mesh.points_mm), 3), bool) if fixed is None else fixed
        self.cavities = dict(cavities or {})
        self.stiff = np.ones(len(mesh.tets)) if stiff is None else np.asarray(stiff, np.float64)
        self._share = np.ascontiguousarray(RULES[mesh.rule][0])
        self._shapes, self._slopes = triangle_shapes(TRIANGLE)
        self._corner = np.searchsorted(mesh.corners, mesh.tets[:, :4])
        self._springs = [
            (one, *resting_faces(mesh.points_mm, one.faces.nodes, self._slopes, TRIANGLE_WEIGHTS)) for one in springs
        ]
        self._number_unknowns()

    def _number_unknowns(self) -> None:
        mesh = self.mesh
        free = np.flatnonzero(~self.fixed.ravel())
        number = np.full(self.fixed.size, -1, np.int64)
        number[free] = np.arange(len(free))
        self.free = free
        moves = number.reshape(-1, 3)[mesh.tets].reshape(len(mesh.tets), 30)
        self._numbers = np.concatenate([moves, len(free) + self._corner], axis=1)
        node = np.concatenate([free // 3, mesh.corners.astype(np.int64)])
        self._plan = Plan(mesh.points_mm, mesh.tets, node, self._numbers)

    @property
    def unknowns(self) -> int:
        """Displacements and pressures that are solved for."""
        return self._plan.size

    @property
    def entries(self) -> int:
        """Numbers in the factors of the stiffness."""
        return self._plan.entries

    def at_rest(self) -> State:
        """The unloaded state."""
        return State(self.mesh.points_mm.copy(), np.zeros(len(self.mesh.corners)))

    def assemble(self, state: State, load: Load, stiffness: Array) -> Generator[None, None, tuple[Array, float, int]]:
        """(u,) force that is not balanced, the least J and its element. stiffness: (m, 34, 34) to fill, or empty."""
        mesh = self.mesh
        gradients, volumes = mesh.gradients
        count = len(mesh.tets)
        active, shortest = (
            np.ascontiguousarray(np.broadcast_to(np.asarray(one, np.float64), volumes.shape))
            for one in (load.active_kpa, load.shortest)
        )
        force = np.empty((count, UNKNOWNS))
        least, where = np.inf, -1
        for first in range(0, count, CHUNK):
            j, e = elements(
                first, min(first + CHUNK, count), mesh.tets, self._corner, gradients, volumes, self._share, state.x_mm,
                state.p_kpa, self.fibre, self.sheet, self.law.kind, self.law.constants, self.stiff, active,
                shortest, self.compliance, self.guard_kpa, force, stiffness,
            )  # fmt: skip
            if j < least:
                least, where = j, e
            if least <= 0.0:
                return np.full(self._plan.size, np.inf), least, where
            yield
        for name, pressure in load.pressure_kpa.items():
            faces = self.cavities[name]
            pressed(
                faces.nodes, faces.of_tet, faces.local, self._shapes, self._slopes, TRIANGLE_WEIGHTS, state.x_mm,
                float(pressure), force, stiffness,
            )  # fmt: skip
        moved = state.x_mm - mesh.points_mm
        for one, areas, normals in self._springs:
            each = np.ones(len(one.faces.nodes))
            sprung(
                one.faces.nodes, one.faces.of_tet, one.faces.local, self._shapes, areas, normals,
                one.normal_kpa_mm * each, one.across_kpa_mm * each, moved, force, stiffness,
            )  # fmt: skip
        held = self._numbers < 0
        summed = np.bincount(self._numbers[~held], weights=force[~held], minlength=self._plan.size)
        return np.asarray(summed, np.float64), least, where

    def moved(self, state: State, change: Array) -> State:
        """The state after a change (u,) of all unknowns."""
        x = state.x_mm.copy()
        x.reshape(-1)[self.free] += change[: len(self.free)]
        return State(x, state.p_kpa + change[len(self.free) :])

    def factor(self, stiffness: Array) -> Iterator[Factors | None]:
        """See :meth:`twinviewer.physics.solid.fronts.Plan.factor`."""
        return self._plan.factor(stiffness)

    def nodal_forces(self, state: State, load: Load) -> Array:
        """(n, 3) forces in kPa mm² (= mN) that supports must give at fixed points; nothing elsewhere in equilibrium."""
        held = Wall.__new__(Wall)
        held.__dict__.update(self.__dict__)
        held.fixed = np.zeros_like(self.fixed)
        held._number_unknowns()
        residual, _, _ = ended(held.assemble(state, load, NO_STIFFNESS))
        return np.asarray(residual[: self.fixed.size].reshape(-1, 3))


def ended(work: Generator[object, None, Result]) -> Result:
    """What a piece of work gives, run to its end without a stop."""
    while True:
        try:
            next(work)
        except StopIteration as stop:
            result: Result = stop.value
            return result
