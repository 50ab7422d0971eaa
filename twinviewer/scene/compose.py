"""From domain objects to PaneStates: the same composition for the window, a picture and a film."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Comparison, OrganMesh, Run, StructureStyle
from twinviewer.scene.electrical import ACTIVATION, MEMBRANE, SPREAD, running_maps
from twinviewer.scene.palette import BASELINE, SCAR_NAMES, rgb
from twinviewer.scene.state import Colouring, Marker, PaneState, Section, StructureState

SCAR = "scar"
LONG_AXIS = frozenset({"lv_apex", "mitral_centre", "rv_centre"})


@dataclass(frozen=True, slots=True)
class FieldStyle:
    """How a known field is shown. symmetric: the range is centred on zero. ends: what it means to lie below and above
    another scenario."""

    label: str
    unit: str
    map: str
    symmetric: bool = False
    band: float = 0.0
    ends: tuple[str, str] = ("less", "more")


FIELDS: dict[str, FieldStyle] = {
    "activation_ms": FieldStyle("Activation", "ms", "activation", band=10.0, ends=("earlier", "later")),
    SPREAD: FieldStyle("Activation, spreading", "ms", "activation", band=10.0),
    MEMBRANE: FieldStyle("Membrane potential", "mV", "membrane"),
    "recovery_ms": FieldStyle("Recovery", "ms", "activation", band=10.0, ends=("earlier", "later")),
    "strain_fibre": FieldStyle("Fibre strain", "%", "strain", symmetric=True),
    "work_kpa": FieldStyle("Fibre work", "kPa", "work"),
    "transmural": FieldStyle("Depth in the wall", "", "voltage"),
    "apicobasal": FieldStyle("Apex to base", "", "voltage"),
    "thickness_mm": FieldStyle("Wall thickness", "mm", "work"),
    "aha_segment": FieldStyle("AHA segment", "", "activation"),
    "rotational_rad": FieldStyle("Round the long axis", "rad", "angle", symmetric=True),
    SCAR: FieldStyle("Scar", "", "scar"),
    "peak_strain_fibre": FieldStyle("Peak fibre strain", "%", "strain", symmetric=True, ends=("shortens more", "less")),
    "peak_strain_wall": FieldStyle("Greatest wall strain", "%", "strain", symmetric=True),
}

DIFFERENCES = ("activation_ms", "peak_strain_fibre", "work_kpa", "recovery_ms")
"""Fields whose difference between two scenarios is shown, in the order in which they are offered."""
DIFFERENCE_OF = {SPREAD: "activation_ms", MEMBRANE: "activation_ms", "strain_fibre": "peak_strain_fibre"}
"""Maps that move with the beat: what stands for them in a difference."""


MEMBRANE_MV = (-90.0, 40.0)
"""What electrophysiologists' films run from and to."""


def colourable(run: Run | None, mesh: OrganMesh | None) -> tuple[str, ...]:
    """The fields that can be coloured by: "" (anatomy) first, then what this run and mesh have, in FIELDS' order."""
    names: set[str] = set()
    if run is not None:
        names |= set(run.fields) | set(run.moving_fields) | set(running_maps(run))
    if mesh is not None:
        names |= {"thickness_mm", "aha_segment", SCAR} & set(mesh.point_fields)
    return ("", *(name for name in FIELDS if name in names))


def structures(mesh: OrganMesh, styles: Mapping[str, StructureStyle]) -> tuple[StructureState, ...]:
    """The mesh's surfaces in their anatomy colours; those without a style are left out."""
    return tuple(
        StructureState(name, styles[name].colour, styles[name].opacity, styles[name].visible)
        for name in mesh.surfaces
        if name in styles
    )


def cut_cells(mesh: OrganMesh, shown: Sequence[StructureState]) -> tuple[NDArray[np.integer], NDArray[np.uint8] | None]:
    """The tetrahedra (m, 4) whose cut face is drawn, and their colours (m, 3): all and None for a wall, those of the
    visible structures for an organ that has several (cell field ``structure``)."""
    if "structure" not in mesh.cell_fields:
        return mesh.tets, None
    owner = np.zeros(len(mesh.points_mm), dtype=np.int64)
    of = mesh.cell_fields["structure"].astype(np.int64)
    owner[mesh.tets] = of[:, None]
    colour = np.zeros((256, 3), dtype=np.uint8)
    seen = np.zeros(256, dtype=bool)
    for one in shown:
        if one.name in mesh.surfaces and one.visible:
            value = owner[mesh.surfaces[one.name][0, 0]]
            colour[value] = [round(255 * part) for part in rgb(one.colour)]
            seen[value] = True
    keep = seen[of]
    return mesh.tets[keep], colour[of[keep]]


