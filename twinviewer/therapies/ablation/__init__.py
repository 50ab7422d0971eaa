"""Ablation: muscle that no longer conducts nor contracts, at one site or along a line."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh, Parameter, ParameterValue, Setup, TherapyError
from twinviewer.geometry.sites import check_mesh, epicardial_middle, segment_of
from twinviewer.therapies import checked, load_parameters

NEEDED = frozenset({"aha_segment", "transmural"})
MOST_SHARE = 0.25
"""Of the wall: more is no ablation."""


class Ablation:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "ablation"
    label = "Ablation"
    group = "Ablation and stimulation"
    summary = "A lesion, or a line of lesions, that blocks conduction: cut the path that a circuit needs"
    edits = frozenset({"conduction"})
    """Force is lost there too, but conduction is what it is for: an engine without force may answer for it."""
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup with the lesion. Raises TherapyError for values out of bounds, a site off the muscle, or a lesion
        that would be a quarter of the wall."""
        chosen = checked(self.parameters, values, self.label)
        mesh = setup.mesh
        check_mesh(mesh, NEEDED)
        begin = _node(mesh, str(chosen["site"]), round(float(chosen["site_node"])))
        line_to, line_node = str(chosen["line_to"]), round(float(chosen["line_to_node"]))
        end = begin if line_to == "none" and line_node < 0 else _node(mesh, line_to, line_node)
        radius_mm = float(chosen["radius_mm"])
        dead = lesion(mesh, begin, end, radius_mm)
        if not dead.any():
            raise TherapyError(
                "The lesion holds no element of the wall", where=f"point {begin}", remedy="Make it wider"
            )
        lost_ml, whole_ml = _volume_ml(mesh, dead), _volume_ml(mesh, np.ones(len(mesh.tets), bool))
        if lost_ml > MOST_SHARE * whole_ml:
            what = f"The lesion would take {lost_ml:.0f} of {whole_ml:.0f} mL of muscle"
            raise TherapyError(what, where=self.label, remedy="Make it narrower, or the line shorter")
        tissue = dict(setup.tissue)
        for name in ("conduction_scale", "contractility_scale"):
            scale = np.array(tissue.get(name, np.ones(len(mesh.tets))), np.float64)
            if len(scale) == len(mesh.tets):
                scale[dead] = 0.0
                tissue[name] = scale
        note = f"{self.label}: {lost_ml:.1f} mL of muscle no longer conduct nor contract"
        return replace(setup, tissue=tissue, notes=(*setup.notes, note))


def lesion(mesh: OrganMesh, begin: int, end: int, radius_mm: float) -> NDArray[np.bool_]:
    """(m,) elements whose middle lies within a radius of the straight line between two points of the mesh."""
    middle = mesh.points_mm[mesh.tets].mean(axis=1)
    start, way = mesh.points_mm[begin], mesh.points_mm[end] - mesh.points_mm[begin]
    share = np.clip((middle - start) @ way / max(float(way @ way), 1e-12), 0.0, 1.0)
    return np.asarray(np.linalg.norm(middle - start - share[:, None] * way, axis=1) <= radius_mm)


def _node(mesh: OrganMesh, site: str, node: int) -> int:
    if node >= 0:
        segment_of(mesh, node)  # refuses what is not muscle
        return node
    return epicardial_middle(mesh, int(site.removeprefix("AHA")))


def _volume_ml(mesh: OrganMesh, which: NDArray[np.bool_]) -> float:
    return replace(mesh, tets=mesh.tets[which]).wall_ml()


THERAPY = Ablation()
