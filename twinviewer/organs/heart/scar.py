"""An infarct: a core that neither conducts nor contracts, and round it a border zone that does both badly.

The core is given by AHA segments of a coronary territory (Cerqueira et al., Circulation 2002;105:539) and how far it
reaches through the wall, by numbers for each segment, by a label of late enhancement, or by the mesh's point field
``scar``, which a label or a brush puts there (:func:`with_painted`). By segments it begins at the endocardium: necrosis
runs from inside outwards (Reimer and Jennings, Lab Invest 1979;40:633), and lies in the left ventricle. Border muscle
conducts at 0.3 to 0.5 of the normal speed across surviving strands (de Bakker et al., Circulation 1993;88:915) and is
taken to have half its force; where it is not marked, its width is assumed. The Purkinje layer on the cavity's side
lives on, fed from the cavity (Friedman et al., Circ Res 1973;33:597).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from twinviewer.domain import Choice, LabelMap, MeshError, OrganMesh, Parameter, ParameterValue
from twinviewer.physics.heart_model import patches_of

TERRITORIES: Mapping[str, tuple[int, ...]] = {
    "none": (),
    "lad_anteroseptal": (7, 8, 13, 14),
    "lad_extensive": (1, 2, 7, 8, 13, 14, 17),
    "lcx_lateral": (5, 6, 11, 12, 16),
    "rca_inferior": (3, 4, 9, 10, 15),
}
"""AHA segments. The extensive one and the two others are whole territories of LAD, LCX and RCA."""
SCAR_CHOICES = (
    Choice("none", "No infarct"),
    Choice("lad_anteroseptal", "LAD: anteroseptal, mid to apex"),
    Choice("lad_extensive", "LAD: whole territory"),
    Choice("lcx_lateral", "LCX: lateral"),
    Choice("rca_inferior", "RCA: inferior"),
)
SCAR_PARAMETERS = (
    Parameter(
        "scar_territory", "Infarct scar", "choice", "none", "Cerqueira et al., Circulation 105:539 (2002)",
        choices=SCAR_CHOICES, help="Non-conducting, akinetic core in these AHA segments, with a border zone round it",
    ),
    Parameter(
        "scar_segment", "Infarct, further segment", "choice", "none", "Cerqueira et al., Circulation 105:539 (2002)",
        choices=(Choice("none", "None"), *(Choice(f"AHA{i}", f"Segment {i}") for i in range(1, 18))),
        help="One AHA segment in addition to the territory, or alone",
    ),
    Parameter(
        "scar_depth_percent", "Infarct, share of the wall", "number", 100, "100 transmural, 50 or less subendocardial",
        "%", 20, 100, 5, help="How far the core reaches from the endocardium",
    ),
    Parameter(
        "scar_border_speed_percent", "Infarct, border zone speed", "number", 40,
        "Surviving strands conduct in zigzag: de Bakker et al., Circulation 88:915 (1993)", "%", 30, 50, 5,
        help="Conduction in the border zone relative to sound muscle",
    ),
)  # fmt: skip
BORDER_MM = 6.0
"""Width of the border zone. Assumed."""
BORDER_FORCE = 0.5
"""Contractility of the border zone relative to sound muscle. Assumed."""
SCAR_LABEL = "scar"
SCAR_FIELD = "scar"
"""Point field (n,) float32 of a mesh: 0 sound muscle, 0.5 border zone, 1 core; 0 off the wall, never NaN."""
BORDER_VALUE, CORE_VALUE = 0.5, 1.0
BORDER_FROM, CORE_FROM = 0.25, 0.75
"""Values from which a point is border zone, and core: half-way between the marked ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Scar:
    """Fields over the tetrahedra, (m,): 1 sound, 0 in the core. core: (m,) truth."""

    conduction_scale: NDArray[np.float64]
    contractility_scale: NDArray[np.float64]
    core: NDArray[np.bool_]


def scar_of_segments(mesh: OrganMesh, transmurality: Mapping[int, float], border_speed: float = 0.4) -> Scar:
    """An infarct by AHA segment.

    transmurality: segment (1 to 17) -> share of the wall that is dead, from the endocardium, 0 to 1. border_speed: of
    the border zone relative to sound muscle. Raises ValueError for a segment or share that does not exist, MeshError
    where the mesh has no segments.
    """
    return _scar(mesh, _core_of_segments(mesh, transmurality), border_speed)


