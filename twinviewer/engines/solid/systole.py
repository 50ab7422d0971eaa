"""What the fast kernels say of this setup's systole: pressures, tension and strain by segment, volumes.

The same activation (eikonal) and the same closed loop of one-fibre walls as in the beat engine, found anew from the
setup: engines do not know each other.
"""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError, Progress, Setup
from twinviewer.physics.eikonal import EikonalGrid, combine
from twinviewer.physics.heart_model import RIGHT_OFFSET, Patches, loop_of, patches_of, walls_of
from twinviewer.physics.heartbeat import Beat, Walls, beats, rest_state
from twinviewer.physics.sarcomere import REFERENCE_LENGTH_UM, SERIES_LENGTH_UM, SLACK_LENGTH_UM, passive_stress

Array = NDArray[np.float64]
STEADY, MOST_BEATS = 1e-3, 80
SHORTEST = (SLACK_LENGTH_UM + SERIES_LENGTH_UM) / REFERENCE_LENGTH_UM
"""Stretch at which sarcomeres that no longer shorten cease to pull."""
RETROGRADE_M_S = 1.0
"""See engines/beat/electrical.py: waves that start in muscle run no faster along the endocardium."""


@dataclass(frozen=True, slots=True, eq=False)
class Systole:
    """End of diastole (first excitation of the ventricles) to end of systole (least left volume), after the P wave.

    segment (k,): AHA numbers that the mesh has; tension_kpa (k,): T of an active fibre stress T (λ − SHORTEST) that is
    the patch's at end-systole; full_stretch (k,): λ at end-diastole; strain_percent (k,): shortening of the one-fibre
    patches from end-diastole.
    """

    begin_s: float
    end_s: float
    period_s: float
    lv_mmhg: tuple[float, float]
    rv_mmhg: tuple[float, float]
    lv_ml: tuple[float, float]
    segment: NDArray[np.int64]
    tension_kpa: Array
    full_stretch: Array
    strain_percent: Array


def systole(setup: Setup) -> Generator[Progress, None, Systole]:
    """Excite, then beat until steady. EngineError where nothing excites, or a parameter is missing or not physical."""
    if not setup.stimuli:
        raise EngineError("Nothing excites the ventricles", remedy="Choose a conduction state or add a pacing lead")
    yield Progress(0.01, "Exciting the wall")
    activation = _activation_ms(setup)
    patches = patches_of(setup.mesh)
    value = {name: quantity.value for name, quantity in setup.parameters.items()}
    try:
        scale = setup.tissue.get("contractility_scale")
        factor = None if scale is None else np.asarray(scale, np.float64)
        walls = walls_of(setup.mesh, patches, value, activation, factor)
        loop = loop_of(value)
        start = rest_state(
            walls,
            loop,
            setup.mesh.enclosed_ml("lv_cavity"),
            setup.mesh.enclosed_ml("rv_cavity"),
            value["stressed_volume_ml"],
        )
    except KeyError as error:
        raise EngineError(f"the setup has no {error.args[0]}", remedy="Prepare the baseline again") from error
    beat: Beat | None = None
    for beat in beats(walls, loop, start, STEADY, MOST_BEATS):
        yield Progress(0.03, f"Circulation: beat {beat.beats}")
    assert beat is not None
    return _read(beat, walls, patches, float(np.nanmin(activation)) / 1000.0)


def _read(beat: Beat, walls: Walls, patches: Patches, onset_s: float) -> Systole:
    begin = int(np.searchsorted(beat.time_s, onset_s % beat.period_s)) % len(beat.time_s)
    end = int(np.argmin(beat["lv_volume_ml"]))
    left = patches.number < RIGHT_OFFSET
    strain, total = beat.strain[end], beat.stress_kpa[end]
    passive = walls.stiffness_kpa * np.array([passive_stress(float(one))[0] for one in strain])
    tension = np.maximum(total - passive, 0.0) / np.maximum(np.exp(strain) - SHORTEST, 0.02)

    def both(name: str) -> tuple[float, float]:
        return float(beat[name][begin]), float(beat[name][end])

    return Systole(
        begin_s=float(beat.time_s[begin]),
        end_s=float(beat.time_s[end]),
        period_s=beat.period_s,
        lv_mmhg=both("lv_pressure_mmhg"),
        rv_mmhg=both("rv_pressure_mmhg"),
        lv_ml=both("lv_volume_ml"),
        segment=patches.number[left],
        tension_kpa=tension[left],
        full_stretch=np.exp(beat.strain[begin])[left],
        strain_percent=100.0 * (np.exp(strain - beat.strain[begin])[left] - 1.0),
    )


def _activation_ms(setup: Setup) -> Array:
    """(n,) earliest excitation after the start of P; NaN off the wall and in dead tissue."""
    mesh = setup.mesh
    layer = [mesh.surfaces[name] for name in ("lv_endocardium", "rv_endocardium") if name in mesh.surfaces]
    grid = EikonalGrid.build(mesh.points_mm, mesh.tets, np.concatenate(layer) if layer else None)
    fast = setup.value("conduction_endocardial_m_s")
    waves = []
    for purkinje, speed in ((True, fast), (False, min(fast, RETROGRADE_M_S))):
        own = [s for s in setup.stimuli if (s.layer == "purkinje") == purkinje]
        if not own:
            continue
        medium = grid.medium(
            mesh.cell_fields["fibre"],
            setup.value("conduction_fibre_m_s"),
            setup.value("conduction_cross_m_s"),
            scale=setup.tissue.get("conduction_scale"),
            layer_nodes=np.asarray(setup.tissue["fast_layer"]) > 0.5 if "fast_layer" in setup.tissue else None,
            layer_speed_m_s=speed,
        )
        waves.append(medium.activation_ms([s.node for s in own], [s.time_ms for s in own]))
    return np.asarray(combine(waves, [0.0] * len(waves)), np.float64)
