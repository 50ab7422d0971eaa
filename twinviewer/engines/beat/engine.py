"""One steady beat: excitation, contraction, circulation, motion. Time 0 is the start of the P wave."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twinviewer import __version__
from twinviewer.domain import EngineError, EngineOutput, Field, Frame, Metric, OrganMesh, Progress, Quantity, Setup
from twinviewer.engines.beat.electrical import activate
from twinviewer.engines.beat.mechanics import (
    beating,
    on_points,
    row_at,
    strain_percent,
    thickening_percent,
    traces_of,
    values_of,
    walls_for,
    work_kpa,
)
from twinviewer.engines.beat.metrics import metrics_of
from twinviewer.engines.beat.motion import Course, Pose, poses
from twinviewer.physics.heart_model import RIGHT_OFFSET, Patches, patches_of
from twinviewer.physics.heartbeat import Beat, Walls
from twinviewer.physics.kinematics import MotionField, motion_field

FRAMES = 36
VOLUME_LIMIT, WALL_LIMIT = 0.02, 0.05


class BeatEngine:
    """See :class:`twinviewer.domain.Engine`."""

    name = "beat"
    label = "Electromechanical beat"
    version = __version__
    requires = frozenset(
        {
            "fibre", "chamber", "transmural", "apicobasal", "rotational_rad", "aha_segment", "rv_segment",
            "myocardium", "lv_endocardium", "rv_endocardium", "lv_cavity", "rv_cavity",
        }
    )  # fmt: skip
    understands = frozenset({"stimuli", "heart_rate", "contractility", "resistance", "volume", "conduction"})

    def run(self, setup: Setup) -> EngineOutput:
        """Yield the activation and ECG, then the signals, numbers and frames of one steady beat. Raises EngineError."""
        mesh = setup.mesh
        values_of(setup)  # refuse what is not physical before any kernel sees it
        yield Progress(0.0, "Exciting the wall")
        electrical = activate(setup)
        yield Progress(0.2, "The wall is excited")
        # Maps are read from the first activation of the ventricles, whatever the AV delay.
        first_ms = float(np.nanmin(electrical.activation_ms))
        yield Field("activation_ms", "ms", electrical.activation_ms - first_ms)
        yield from electrical.ecg.values()

        patches, field = _prepared(_ByUid(mesh))
        walls = walls_for(setup, patches, electrical.activation_ms)
        beat: Beat | None = None
        for beat in beating(setup, walls):
            done = 1.0 - np.exp(-beat.beats / 12.0)
            yield Progress(0.2 + 0.35 * float(done), f"Beat {beat.beats}: {100.0 * beat.change:.2f} % from steady")
        assert beat is not None
        yield from traces_of(beat)
        left = patches.number < RIGHT_OFFSET
        work = work_kpa(beat)
        yield Field(
            "work_kpa", "kPa", on_points(mesh, field.left_weight @ work[left], field.right.weight @ work[~left])
        )

        onset_s = first_ms / 1000.0
        rows = np.linspace(0, len(beat.time_s), FRAMES, endpoint=False).astype(int)
        moving = {
            "strain_fibre": strain_percent(beat, onset_s)[rows],
            "strain_wall": thickening_percent(beat, onset_s)[rows],
        }
        pattern = 1.0
        for k, pose in enumerate(poses(field, _course(beat, walls, onset_s, rows))):
            _check(pose, beat, int(rows[k]))
            pattern = min(pattern, pose.pattern)
            fields = {
                name: on_points(mesh, field.left_weight @ values[k, left], field.right.weight @ values[k, ~left])
                for name, values in moving.items()
            }
            yield Frame(float(beat.time_s[rows[k]]), pose.points_mm.astype(np.float32), fields)
            yield Progress(0.55 + 0.44 * (k + 1) / FRAMES, f"Moving the wall: frame {k + 1} of {FRAMES}")

        for name, quantity in electrical.metrics.items():
            yield Metric(name, quantity)
        yield from metrics_of(beat, patches, onset_s, f"{self.name} {self.version}")
        if pattern < 1.0:
            source = "least over the beat: with more of it an element would turn inside out"
            yield Metric("motion_pattern_percent", Quantity(100.0 * pattern, "%", "simulated", source))
        yield Progress(1.0, "One steady beat")


def _course(beat: Beat, walls: Walls, onset_s: float, rows: NDArray[np.integer]) -> Course:
    """What the motion follows. Atria are shown relative to their volume at the first ventricular excitation."""
    start = row_at(beat, onset_s)
    la, ra = beat["la_volume_ml"], beat["ra_volume_ml"]
    return Course(
        lv_ml=beat["lv_volume_ml"][rows],
        rv_ml=beat["rv_volume_ml"][rows],
        la_ratio=la[rows] / la[start],
        ra_ratio=ra[rows] / ra[start],
        area_ratio=(beat.area_cm2 / walls.relaxed_cm2)[rows],
    )


def _check(pose: Pose, beat: Beat, row: int) -> None:
    """The mesh holds what the circulation says, and the wall keeps its volume; else EngineError."""
    at = f"{1000.0 * beat.time_s[row]:.0f} ms"
    for side, enclosed in (("lv", pose.lv_ml), ("rv", pose.rv_ml)):
        wanted = float(beat[f"{side}_volume_ml"][row])
        if abs(enclosed / wanted - 1.0) > VOLUME_LIMIT:
            where = f"{side.upper()} at {at}: {enclosed:.1f} mL for {wanted:.1f} mL"
            raise EngineError("the mesh does not hold the circulation's volume", where=where)
    if abs(pose.wall_ratio - 1.0) > WALL_LIMIT:
        raise EngineError("the wall does not keep its volume", where=f"{100.0 * pose.wall_ratio:.1f} % at {at}")


class _ByUid:
    """A mesh as a key: the same uid and size is the same mesh."""

    def __init__(self, mesh: OrganMesh) -> None:
        self.mesh = mesh
        self.key = (mesh.uid, len(mesh.points_mm), len(mesh.tets))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByUid) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=2)
def _prepared(key: _ByUid) -> tuple[Patches, MotionField]:
    patches = patches_of(key.mesh)
    return patches, motion_field(key.mesh, patches)


ENGINE = BeatEngine()
