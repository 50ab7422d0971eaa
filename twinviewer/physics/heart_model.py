"""From an OrganMesh, an activation and named parameters to the walls and the loop of heartbeat.py.

Patches are the AHA segments of the left wall (2, 3, 8, 9, 14 are the septum) and up to three of the right free wall.
A patch's volume is that of its tetrahedra, its activation their volume-weighted mean. Parameter names: docs/rooms.md.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError, OrganMesh
from twinviewer.physics.circulation import Elastance, Loop, Vessels
from twinviewer.physics.one_fibre import LEFT, RIGHT, SEPTUM
from twinviewer.physics.pericardium import PRESSURE_MMHG, Sac
from twinviewer.physics.sarcomere import duration_at
from twinviewer.physics.support import support_of
from twinviewer.physics.valves import Valve
from twinviewer.physics.walls import Walls

SEPTAL_SEGMENTS = (2, 3, 8, 9, 14)
RIGHT_OFFSET = 100

# What no patient record gives and no parameter names. Vessel values: Regazzoni 2022 (circulation.py), but for the
# pulmonary vein, whose 0.0015 mmHg s/mL would let the atrium empty backwards with each kick. Atrial elastances are
# those of Regazzoni for filling and of Liang et al., Med Biol Eng Comput 47:743 (2009) for the kick.
VEIN_RESISTANCE, VEIN_COMPLIANCE = 0.3, 11.363
LUNG_VEIN_RESISTANCE, LUNG_VEIN_COMPLIANCE = 0.02, 16.0
ARTERY_INERTANCE, SMALL_INERTANCE = 0.005, 0.0005
LEFT_ATRIUM = (0.12, 0.12, 4.0)
RIGHT_ATRIUM = (0.08, 0.06, 4.0)
# Right atrium 30 ms, left 60 ms after the P wave's start; shortening 110 ms, recovery 140 ms
RIGHT_ATRIUM_START_S, LEFT_ATRIUM_START_S, ATRIAL_RISE_S, ATRIAL_FALL_S = 0.030, 0.060, 0.110, 0.140
# Of the way through the leaflets into a ventricle (Regazzoni's valves), which keeps the early filling wave of a normal
# heart below 1 m/s; the outflow valves have their orifice alone: 3 mmHg mean in a normal heart
INFLOW_RESISTANCE, CLOSED_RESISTANCE = 0.0075, 75006.2
# Beyond an outflow valve stands the characteristic impedance of the artery's root, mmHg s/mL, so that its pressure
# rises with the flow (three-element windkessel: Westerhof et al., Med Biol Eng Comput 47:131, 2009). Aorta about 0.035
# in young adults and more with age (Nichols et al., Circ Res 40:451, 1977); pulmonary artery about 0.015 (Milnor et
# al., Circ Res 25:637, 1969)
ROOT_IMPEDANCE = {"aortic": 0.04, "pulmonary": 0.015}
# Effective areas of normal valves in cm^2: Baumgartner et al., J Am Soc Echocardiogr 22:1 (2009): aortic 3 to 4, mitral
# 4 to 6; tricuspid 7 to 9. None leaks.
VALVE_AREAS_CM2 = {"mitral": 5.0, "aortic": 4.0, "tricuspid": 7.0, "pulmonary": 4.0}
INFLOW = ("mitral", "tricuspid")
# Of the atria when the ventricles are full, as in heartbeat.rest_state
ATRIA_ML = 130.0


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """Patches of a mesh. number (n,): AHA segment, or RIGHT_OFFSET + right segment. wall_of, wall_ml, area_share (n,):
    see heartbeat.Walls. of_tet (m,): patch of each tetrahedron. of_point (points,): patch of each point, -1 off the
    wall."""

    number: NDArray[np.int64]
    wall_of: NDArray[np.int64]
    wall_ml: NDArray[np.float64]
    area_share: NDArray[np.float64]
    of_tet: NDArray[np.int64]
    of_point: NDArray[np.int64]
    tet_ml: NDArray[np.float64]

    def mean(self, mesh: OrganMesh, point_values: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n,) volume-weighted mean of a field of the wall's points over each patch; NaN where it is NaN throughout."""
        corner = np.asarray(point_values, np.float64)[mesh.tets]
        known = np.isfinite(corner)
        count = known.sum(axis=1)  # none in dead tissue
        total = np.where(known, corner, 0.0).sum(axis=1)
        return self.mean_of_cells(np.divide(total, count, out=np.full(len(corner), np.nan), where=count > 0))

    def mean_of_cells(self, cell_values: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n,) volume-weighted mean of a (m,) cell field over each patch, skipping what is not finite."""
        known = np.isfinite(cell_values)
        weight = self.tet_ml * known
        count = len(self.number)
        total = np.bincount(self.of_tet, weights=weight, minlength=count)
        summed = np.bincount(self.of_tet, weights=weight * np.where(known, cell_values, 0.0), minlength=count)
        return np.where(total > 0.0, summed / np.maximum(total, 1e-12), np.nan)


def patches_of(mesh: OrganMesh) -> Patches:
    """The patches that this mesh has. EngineError when it lacks a wall of the three or the segments' fields."""
    missing = {"aha_segment", "rv_segment"} - set(mesh.point_fields)
    if missing:
        raise EngineError(f"the mesh has no {' and no '.join(sorted(missing))}", remedy="Build the model again")
    left = np.asarray(mesh.point_fields["aha_segment"]).astype(np.int64)
    right = np.asarray(mesh.point_fields["rv_segment"]).astype(np.int64)
    label = np.where(left > 0, left, np.where(right > 0, RIGHT_OFFSET + right, 0))
    corner = np.sort(label[mesh.tets], axis=1)
    # the most frequent label of four sorted ones is second or third unless all differ; points without one sort first
    pair = corner[:, 1:] == corner[:, :-1]
    choice = np.where(pair[:, 2], corner[:, 3], np.where(pair[:, 1], corner[:, 2], corner[:, 3]))
    if "chamber" in mesh.cell_fields:
        # at the junction of the walls the cell's own chamber decides
        is_right = np.asarray(mesh.cell_fields["chamber"]) == 2
        left_most = np.where(corner < RIGHT_OFFSET, corner, 0).max(axis=1)
        right_most = np.where(corner >= RIGHT_OFFSET, corner, 0).max(axis=1)
        wrong = (choice >= RIGHT_OFFSET) != is_right
        other = np.where(is_right, right_most, left_most)
        choice = np.where(wrong & (other > 0), other, choice)
    if (choice == 0).any():
        raise EngineError("part of the wall belongs to no segment", where=f"{int((choice == 0).sum())} tetrahedra")
    number, of_tet = np.unique(choice, return_inverse=True)
    corners = mesh.points_mm[mesh.tets].astype(np.float64)
    tet_ml = np.linalg.det(corners[:, 1:] - corners[:, :1]) / 6000.0
    wall_ml = np.bincount(of_tet, weights=tet_ml).astype(np.float64)
    wall_of = np.where(number >= RIGHT_OFFSET, RIGHT, np.where(np.isin(number, SEPTAL_SEGMENTS), SEPTUM, LEFT))
    for wall, name in ((LEFT, "left free wall"), (SEPTUM, "septum"), (RIGHT, "right free wall")):
        if not (wall_of == wall).any():
            raise EngineError(f"the mesh has no {name}", remedy="Check the segmentation of both ventricles")
    # of even thickness within the left wall and within the right one, so that area goes with volume
    share = wall_ml.copy()
    for side in (wall_of != RIGHT, wall_of == RIGHT):
        share[side] /= share[side].sum()
    of_point = np.searchsorted(number, label)
    of_point = np.where((label > 0) & (number[np.minimum(of_point, len(number) - 1)] == label), of_point, -1)
    return Patches(number, wall_of.astype(np.int64), wall_ml, share, of_tet, of_point, tet_ml)


