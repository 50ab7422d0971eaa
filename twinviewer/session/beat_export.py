"""The beating model for other programs: an animated GLB for any viewer, or a series with all fields for ParaView."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Reporter, Run, StoreError, part, silent
from twinviewer.session.case import BASELINE, Case
from twinviewer.session.export import colours_of

BEAT_SUFFIXES = (".glb", ".pvd")
RESEARCH = "Research only, not for clinical use"
DEFAULT_RR_S = 1.0
_MOSTLY = 0.9
"""Share of a surface's points that must have a value before it is coloured by them."""


@dataclass(frozen=True, slots=True, eq=False)
class Beat:
    """points_mm: (t, n, 3) at time_s (t,), rising from 0, below period_s. run: None where the images show it. says: in
    one line, whose motion it is."""

    points_mm: NDArray[np.floating]
    time_s: NDArray[np.float64]
    period_s: float
    run: Run | None
    says: str


def can_beat(case: Case) -> bool:
    """Whether there is a beat to export: simulated, or followed in images."""
    return case.mesh is not None and (case.mesh.motion_mm is not None or any(one.run for one in case.scenarios))


def beat_of(case: Case, scenario: str = "") -> Beat:
    """The beat of a scenario; "": the baseline's, or without any run the one that the images show. StoreError."""
    if case.mesh is None:
        raise StoreError("The case has no model to export", remedy="Build it first")
    named = {one.name: one for one in case.scenarios}
    if scenario and scenario not in named:
        raise StoreError(f"There is no scenario {scenario}", remedy=f"Known: {', '.join(named) or 'none yet'}")
    first = named.get(scenario or BASELINE) or next(iter(named.values()), None)
    run = first.run if first is not None else None
    if first is not None and run is not None:
        who = case.patient.pseudonym or case.title
        says = f"Simulated: {first.label} of {who}. {RESEARCH}"
        return Beat(run.points_mm, np.asarray(run.time_s, np.float64), float(run.period_s), run, says)
    if scenario or case.mesh.motion_mm is None or case.mesh.motion_fraction is None:
        label = first.label if first is not None else "The model"
        raise StoreError(f"{label} does not beat yet", remedy="Simulate it first")
    period = float(getattr(case.image, "rr_s", None) or getattr(case.image, "mean_rr_s", None) or DEFAULT_RR_S)
    fraction = np.asarray(case.mesh.motion_fraction, np.float64)
    says = f"As the images of {case.patient.pseudonym or case.title} show it. {RESEARCH}"
    return Beat(case.mesh.motion_mm, (fraction - fraction[0]) * period, period, None, says)


Painted = tuple[str, NDArray[np.uint8], NDArray[np.bool_]]
"""What colours mean, in one line; (n, 3) 0..255 of the mesh's points; and (n,) which of them have one."""


def write_beat(
    case: Case, path: Path, scenario: str = "", report: Reporter = silent, painted: Painted | None = None
) -> list[Path]:
    """Write .glb (surfaces, animated) or .pvd (tetrahedra with fields, a .vtu a moment); returns the files. painted:
    colours of a map for surfaces of which all points have one. StoreError where nothing beats, or for another suffix.
    """
    from twinviewer.geometry.export import closed_surfaces
    from twinviewer.geometry.write_glb import glb
    from twinviewer.geometry.write_series import write_vtu_series

    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in BEAT_SUFFIXES:
        raise StoreError(f"A beating model is not written as {path.suffix}", remedy=f"Use {', '.join(BEAT_SUFFIXES)}")
    beat, mesh = beat_of(case, scenario), case.mesh
    assert mesh is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    if suffix == ".pvd":
        fields = {name: one.values for name, one in beat.run.fields.items()} if beat.run else {}
        moving = dict(beat.run.moving_fields) if beat.run else {}
        return write_vtu_series(path, mesh, beat.points_mm, beat.time_s, fields, moving, beat.says, report)
    names = closed_surfaces(mesh)
    used = [np.unique(mesh.surfaces[name]) for name in names]
    parts = []
    for name, own in zip(names, used, strict=True):
        local = np.searchsorted(own, mesh.surfaces[name]).astype(np.int64)
        parts.append((name, beat.points_mm[0][own].astype(np.float64), local))
    frames = [[points[own] for own in used] for points in beat.points_mm]
    report(0.3, "Writing the beat")
    said, by_point = {"shows": beat.says}, {}
    if painted is not None:
        said["colours"] = painted[0]
        by_point = {
            name: painted[1][own] for name, own in zip(names, used, strict=True) if np.mean(painted[2][own]) > _MOSTLY
        }
    data = glb(parts, colours_of(case.organ), frames=frames, time_s=beat.time_s.tolist(), period_s=beat.period_s,
               painted=by_point, said=said)  # fmt: skip
    part(report, 0.8, 1.0)(0.5, "Writing the beat")
    path.write_bytes(data)
    return [path]
