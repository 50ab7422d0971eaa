"""One line of the validation: a study goes through the whole pipeline, and what came out is held against the truth."""

import json
import time
import traceback
from dataclasses import asdict, dataclass, field

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

from tests.validation.published import PHASES, SURFACES, Published
from twinviewer.domain import CineStack, OrganMesh, TwinviewerError
from twinviewer.geometry.quality import dihedral_range_deg, six_volumes
from twinviewer.organs.heart.motion.volumes import cavity_ml
from twinviewer.organs.heart.template.model import build_cine
from twinviewer.segmentation.cine import CineContours, CineVolumes, delineate, volumes

Array = NDArray[np.float64]
_OURS = {"LV": "lv_endocardium", "RV": "rv_endocardium", "epicardium": "epicardium"}


@dataclass
class Line:
    """refused: the program's own words; crashed: an error that is not the program's. mm: by phase ("ED", "ES") and
    surface, the mean distance of our points to the published surface."""

    name: str
    refused: str = ""
    crashed: str = ""
    lv_ml: list[float] = field(default_factory=list)
    rv_ml: list[float] = field(default_factory=list)
    discs_lv_ml: list[float] = field(default_factory=list)
    discs_rv_ml: list[float] = field(default_factory=list)
    wall_ml: list[float] = field(default_factory=list)
    fraction: list[float] = field(default_factory=list)
    discs_fraction: list[float] = field(default_factory=list)
    mm: dict[str, dict[str, float]] = field(default_factory=dict)
    folded: int = 0
    least_dihedral_deg: float = 0.0
    delineate_s: float = 0.0
    build_s: float = 0.0
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        return json.dumps(asdict(self))


def measure(name: str, stack: CineStack, truth: Published | None) -> tuple[Line, CineContours | None, OrganMesh | None]:
    """Delineate, build and compare; nothing is raised but KeyboardInterrupt."""
    line = Line(name)
    contours: CineContours | None = None
    mesh: OrganMesh | None = None
    try:
        start = time.perf_counter()
        contours = delineate(stack)
        line.delineate_s = time.perf_counter() - start
        line.notes = list(contours.notes)
        _discs(line, volumes(contours, stack))
        start = time.perf_counter()
        mesh = build_cine(contours, stack)
        line.build_s = time.perf_counter() - start
        _model(line, mesh)
        if truth is not None:
            _distances(line, mesh, truth)
    except TwinviewerError as error:
        line.refused = str(error)
    except Exception as error:
        traceback.print_exc()
        line.crashed = f"{type(error).__name__}: {error}"
    return line, contours, mesh


def _discs(line: Line, found: CineVolumes) -> None:
    line.discs_lv_ml, line.discs_fraction = found.lv_ml.tolist(), found.fraction.tolist()
    line.discs_rv_ml = [] if found.rv_ml is None else found.rv_ml.tolist()


def _model(line: Line, mesh: OrganMesh) -> None:
    assert mesh.motion_mm is not None and mesh.motion_fraction is not None
    motion = mesh.motion_mm.astype(np.float64)
    line.lv_ml, line.rv_ml = (cavity_ml(motion, mesh.surfaces[f"{side}_cavity"]).tolist() for side in ("lv", "rv"))
    line.wall_ml = [mesh.wall_ml(frame) for frame in motion]
    line.fraction = mesh.motion_fraction.tolist()
    line.folded = int(sum((six_volumes(frame, mesh.tets) <= 0).sum() for frame in motion))
    line.least_dihedral_deg = float(dihedral_range_deg(mesh.points_mm, mesh.tets)[0].min())


def _distances(line: Line, mesh: OrganMesh, truth: Published) -> None:
    assert mesh.motion_mm is not None
    # both at the R wave, whatever the frame of the largest volume is
    start = int(np.argmin(np.minimum(line.fraction, 1.0 - np.array(line.fraction))))
    end = int(np.argmin(line.lv_ml))
    frames = {"ED": (start, 0), "ES": (end, round(line.fraction[end] * PHASES) % PHASES)}
    for when, (ours, theirs) in frames.items():
        line.mm[when] = {
            name: mean_mm(mesh.motion_mm[ours][np.unique(mesh.surfaces[_OURS[name]])], truth.surfaces[name][theirs])
            for name in SURFACES
        }


def mean_mm(points: NDArray[np.floating], surface: pv.PolyData) -> float:
    """Mean distance of (n, 3) points from a surface."""
    found = pv.PolyData(np.ascontiguousarray(points, dtype=np.float64)).compute_implicit_distance(surface)
    return float(np.abs(found["implicit_distance"]).mean())
