"""A coronary artery closed for minutes, or opened to muscle that hibernates.

Territories by AHA segment: Cerqueira et al., Circulation 105:539 (2002). Muscle without blood stops shortening within a
minute and is stretched by the rest: balloons that closed the LAD for 30 to 60 s gave dyskinesia of the anterior wall
and the apex, a smaller ejection fraction and dP/dt max and a higher end-diastolic pressure in all of 16 patients (J Am
Coll Cardiol 12:341, 1988), all of it gone minutes after (Serruys et al., Acta Med Scand Suppl 694:197, 1984).
Conduction slows within some ten minutes, to about two thirds (Kleber et al., Circ Res 61:271, 1987). Opening brings
back what lives but does not work, a scar's border zone here, and never a scar's core (De Servi et al., Am J Cardiol
72:119G, 1993).
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh, Parameter, ParameterValue, Setup, TherapyError
from twinviewer.geometry.sites import check_mesh
from twinviewer.therapies import checked, load_parameters

TERRITORIES: Mapping[str, tuple[int, ...]] = {
    "lad": (1, 2, 7, 8, 13, 14, 17),
    "lad_mid": (7, 8, 13, 14, 17),
    "rca": (3, 4, 9, 10, 15),
    "lcx": (5, 6, 11, 12, 16),
}
NEEDED = frozenset({"aha_segment", "chamber"})


class Coronary:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "coronary"
    label = "Coronary artery closed or opened"
    group = "Coronary arteries"
    summary = "Minutes without blood in a territory, or blood for muscle that hibernates"
    edits = frozenset({"contractility", "conduction"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup with the territory's force and conduction. Raises TherapyError for values out of bounds, and where
        there is nothing to bring back."""
        chosen = checked(self.parameters, values, self.label)
        mesh = setup.mesh
        check_mesh(mesh, NEEDED)
        inside = territory(mesh, TERRITORIES[str(chosen["vessel"])])
        whole = np.ones(len(mesh.tets))
        force = np.array(setup.tissue.get("contractility_scale", whole), np.float64)
        speed = np.array(setup.tissue.get("conduction_scale", whole), np.float64)
        if chosen["change"] == "occlude":
            force[inside] *= float(chosen["force_left_percent"]) / 100.0
            speed[inside] *= float(chosen["speed_left_percent"]) / 100.0
            what = f"no blood in {_ml(mesh, inside):.0f} mL of muscle"
        else:
            asleep = inside & (force > 0.0) & (force < 1.0)
            if not asleep.any():
                raise TherapyError(
                    "There is no muscle in this territory that lives and does not work",
                    where=str(chosen["vessel"]),
                    remedy="Mark a scar with its border zone in the settings of the heart, or with the brush",
                )
            share = float(chosen["recovery_percent"]) / 100.0
            force[asleep] += share * (1.0 - force[asleep])
            speed[asleep] += share * (1.0 - speed[asleep])
            what = f"blood again for {_ml(mesh, asleep):.0f} mL of muscle that lives and does not work"
        tissue = {**setup.tissue, "contractility_scale": force, "conduction_scale": speed}
        return replace(setup, tissue=tissue, notes=(*setup.notes, f"{self.label}: {what}"))


def territory(mesh: OrganMesh, segments: tuple[int, ...]) -> NDArray[np.bool_]:
    """(m,) elements of the left wall most of whose corners lie in these AHA segments."""
    corner = np.isin(np.asarray(mesh.point_fields["aha_segment"]).astype(int), segments)[mesh.tets]
    return np.asarray((corner.sum(axis=1) >= 2) & (np.asarray(mesh.cell_fields["chamber"]) == 1))


def _ml(mesh: OrganMesh, which: NDArray[np.bool_]) -> float:
    return replace(mesh, tets=mesh.tets[which]).wall_ml()


THERAPY = Coronary()
