"""The demo patient as other injections, scanners and bodies would show it; made once, used by tests and validation."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from tests.segmentation.altered import (
    LEFT,
    RIGHT,
    artery_course,
    cropped,
    lead_course,
    mirrored,
    padded,
    painted,
    patient_turned,
    resampled,
    with_calcium,
    with_lead,
    with_noise,
    with_stent,
)
from twinviewer.domain import LabelMap, Volume
from twinviewer.organs.heart.demo.anatomy import Anatomy, anatomy, demo_labels, label_grid
from twinviewer.organs.heart.demo.render import NOISE_HU, scan_grid
from twinviewer.organs.heart.demo.shape import dilated, healthy

EARLY = {"rv_blood": 400.0, "ra_blood": 450.0, "pulmonary_artery": 380.0, "pulmonary_branches": 380.0,
         "superior_vena_cava": 900.0}  # fmt: skip
AORTA_ONLY = {"aorta": 380.0, "descending_aorta": 380.0, "coronary_arteries": 300.0}


@dataclass(frozen=True, slots=True)
class Case:
    """name: for people. make: spacing in mm -> the scan. expected: words of the refusal, empty where a heart is to be
    found. true_labels: where they are not the demo patient's."""

    name: str
    make: Callable[[float], Volume]
    expected: str = ""
    true_labels: Callable[[float], LabelMap] | None = None


@cache
def heart() -> Anatomy:
    """The demo patient's solids."""
    return anatomy(dilated(2026))


@cache
def plain(spacing_mm: float) -> Volume:
    """The demo patient at end-diastole as it is."""
    return painted(grid=scan_grid(spacing_mm))[0]


@cache
def truth(spacing_mm: float) -> LabelMap:
    """Its true labels on the same grid."""
    return demo_labels(0.0, grid=scan_grid(spacing_mm))


@cache
def healthy_truth(spacing_mm: float) -> LabelMap:
    """True labels of the heart of healthy proportions."""
    grid = scan_grid(spacing_mm)
    data = label_grid(anatomy(healthy()), None, grid, 0.0)[None]
    return replace(truth(spacing_mm), data=data)


def _with(
    hu_of: dict[str, float], mixing: dict[str, float] | None = None, noise_hu: float | None = None
) -> Callable[[float], Volume]:
    return lambda spacing: painted(hu_of, noise_hu, mixing, grid=scan_grid(spacing))[0]


def _all(names: tuple[str, ...], hu: float) -> dict[str, float]:
    return dict.fromkeys(names, hu)


def _plaques() -> np.ndarray:
    return np.concatenate([artery_course(heart(), 0, 5, 60)[::9], artery_course(heart(), 1, 10, 40)[::11]])


def _cut(spacing: float, low: tuple[float, float, float], high: tuple[float, float, float]) -> Volume:
    """Corners as shares of the field of view, i j k."""
    size = np.array(plain(spacing).grid.shape[::-1])
    first, last = (tuple(int(n) for n in np.rint(np.array(part) * size)) for part in (low, high))
    return cropped(plain(spacing), first, last)  # type: ignore[arg-type]


def contrast_cases() -> Iterator[Case]:
    """What an injection and its timing change."""
    yield Case("as it is", plain)
    yield Case("right heart without contrast, 60 HU", _with(_all(RIGHT, 60.0)))
    yield Case("right heart at 125 HU, as bright as muscle", _with(_all(RIGHT, 125.0)))
    yield Case("late: left 175, right 160 HU", _with({**_all(RIGHT, 160.0), **_all(LEFT, 175.0)}))
    yield Case(
        "unmixed veins: vena cava 900 and 50 HU",
        _with(
            {"superior_vena_cava": 900.0, "inferior_vena_cava": 50.0, "ra_blood": 220.0},
            {"ra_blood": 4.0, "rv_blood": 1.5},
        ),
    )
    yield Case("early: right 400, left 60 HU", _with({**_all(LEFT, 60.0), **EARLY}), "Only the right side")
    yield Case(
        "only the aorta opacified",
        _with({**_all(RIGHT, 50.0), **_all(LEFT, 50.0), **AORTA_ONLY}),
        "not in the shape of a heart",
    )
    yield Case("no contrast", _with({**_all(RIGHT, 45.0), **_all(LEFT, 45.0)}), "no heart with contrast")


def material_cases() -> Iterator[Case]:
    """Metal, calcium, noise."""
    yield Case("pacing lead, 2 mm, with streaks", lambda s: with_lead(plain(s), lead_course(heart())))
    yield Case("coronary stent, 22 mm", lambda s: with_stent(plain(s), artery_course(heart(), 0, 12, 22)))
    yield Case("calcified plaques of 4 mm", lambda s: with_calcium(plain(s), _plaques(), 2.0))
    yield Case("noise 60 HU", lambda s: with_noise(plain(s), float(np.sqrt(60.0**2 - NOISE_HU**2))))


def frame_cases() -> Iterator[Case]:
    """How the body lies in the scan, and how much of it is there."""
    yield Case("voxels of 3 mm", lambda s: resampled(plain(s), 3.0))
    yield Case("a crop at 0.75 mm", lambda s: resampled(_cut(s, (0.09, 0.12, 0.12), (0.94, 0.94, 0.90)), 0.75))
    yield Case("large field of view", lambda s: padded(plain(s), (60, 60, 30)))
    yield Case("cut above the mitral valve", lambda s: _cut(s, (0, 0, 0), (1, 1, 0.62)))
    yield Case("apex cut off", lambda s: _cut(s, (0, 0, 0.27), (1, 1, 1)))
    yield Case("side wall cut off", lambda s: _cut(s, (0, 0, 0), (0.72, 1, 1)))
    yield Case("turned 30° about the body's axis", lambda s: patient_turned(plain(s), (0, 0, 30)))
    yield Case("turned −45° about the body's axis", lambda s: patient_turned(plain(s), (0, 0, -45)))
    yield Case("tilted 30° forwards", lambda s: patient_turned(plain(s), (30, 0, 0)))
    yield Case("mirrored (dextrocardia)", lambda s: mirrored(plain(s)), "mirror image")
    yield Case(
        "another heart: healthy proportions",
        lambda s: painted(shape=healthy(), grid=scan_grid(s))[0],
        "",
        healthy_truth,
    )
