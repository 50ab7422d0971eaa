"""What is known of the demo patient without looking at the images."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import LoadError
from twinviewer.organs.heart.demo.anatomy import Anatomy, heart_grid, label_grid
from twinviewer.organs.heart.demo.motion import Beat

MUSCLE_G_ML = 1.05


@dataclass(frozen=True, slots=True)
class DemoTruth:
    """True numbers of the demo patient, from the noise-free solids.

    volumes_ml: structure -> one value a phase; papillary muscles, leaflets and trabeculae count as blood. edv at phase
    0 %, esv the smallest of the phases. landmarks_mm: name -> LPS at end-diastole; axis_lps: unit vector from the left
    ventricle's apex to its base. septum_peak_percent, lateral_peak_percent: when each wall is farthest in.
    """

    seed: int
    rr_s: float
    phase_percent: tuple[float, ...]
    volumes_ml: dict[str, tuple[float, ...]]
    lv_edv_ml: float
    lv_esv_ml: float
    lv_ef_percent: float
    rv_edv_ml: float
    rv_esv_ml: float
    rv_ef_percent: float
    lv_mass_g: float
    rv_mass_g: float
    landmarks_mm: dict[str, tuple[float, float, float]]
    axis_lps: tuple[float, float, float]
    septum_peak_percent: float
    lateral_peak_percent: float

    def write(self, path: Path) -> None:
        """As JSON, numbers rounded to 4 digits after the point."""
        path.write_text(json.dumps(_rounded(asdict(self)), indent=1) + "\n", encoding="utf-8")


def read_truth(path: Path) -> DemoTruth:
    """Read what :meth:`DemoTruth.write` wrote. LoadError if it is not such a file."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        found["phase_percent"] = tuple(found["phase_percent"])
        found["volumes_ml"] = {name: tuple(values) for name, values in found["volumes_ml"].items()}
        found["landmarks_mm"] = {name: tuple(values) for name, values in found["landmarks_mm"].items()}
        found["axis_lps"] = tuple(found["axis_lps"])
        return DemoTruth(**found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LoadError("The truth of the demo patient could not be read", where=Path(path).name) from error


def truth_of(
    heart: Anatomy, phases: NDArray[np.float64], volumes_ml: dict[str, NDArray[np.float64]], seed: int, rr_s: float
) -> DemoTruth:
    """Gather the truth from the rendered volumes and the shape."""
    beat = Beat(heart)
    lv, rv = volumes_ml["lv_blood"], volumes_ml["rv_blood"]
    first = int(np.argmin(np.abs(phases)))
    fine = np.arange(0.0, 100.0, 0.5)
    peak = {wall: float(fine[np.argmax([beat.amount(wall, p) for p in fine])]) for wall in ("septum", "lateral")}
    return DemoTruth(
        seed=seed,
        rr_s=rr_s,
        phase_percent=tuple(map(float, phases)),
        volumes_ml={name: tuple(map(float, values)) for name, values in volumes_ml.items()},
        lv_edv_ml=float(lv[first]),
        lv_esv_ml=float(lv.min()),
        lv_ef_percent=float(100 * (lv[first] - lv.min()) / lv[first]),
        rv_edv_ml=float(rv[first]),
        rv_esv_ml=float(rv.min()),
        rv_ef_percent=float(100 * (rv[first] - rv.min()) / rv[first]),
        lv_mass_g=MUSCLE_G_ML * float(volumes_ml["lv_myocardium"][first]),
        rv_mass_g=MUSCLE_G_ML * float(volumes_ml["rv_myocardium"][first]),
        landmarks_mm={name: (float(p[0]), float(p[1]), float(p[2])) for name, p in landmarks(heart).items()},
        axis_lps=(float(heart.shape.axes[2, 0]), float(heart.shape.axes[2, 1]), float(heart.shape.axes[2, 2])),
        septum_peak_percent=peak["septum"],
        lateral_peak_percent=peak["lateral"],
    )


def landmarks(heart: Anatomy) -> dict[str, NDArray[np.float64]]:
    """(3,) LPS mm of each landmark at end-diastole."""
    shape, places = heart.shape, heart.places
    tip = -shape.lv_length
    outer = tip - shape.apex_wall
    found = {
        "lv_apex": [float(heart.ventricle.bend(np.array(outer))), 0.0, outer],
        "lv_apex_endo": [float(heart.ventricle.bend(np.array(tip))), 0.0, tip],
        "mitral_centre": places.mitral,
        "tricuspid_centre": places.tricuspid,
        "aortic_centre": places.aortic,
        "pulmonary_centre": places.pulmonary,
    }
    points = {name: shape.to_lps(np.array([point]))[0] for name, point in found.items()}
    grid = heart_grid(shape, 3.5)
    cavity = np.argwhere(label_grid(heart, None, grid, 0.0) == 3)
    points["rv_centre"] = grid.to_mm(cavity[:, ::-1].astype(np.float64)).mean(axis=0)
    return points


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(inner) for inner in value]
    return value