def with_painted(mesh: OrganMesh, point_values: NDArray[np.floating]) -> OrganMesh:
    """The mesh with the point field ``scar``, which :func:`~twinviewer.organs.heart.setup.setup` reads.

    point_values: (n,) or (wall points,), 0 sound muscle, 0.5 border zone, 1 core; between them the nearest counts. All
    0 takes the field away. Points, tetrahedra and uid stay: what is kept by uid rests on the geometry alone, and what
    the scar changes reaches engines as tissue, by which they key their results. Raises ValueError for another shape or
    values outside 0 to 1.
    """
    given = np.asarray(point_values, dtype=np.float32)
    if given.shape not in ((len(mesh.points_mm),), (mesh.wall_points,)):
        raise ValueError(f"scar of shape {given.shape} for {len(mesh.points_mm)} points")
    if not ((given >= 0.0) & (given <= 1.0)).all():  # also refuses NaN
        raise ValueError("scar values must lie between 0 (sound) and 1 (core)")
    fields = {name: values for name, values in mesh.point_fields.items() if name != SCAR_FIELD}
    if given[: mesh.wall_points].any():
        values = np.zeros(len(mesh.points_mm), np.float32)
        values[: mesh.wall_points] = given[: mesh.wall_points]
        values.setflags(write=False)
        fields[SCAR_FIELD] = values
    return replace(mesh, point_fields=fields)


def marked(mesh: OrganMesh) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(m,) tetrahedra that the field ``scar`` makes core, and (m,) border zone; none without the field."""
    none = np.zeros(len(mesh.tets), bool)
    if SCAR_FIELD not in mesh.point_fields:
        return none, none
    corner = np.asarray(mesh.point_fields[SCAR_FIELD], float)[mesh.tets]
    mean = corner.mean(axis=1)
    # between core and sound muscle lies no border zone unless one was marked there
    bordered = ((corner >= BORDER_FROM) & (corner < CORE_FROM)).any(axis=1)
    core = mean >= np.where(bordered, CORE_FROM, 0.5)
    return core, bordered & ~core & (mean >= BORDER_FROM)


def chosen_scar(mesh: OrganMesh, chosen: Mapping[str, ParameterValue]) -> tuple[Scar | None, tuple[str, ...]]:
    """The infarct of the user's settings (SCAR_PARAMETERS by name, defaults left out) and of the mesh's field ``scar``
    together, and notes; None without either.

    Round segments, and round a marked core where no border zone is marked, the border zone is BORDER_MM wide. Raises
    MeshError where nothing would be left to excite.
    """
    value = {p.name: chosen.get(p.name, p.default) for p in SCAR_PARAMETERS}
    territory, segment = str(value["scar_territory"]), str(value["scar_segment"])
    segments = set(TERRITORIES[territory])
    if segment != "none":
        segments.add(int(segment.removeprefix("AHA")))
    drawn, border = marked(mesh)
    if not segments and not drawn.any() and not border.any():
        return None, ()
    depth, speed = float(value["scar_depth_percent"]), float(value["scar_border_speed_percent"])
    muscle = f"at {speed:.0f} % of the speed and {100 * BORDER_FORCE:.0f} % of the force"
    core, notes = np.zeros(len(mesh.tets), bool), []
    if segments:
        core = _core_of_segments(mesh, dict.fromkeys(segments, depth / 100.0))
        named = ", ".join(str(number) for number in sorted(segments))
        notes.append(
            f"Infarct in AHA segments {named}, {depth:.0f} % of the wall: core without conduction and force, border "
            f"zone of {BORDER_MM:.0f} mm {muscle}"
        )
    if drawn.any() or border.any():
        volume = patches_of(mesh).tet_ml
        zone = f"{volume[border].sum():.1f} mL" if border.any() else f"{BORDER_MM:.0f} mm round it (none is marked)"
        core_ml = float(volume[drawn].sum())
        notes.append(f"Marked scar: {core_ml:.1f} mL core without conduction and force, border zone {zone} {muscle}")
    ringed = core if border.any() else core | drawn
    return _scar(mesh, core | drawn, speed / 100.0, ringed, border), tuple(notes)


def scar_of_labels(mesh: OrganMesh, labels: LabelMap, border_speed: float = 0.4, phase: int = 0) -> Scar:
    """An infarct where the label map has the structure ``scar``, by the centres of the tetrahedra."""
    return _scar(mesh, scar_of(_centres(mesh), labels, phase), border_speed)


def scar_of(points_mm: NDArray[np.floating], labels: LabelMap, phase: int = 0) -> NDArray[np.bool_]:
    """(n,) which of (n, 3) LPS points lie in the structure ``scar``. Raises MeshError where the labels have none."""
    value = next((number for number, name in labels.names.items() if name == SCAR_LABEL), None)
    if value is None:
        raise MeshError("The label map has no scar", where=f"structures {', '.join(labels.names.values())}")
    inverse = np.linalg.inv(labels.grid.affine)
    index = np.rint(np.asarray(points_mm, float) @ inverse[:3, :3].T + inverse[:3, 3]).astype(int)[:, ::-1]
    shape = np.array(labels.grid.shape)
    known = ((index >= 0) & (index < shape)).all(axis=1)
    k, j, i = np.where(known[:, None], index, 0).T
    return np.asarray(known & (labels.data[phase, k, j, i] == value))


def living(mesh: OrganMesh, activation_ms: NDArray[np.float64], scar: Scar) -> NDArray[np.float64]:
    """(n,) activation with NaN in segments that lost more than half their force: what is never excited does not
    contract when the beat is fitted."""
    dead = np.zeros(len(activation_ms), bool)
    dead[mesh.tets[_lost(mesh, scar)[0]]] = True
    return np.where(dead, np.nan, activation_ms)


def living_force(mesh: OrganMesh, scar: Scar) -> float:
    """Force of the left wall over that of its living segments without a scar.

    The fit knows segments without force, not those with less: dividing the fitted contractility by this leaves the
    ventricle the force that its measured volumes ask for.
    """
    lost, volume = _lost(mesh, scar)
    left = np.asarray(mesh.cell_fields["chamber"]) == 1
    whole = float(volume[left & ~lost].sum())
    return max(float((scar.contractility_scale * volume)[left].sum()) / max(whole, 1e-9), 0.3)


def _lost(mesh: OrganMesh, scar: Scar) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """(m,) tetrahedra of segments that lost more than half their force, and (m,) volumes in mL."""
    patches = patches_of(mesh)
    return patches.mean_of_cells(scar.contractility_scale)[patches.of_tet] < 0.5, patches.tet_ml


def _core_of_segments(mesh: OrganMesh, transmurality: Mapping[int, float]) -> NDArray[np.bool_]:
    """(m,) tetrahedra of the left wall that the segments' shares reach."""
    missing = {"aha_segment", "transmural"} - mesh.fields
    if missing:
        raise MeshError("An infarct cannot be placed on this mesh", where=f"missing {', '.join(sorted(missing))}")
    wrong = [f"{s}: {share:g}" for s, share in transmurality.items() if s not in range(1, 18) or not 0 <= share <= 1]
    if wrong:
        raise ValueError(f"no such segment, or no share of the wall: {', '.join(wrong)}")
    reach = np.zeros(18)
    for number, share in transmurality.items():
        reach[number] = share
    corner = np.asarray(mesh.point_fields["aha_segment"]).astype(int)[mesh.tets]
    depth = np.nan_to_num(np.asarray(mesh.point_fields["transmural"], float))[mesh.tets].mean(axis=1)
    inside = reach[corner].mean(axis=1)  # between two segments the scar thins out
    left = np.asarray(mesh.cell_fields["chamber"]) == 1 if "chamber" in mesh.cell_fields else np.ones(len(depth), bool)
    return np.asarray(left & (inside > 0.5 * reach.max()) & (depth <= inside))


