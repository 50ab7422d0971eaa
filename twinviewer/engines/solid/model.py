"""The chamber as a loaded wall: its law, what holds it, and its tension."""

import numpy as np

from twinviewer.engines.solid.chamber import Array, Chamber
from twinviewer.physics.solid.element import QuadraticMesh
from twinviewer.physics.solid.laws import Law, guccione
from twinviewer.physics.solid.locate import deformation
from twinviewer.physics.solid.unload import carried_back
from twinviewer.physics.solid.wall import Springs, Wall

GUCCIONE = (18.48, 3.58, 1.627)
"""b_f, b_t, b_fs of Guccione, McCulloch and Waldman, J Biomech Eng 113:42 (1991)."""
C_KPA, OF_STIFFNESS_KPA = 0.6, 120.0
"""C for the setup's default stiffness; a stiffer setup has it in proportion. Chosen so that the unloaded volume is
Klotz's (Am J Physiol 291:H403, 2006) within 5 points of the end-diastolic one."""
PERICARDIUM_KPA_MM, ANNULUS_KPA_MM = 0.2, 1.0
"""Springs along the normal outside (Pfaller et al., Biomech Model Mechanobiol 18:503, 2019: 0.2 kPa/mm), and in the
plane of the base, where the fibrous rings are (assumed)."""
GUARD_KPA = 10.0
KPA_PER_MMHG = 0.133322


def law_of(stiffness_lv_kpa: float) -> Law:
    """The passive law of a setup's stiffness."""
    return guccione(C_KPA * stiffness_lv_kpa / OF_STIFFNESS_KPA, *GUCCIONE)


def wall_at(one: Chamber, rest_mm: Array, law: Law) -> Wall:
    """The wall that rests at (n, 3) positions; its fibres are those seen at end-diastole, carried back."""
    mesh = QuadraticMesh(rest_mm, one.mesh.tets, one.mesh.rule)
    fixed = np.zeros((len(rest_mm), 3), bool)
    fixed[one.base, 2] = True
    return Wall(
        mesh,
        law,
        carried_back(one.fibre, deformation(mesh, one.mesh.points_mm)),
        fixed=fixed,
        cavities={"lv": one.inside, "rv": one.right},
        springs=(Springs(one.outside, PERICARDIUM_KPA_MM), Springs(one.top, 0.0, ANNULUS_KPA_MM)),
        guard_kpa=GUARD_KPA,
        place=one.named,
    )
