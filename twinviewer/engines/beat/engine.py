"""One steady beat: excitation, contraction, circulation, motion. Time 0 is the start of the P wave."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twinviewer import __version__
from twinviewer.domain import EngineError, EngineOutput, Field, Frame, Metric, OrganMesh, Progress, Quantity, Setup
from twinviewer.engines.beat.electrical import activate
from twinviewer.engines.beat.measured import Kept, keep
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
from twinviewer.engines.beat.motion import Course, poses, settled
from twinviewer.engines.beat.mover import Mover, Pose
from twinviewer.engines.beat.reflex import answered, setup_key
from twinviewer.engines.beat.support import support_traces
from twinviewer.physics.heart_model import RIGHT_OFFSET, Patches, patches_of
from twinviewer.physics.heartbeat import Beat, Walls
from twinviewer.physics.kinematics import MotionField, motion_field

FRAMES = 36
VOLUME_LIMIT, WALL_LIMIT = 0.02, 0.05
MEASURED_WALL_LIMIT = 0.12
"""Contours of two phases do not hold the same muscle to the mL; how far they differ is measured and said."""


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
    understands = frozenset(
        {
            "stimuli", "heart_rate", "contractility", "resistance", "volume", "conduction", "repolarisation", "valves",
            "support",
        }
    )  # fmt: skip

    def run(self, setup: Setup) -> EngineOutput:
        """Yield activation, ECG and their numbers, then the signals and numbers of one steady beat, and last
        the frames: who wants numbers only stops listening there, before any wall is moved. Raises EngineError."""
        mesh = setup.mesh
        values_of(setup)  # refuse what is not physical before any kernel sees it
        setup = yield from answered(setup)
        yield Progress(0.0, "Exciting the wall")
        electrical = activate(setup)
        yield Progress(0.2, "The wall is excited")
        # Maps are read from the first activation of the ventricles, whatever the AV delay.
        first_ms = float(np.nanmin(electrical.activation_ms))
        yield Field("activation_ms", "ms", electrical.activation_ms - first_ms)
        yield Field("recovery_ms", "ms", electrical.recovery_ms - first_ms)
        yield from electrical.ecg.values()
        for name, quantity in electrical.metrics.items():
            yield Metric(name, quantity)
        source = "start of the P wave to the first activation of the ventricles"
        yield Metric("excitation_ms", Quantity(first_ms, "ms", "simulated", source))

        key = _ByUid(mesh)
        patches, field = _prepared(key)
        steady = yield from _contract(setup, patches, electrical.activation_ms, 0.2, 0.55)
        beat, rows, course, onset_s = steady.beat, steady.rows, steady.course, steady.onset_s
        yield from traces_of(beat)
        yield from support_traces(beat)
        yield from metrics_of(beat, patches, onset_s, f"{self.name} {self.version}")
        left = patches.number < RIGHT_OFFSET
        work = work_kpa(beat)
        yield Field(
            "work_kpa", "kPa", on_points(mesh, field.left_weight @ work[left], field.right.weight @ work[~left])
        )
        yield Progress(0.55, "Contracted", only_frames=True)

        moving = {
            "strain_fibre": strain_percent(beat, onset_s)[rows],
            "strain_wall": thickening_percent(beat, onset_s)[rows],
        }
        begun, mover = 0.55, _mover(key)
        if mesh.motion_mm is None:
            posing = poses(mover, course)
        else:
            posing, begun = yield from _as_measured(setup, mover, steady)
        pattern = 1.0
        for k, pose in enumerate(posing):
            _check(pose, beat, int(rows[k]), WALL_LIMIT if mesh.motion_mm is None else MEASURED_WALL_LIMIT)
            pattern = min(pattern, pose.pattern)
            fields = {
                name: on_points(mesh, field.left_weight @ values[k, left], field.right.weight @ values[k, ~left])
                for name, values in moving.items()
            }
            yield Frame(float(beat.time_s[rows[k]]), pose.points_mm.astype(np.float32), fields)
            yield Progress(begun + (0.99 - begun) * (k + 1) / FRAMES, f"Moving the wall: frame {k + 1} of {FRAMES}")

        if pattern < 1.0:
            source = "least over the beat: with more of it an element would turn inside out"
            yield Metric("motion_pattern_percent", Quantity(100.0 * pattern, "%", "simulated", source))
        yield Progress(1.0, "One steady beat")


@dataclass(frozen=True, slots=True, eq=False)
class _Steady:
    """One steady beat. rows: its samples that become frames; onset_s: the first ventricular excitation."""

    beat: Beat
    rows: NDArray[np.integer]
    course: Course
    onset_s: float

    @property
    def phase(self) -> NDArray[np.float64]:
        """(k,) of the beat after the first ventricular excitation, of each frame."""
        return np.asarray((self.beat.time_s[self.rows] - self.onset_s) / self.beat.period_s % 1.0)


def _contract(
    setup: Setup, patches: Patches, activation_ms: NDArray[np.float64], begun: float, done: float
) -> Generator[Progress, None, _Steady]:
    """Beat after beat from rest until steady; progress from ``begun`` to ``done``."""
    walls = walls_for(setup, patches, activation_ms)
    beat: Beat | None = None
    for beat in beating(setup, walls):
        share = 1.0 - float(np.exp(-beat.beats / 4.0))
        text = f"Beat {beat.beats}: {100.0 * beat.change:.2f} % from steady"
        yield Progress(begun + (done - begun) * share, text)
    assert beat is not None
    onset_s = float(np.nanmin(activation_ms)) / 1000.0
    rows = np.linspace(0, len(beat.time_s), FRAMES, endpoint=False).astype(int)
    return _Steady(beat, rows, _course(beat, walls, onset_s, rows), onset_s)


def _as_measured(
    setup: Setup, mover: Mover, steady: _Steady
) -> Generator[Progress, None, tuple[Iterator[Pose], float]]:
    """The poses of a mesh with measured motion (measured.py), and the progress from which they come."""
    baseline = setup.untreated or setup
    key = (setup.mesh.uid, setup_key(baseline))
    kept, begun = _kept.get(key), 0.55
    if kept is None:  # what the images show beyond simulation is read from the baseline
        first, begun = steady, 0.75
        if baseline is not setup:
            yield Progress(0.55, "Simulating the baseline")
            first = yield from _contract(baseline, mover.field.patches, activate(baseline).activation_ms, 0.55, 0.6)
        shown = yield from _posed(mover, first.course, 0.6, begun)
        kept = keep(setup.mesh, shown, first.course, first.phase)
        _kept.clear()
        _kept[key] = kept
    settle, offsets = settled(mover, steady.course), kept

    def then(k: int, points: NDArray[np.float64], pattern: float) -> Pose:
        points[: setup.mesh.wall_points] += offsets.at(float(steady.phase[k]))
        return settle(k, points, pattern)

    return poses(mover, steady.course, then), begun


def _posed(
    mover: Mover, course: Course, begun: float, done: float
) -> Generator[Progress, None, list[NDArray[np.float64]]]:
    """(n, 3) points of all frames of a course as the map gives them."""
    found: list[NDArray[np.float64]] = []
    for pose in poses(mover, course, lambda _, points, pattern: Pose(points, 0.0, 0.0, 1.0, 1.0, pattern)):
        found.append(pose.points_mm)
        yield Progress(
            begun + (done - begun) * len(found) / FRAMES, f"Simulating motion: frame {len(found)} of {FRAMES}"
        )
    return found


_kept: dict[tuple[str, str], Kept] = {}
"""Of the baseline last used: scenarios are tried one after the other on one heart."""


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


def _check(pose: Pose, beat: Beat, row: int, wall_limit: float) -> None:
    """The mesh holds what the circulation says, and the wall keeps its volume; else EngineError."""
    at = f"{1000.0 * beat.time_s[row]:.0f} ms"
    for side, enclosed in (("lv", pose.lv_ml), ("rv", pose.rv_ml)):
        wanted = float(beat[f"{side}_volume_ml"][row])
        if abs(enclosed / wanted - 1.0) > VOLUME_LIMIT:
            where = f"{side.upper()} at {at}: {enclosed:.1f} mL for {wanted:.1f} mL"
            raise EngineError("the mesh does not hold the circulation's volume", where=where)
    if abs(pose.wall_ratio - 1.0) > wall_limit:
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


@lru_cache(maxsize=2)
def _mover(key: _ByUid) -> Mover:
    return Mover.of(_prepared(key)[1])


ENGINE = BeatEngine()