def walls_of(
    mesh: OrganMesh,
    patches: Patches,
    value: Mapping[str, float],
    activation_ms: NDArray[np.floating],
    contractility_scale: NDArray[np.floating] | None = None,
) -> Walls:
    """Walls unloaded so that, relaxed, they hold the mesh's cavities at the assumed filling pressures.

    activation_ms: (points,) or (wall points,). contractility_scale: (m,). A patch that is never excited does not
    contract.
    """
    full = np.full(len(mesh.points_mm), np.nan)
    full[: len(activation_ms)] = activation_ms
    arrival_ms = patches.mean(mesh, full)
    right = patches.wall_of == RIGHT
    contractility = np.where(right, value["contractility_rv_kpa"], value["contractility_lv_kpa"])
    if contractility_scale is not None:
        contractility = contractility * patches.mean_of_cells(contractility_scale)
    contractility = np.where(np.isfinite(arrival_ms), contractility, 0.0)
    walls = Walls(
        wall_of=patches.wall_of,
        wall_ml=patches.wall_ml,
        area_share=patches.area_share,
        activation_s=np.nan_to_num(arrival_ms) / 1000.0,
        contractility_kpa=contractility,
        stiffness_kpa=np.where(right, value["stiffness_rv_kpa"], value["stiffness_lv_kpa"]),
        duration_s=duration_at(value["heart_rate_bpm"]),
        relaxation_s=value["relaxation_ms"] / 1000.0,
    )
    lv_ml, rv_ml = mesh.enclosed_ml("lv_cavity"), mesh.enclosed_ml("rv_cavity")
    lv_mmhg, rv_mmhg = value["lv_filling_pressure_mmhg"], value["rv_filling_pressure_mmhg"]
    sac = sac_of(value, lv_ml + rv_ml + ATRIA_ML)
    outside = min(sac.pressure_mmhg, 0.25 * rv_mmhg, 0.25 * lv_mmhg)
    return replace(walls.unload(lv_ml, rv_ml, lv_mmhg - outside, rv_mmhg - outside), sac=sac)