def _scar(
    mesh: OrganMesh,
    core: NDArray[np.bool_],
    border_speed: float,
    ringed: NDArray[np.bool_] | None = None,
    border: NDArray[np.bool_] | None = None,
) -> Scar:
    """The fields of a core, with what it cuts off added to it: no wave could reach that. ringed: (m,) the part of the
    core that gets a border zone round it, default all of it. border: (m,) marked besides."""
    core = core | _cut_off(mesh, core) if core.any() else core
    near = np.zeros(len(core), bool) if border is None else border & ~core
    ringed = core if ringed is None else ringed
    if ringed.any():
        centre = _centres(mesh)
        gap, _ = cKDTree(centre[ringed]).query(centre[~core], distance_upper_bound=BORDER_MM)
        near[~core] |= np.isfinite(gap)
    speed, force = np.ones(len(core)), np.ones(len(core))
    speed[near], force[near] = border_speed, BORDER_FORCE
    speed[core] = force[core] = 0.0
    for array in (speed, force, core):
        array.setflags(write=False)
    return Scar(speed, force, core)


def _cut_off(mesh: OrganMesh, core: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(m,) living tetrahedra that share no point with the largest living piece."""
    living = np.flatnonzero(~core)
    if not len(living):
        raise MeshError("An infarct of the whole wall leaves nothing to excite")
    tets, count = mesh.tets[living], len(mesh.points_mm)
    pairs = np.concatenate([tets[:, [0, k]] for k in (1, 2, 3)])
    graph = coo_matrix((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    piece = connected_components(graph, directed=False)[1][tets[:, 0]]
    lost = np.zeros(len(core), bool)
    lost[living[piece != np.bincount(piece).argmax()]] = True
    return lost


def _centres(mesh: OrganMesh) -> NDArray[np.float64]:
    return np.asarray(mesh.points_mm, np.float64)[mesh.tets].mean(axis=1)
