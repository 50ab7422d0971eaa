"""Where end-diastole and end-systole lie in the beat, and how image phases line up with a simulated beat."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from twinviewer.domain import CineContours, CineStack, LabelMap, Run, Volume
from twinviewer.scene.measured import MeasuredVolumes, beat_of
from twinviewer.session.case import Case, Scenario

LV_VOLUME, LV_BLOOD, LV_CONTOUR, PR = "lv_volume_ml", "lv_blood", "lv_endocardium", "pr_interval_ms"


def run_marks(run: Run) -> tuple[float | None, float | None]:
    """(ED, ES) of a run as fractions of its beat.

    ES is the smallest LV volume; ED the end of the plateau at the largest, where contraction starts.
    """
    trace = run.traces.get(LV_VOLUME)
    if trace is None:
        return None, None
    values = trace.values
    smallest = int(np.argmin(values))
    from_es = np.roll(values, -smallest)
    full = np.flatnonzero(from_es >= values.max() - 0.005 * np.ptp(values))
    largest = (int(full[-1]) + smallest) % len(values)
    ed, es = (float(trace.time_s[index] / run.period_s) % 1.0 for index in (largest, smallest))
    return ed, es


@lru_cache(maxsize=4)
def label_marks(labels: LabelMap) -> tuple[float | None, float | None]:
    """(ED, ES) from the blood that the labels count in each phase."""
    if labels.phases < 2 or LV_BLOOD not in labels.names.values():
        return None, None
    volumes = [labels.volume_ml(LV_BLOOD, phase) for phase in range(labels.phases)]
    percent = labels.phase_percent / 100.0
    return float(percent[int(np.argmax(volumes))] % 1.0), float(percent[int(np.argmin(volumes))] % 1.0)


@lru_cache(maxsize=4)
def contour_marks(contours: CineContours, stack: CineStack) -> tuple[float | None, float | None]:
    """(ED, ES) from the cavity's area, summed over the slices that show it in every frame of the beat."""
    area: dict[int, dict[int, float]] = {}
    for contour in contours.contours:
        if contour.structure == LV_CONTOUR:
            area.setdefault(contour.plane, {})[contour.phase] = contour.area_mm2
    frames = stack.phases
    whole = [found for plane, found in area.items() if len(found) == len(stack.planes[plane].frames) == frames]
    if not whole or frames < 3:
        return None, None
    total = np.array([sum(found[k] for found in whole) for k in range(frames)])
    return float(np.argmax(total) / frames), float(np.argmin(total) / frames)


def marks(
    case: Case, shown: Scenario | None, found: Sequence[MeasuredVolumes] = ()
) -> tuple[float | None, float | None]:
    """(ED, ES) of what plays: the run in view, else the moving mesh, labels or contours; else of gated images the
    trigger as ED. found: the volumes that were measured in the images."""
    if shown is not None and shown.run is not None:
        return run_marks(shown.run)
    if found and len(found[-1].fraction) > 1:
        return found[-1].ed % 1.0, found[-1].es % 1.0
    if case.labels is not None:
        return label_marks(case.labels)
    if case.contours is not None and isinstance(case.image, CineStack):
        return contour_marks(case.contours, case.image)
    gated = isinstance(case.image, CineStack) or (isinstance(case.image, Volume) and case.image.phases > 1)
    return (0.0 if gated else None), None


def r_wave(shown: Scenario | None) -> float:
    """Where in a simulated beat the R wave is, 0..1; 0 where nothing is simulated: measured beats start there."""
    if shown is None or shown.run is None or PR not in shown.setup.parameters:
        return 0.0
    return shown.setup.value(PR) / 1000.0 / shown.run.period_s % 1.0


def period_of(case: Case, shown: Scenario | None) -> tuple[float, bool]:
    """(length of the beat in s, whether anything moves)."""
    if shown is not None and shown.run is not None:
        return shown.run.period_s, True
    image = case.image
    moves = case.mesh is not None and case.mesh.motion_mm is not None
    return beat_of(image), moves or (image is not None and image.phases > 1)


def image_fraction(shown: Scenario | None, fraction: float) -> float:
    """The images' R-R fraction at a fraction of a simulated beat: a run starts at the P wave, R-R at the R wave."""
    return (fraction - r_wave(shown)) % 1.0