def sac_of(value: Mapping[str, float], chambers_ml: float) -> Sac:
    """The pericardium of chambers that hold ``chambers_ml`` at end-diastole. EngineError for what is below zero.

    Parameters, where given: pericardium_pressure_mmhg (0: opened), pericardial_fluid_ml (an effusion).
    """
    pressure = value.get("pericardium_pressure_mmhg", PRESSURE_MMHG)
    fluid = value.get("pericardial_fluid_ml", 0.0)
    for name, number in (("pericardium_pressure_mmhg", pressure), ("pericardial_fluid_ml", fluid)):
        if not (math.isfinite(number) and number >= 0.0):
            raise EngineError(f"{name} must not be below zero", where=f"{name} = {number}")
    return Sac(pressure, chambers_ml, fluid)


def valve_of(value: Mapping[str, float], name: str) -> Valve:
    """One of the four valves; parameters <name>_area_cm2 and <name>_leak_cm2 where given. EngineError out of range."""
    area = value.get(f"{name}_area_cm2", VALVE_AREAS_CM2[name])
    leak = value.get(f"{name}_leak_cm2", 0.0)
    if not (math.isfinite(area) and area > 0.0):
        raise EngineError(f"{name}_area_cm2 must be above zero", where=f"{name}_area_cm2 = {area}")
    if not 0.0 <= leak <= area:
        raise EngineError(f"{name}_leak_cm2 must be from 0 to the open area", where=f"{leak} of {area} cm2")
    resistance = INFLOW_RESISTANCE if name in INFLOW else ROOT_IMPEDANCE[name]
    return Valve(resistance, area, CLOSED_RESISTANCE, leak)


def loop_of(value: Mapping[str, float]) -> Loop:
    """The circulation of these parameters. EngineError for a value that is not finite or not above zero.

    Where given: vein_resistance_mmhg_s_ml of the body's veins (as in rest without), valves and machines (valve_of,
    support_of).
    """
    names = (
        "heart_rate_bpm", "systemic_resistance_mmhg_s_ml", "systemic_compliance_ml_mmhg",
        "pulmonary_resistance_mmhg_s_ml", "pulmonary_compliance_ml_mmhg", "stressed_volume_ml",
    )  # fmt: skip
    for name in (*names, *({"vein_resistance_mmhg_s_ml"} & set(value))):
        if not (math.isfinite(value[name]) and value[name] > 0.0):
            raise EngineError(f"{name} must be above zero", where=f"{name} = {value[name]}")
    valve = {name: valve_of(value, name) for name in VALVE_AREAS_CM2}
    return Loop(
        period_s=60.0 / value["heart_rate_bpm"],
        left_atrium=Elastance(*LEFT_ATRIUM, LEFT_ATRIUM_START_S, ATRIAL_RISE_S, ATRIAL_FALL_S),
        right_atrium=Elastance(*RIGHT_ATRIUM, RIGHT_ATRIUM_START_S, ATRIAL_RISE_S, ATRIAL_FALL_S),
        systemic=Vessels(
            value["systemic_resistance_mmhg_s_ml"], value["systemic_compliance_ml_mmhg"], ARTERY_INERTANCE,
            value.get("vein_resistance_mmhg_s_ml", VEIN_RESISTANCE), VEIN_COMPLIANCE, SMALL_INERTANCE,
        ),
        pulmonary=Vessels(
            value["pulmonary_resistance_mmhg_s_ml"], value["pulmonary_compliance_ml_mmhg"], SMALL_INERTANCE,
            LUNG_VEIN_RESISTANCE, LUNG_VEIN_COMPLIANCE, SMALL_INERTANCE,
        ),
        mitral=valve["mitral"],
        aortic=valve["aortic"],
        tricuspid=valve["tricuspid"],
        pulmonic=valve["pulmonary"],
        support=support_of(value),
    )  # fmt: skip