def field_range(name: str, runs: Sequence[Run], mesh: OrganMesh) -> tuple[float, float]:
    """One range for all runs: shared colours are what makes panes comparable. 1st-99th percentile, zero-centred where
    the field has a natural zero."""
    if name == MEMBRANE:
        return MEMBRANE_MV
    if name == SCAR:
        return 0.0, 1.0
    if name == "rotational_rad":
        return -float(np.pi), float(np.pi)
    name = ACTIVATION if name == SPREAD else name
    collected = []
    for run in runs:
        if name in run.fields:
            collected.append(np.asarray(run.fields[name].values, float))
        elif name in run.moving_fields:
            collected.append(run.moving_fields[name].ravel()[::7].astype(float))
    if not collected and name in mesh.point_fields:
        collected.append(mesh.point_fields[name].astype(float))
    values = np.concatenate(collected) if collected else np.zeros(1)
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    if name in ("activation_ms", "recovery_ms"):  # a legend of five ticks then stands at multiples of 10 ms
        low = np.floor(values.min() / 10) * 10
        return float(low), float(low + 40 * max(np.ceil((values.max() - low) / 40), 1))
    if name in FIELDS and FIELDS[name].symmetric:
        top = max(2 * np.ceil(np.percentile(np.abs(values), 99) / 2), 2.0)
        return -float(top), float(top)
    low, high = np.percentile(values, [1, 99])
    return float(low), float(high if high > low else low + 1.0)


def colouring(name: str, runs: Sequence[Run], mesh: OrganMesh) -> Colouring:
    """The Colouring of a field over all runs that are shown together."""
    if not name:
        return Colouring()
    style = FIELDS.get(name, FieldStyle(name.replace("_", " "), "", "voltage"))
    low, high = field_range(name, runs, mesh)
    names = SCAR_NAMES if name == SCAR else ()
    return Colouring(name, style.label, style.unit, style.map, low, high, style.band, names)


def faded(shown: Sequence[StructureState], by_field: bool) -> tuple[StructureState, ...]:
    """When a field is shown on the wall, chambers and vessels step back so that they do not hide it."""
    if not by_field:
        return tuple(shown)
    return tuple(
        s
        if s.name in ("myocardium", "lv_endocardium", "rv_endocardium", "epicardium")
        else replace(s, opacity=min(s.opacity, 0.25))
        for s in shown
    )


def pane(
    title: str,
    mesh: OrganMesh,
    shown: Sequence[StructureState],
    run: Run | None = None,
    colour: Colouring | None = None,
    markers: Sequence[Marker] = (),
    accent: str = BASELINE,
    period_s: float | None = None,
) -> PaneState:
    """One heart. period_s: the beat that the common time counts in, where the run's own is another."""
    used = colour if colour is not None else Colouring()
    return PaneState(
        title, mesh, run, used, None, faded(shown, bool(used.field)), tuple(markers), accent,
        _time_scale(run, period_s), period_s or 1.0,
    )  # fmt: skip


def _time_scale(run: Run | None, period_s: float | None) -> float:
    return run.period_s / period_s if run is not None and period_s else 1.0


def difference_pane(
    mesh: OrganMesh,
    shown: Sequence[StructureState],
    run: Run,
    comparison: Comparison,
    name: str = "activation_ms",
    period_s: float | None = None,
    title: str = "",
) -> PaneState | None:
    """Other minus baseline on the moving mesh of the other; None where the runs share no such field."""
    values = comparison.difference_fields.get(name)
    if values is None:
        return None
    top = difference_top(values)
    style = FIELDS.get(name, FieldStyle(name, "", "difference"))
    colour = Colouring(name, f"Δ {style.label}", style.unit, "difference", -top, top, ends=style.ends)
    same = not np.any(values[np.isfinite(values)])
    return PaneState(
        title or f"{comparison.other} − {comparison.baseline}", mesh, run, colour, values, faded(shown, True), (),
        "#94A0AF", _time_scale(run, period_s), note="exactly the same everywhere" if same else "",
    )  # fmt: skip


def difference_top(values: NDArray[np.floating]) -> float:
    """The end of a scale that holds 99 % of a difference on both sides of 0: 1, 2, 4 or 8 times a power of ten, so that
    a quarter of it is a round number too. 1 where nothing differs."""
    finite = np.abs(values[np.isfinite(values)])
    most = float(np.percentile(finite, 99)) if len(finite) else 0.0
    if most <= 0.0:
        return 1.0
    decade = 10.0 ** np.floor(np.log10(most))
    return float(next(step * decade for step in (1.0, 2.0, 4.0, 8.0, 10.0) if step * decade >= most * (1 - 1e-9)))


def section_up(mesh: OrganMesh) -> tuple[float, float, float]:
    """What is up where the cut face is looked at: base over apex, else the head."""
    if not mesh.landmarks.keys() >= LONG_AXIS:
        return 0.0, 0.0, 1.0
    axis = mesh.landmarks["mitral_centre"] - mesh.landmarks["lv_apex"]
    x, y, z = axis / np.linalg.norm(axis)
    return float(x), float(y), float(z)


def long_axis_section(mesh: OrganMesh) -> Section:
    """The four-chamber plane: through the apex, the mitral centre and the right ventricle; its front is cut away. Of
    another organ the coronal plane through its middle."""
    if not mesh.landmarks.keys() >= LONG_AXIS:
        x, y, z = (mesh.points_mm.min(axis=0) + mesh.points_mm.max(axis=0)) / 2.0
        return Section((float(x), float(y), float(z)), (0.0, -1.0, 0.0))
    apex, base = mesh.landmarks["lv_apex"], mesh.landmarks["mitral_centre"]
    right = mesh.landmarks["rv_centre"]
    normal = np.cross(base - apex, right - apex)
    normal /= np.linalg.norm(normal)
    if normal[1] > 0:  # cut towards the viewer in front: anterior is -y in LPS
        normal = -normal
    return Section(tuple(apex), tuple(normal))
