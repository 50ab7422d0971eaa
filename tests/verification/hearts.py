"""Hearts that a cardiologist knows, made of typed numbers: do they beat as such hearts do?"""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.collections import PatchCollection
from matplotlib.patches import Wedge
from numpy.typing import NDArray

from tests.verification.pictures import FOLDER, figure, save
from twinviewer.domain import ParameterValue, Run
from twinviewer.engines import beat
from twinviewer.session.case import Case
from twinviewer.session.from_numbers import make_typed
from twinviewer.session.scenarios import prepare
from twinviewer.session.segments import by_segment
from twinviewer.session.simulate import collect

ORDER = 60

Values = dict[str, ParameterValue]
HEARTS: dict[str, tuple[Values, Values]] = {
    "healthy": ({"lv_edv_ml": 145, "lv_esv_ml": 59, "wall_mm": 6}, {"heart_rate_bpm": 65}),
    "dilated": ({"lv_edv_ml": 260, "lv_esv_ml": 182, "wall_mm": 7}, {"heart_rate_bpm": 80, "systolic_mmhg": 110}),
    "hypertrophic": ({"lv_edv_ml": 115, "lv_esv_ml": 37, "wall_mm": 12}, {"systolic_mmhg": 135}),
    "infarct, anterior": (
        {"lv_edv_ml": 180, "lv_esv_ml": 106, "wall_mm": 6},
        {"scar_territory": "lad_anteroseptal", "heart_rate_bpm": 75},
    ),
    "left bundle branch block": (
        {"lv_edv_ml": 200, "lv_esv_ml": 130, "wall_mm": 6.5},
        {"conduction": "lbbb", "heart_rate_bpm": 72},
    ),
}
"""Name -> (numbers typed, settings of the baseline)."""
COLOURS = ("#2b7a4b", "#b5542c", "#7a4bb5", "#8a6d00", "#2c6db5")

ROWS = (
    ("lv_edv_ml", "LV EDV, mL", "88–218", "Petersen 2017, women and men, ± 2 SD"),
    ("lv_ef_percent", "LV EF, %", "50–70", "Petersen 2017"),
    ("lv_systolic_mmhg", "LV peak, mmHg", "90–140", "Kovacs 2009; ESC 2021"),
    ("lv_end_diastolic_mmhg", "LV EDP, mmHg", "3–12", "Braunwald's Heart Disease"),
    ("mean_left_atrial_mmhg", "LA mean, mmHg", "2–12", "Braunwald's Heart Disease"),
    ("lv_dpdt_max_mmhg_s", "dP/dt max, mmHg/s", "1000–2000", "Grossman: 1670 ± 320"),
    ("ejection_time_ms", "ejection time, ms", "274–314 at 70 bpm", "Weissler 1968"),
    ("cardiac_output_l_min", "output, L/min", "4–8", "Braunwald's Heart Disease"),
    ("rv_systolic_mmhg", "RV peak, mmHg", "15–30", "Braunwald's Heart Disease"),
    ("mean_pulmonary_mmhg", "PA mean, mmHg", "8–20", "Kovacs 2009: 14 ± 3"),
    ("mean_right_atrial_mmhg", "RA mean, mmHg", "1–7", "Braunwald's Heart Disease"),
    ("qrs_ms", "QRS, ms", "70–110", "AHA/ACCF/HRS 2009"),
    ("septal_work_kpa", "septal work, kPa", "–", "least in left bundle branch block"),
    ("lateral_work_kpa", "lateral work, kPa", "–", ""),
)


def simulated(numbers: Values, settings: Values) -> tuple[Case, Run]:
    """The model of these numbers and its beat."""
    case = prepare(make_typed(Case(), numbers), settings)
    assert case.baseline is not None
    return case, collect(beat.ENGINE, case.baseline.setup)


NAMES = {"activation_ms": "activation, ms", "strain_fibre": "fibre strain at ES, %", "work_kpa": "work, kPa"}


def maps_of(case: Case, run: Run) -> dict[str, NDArray[np.float64]]:
    """(17,) of each AHA segment: activation, work, and fibre shortening at the smallest left volume."""
    assert case.mesh is not None
    found = by_segment(run, np.asarray(case.mesh.point_fields["aha_segment"]))
    return {NAMES[name]: values for name, values in found.items()}


def bullseye(axis: plt.Axes, values: NDArray[np.float64], low: float, high: float, colours: str) -> None:
    """AHA 17 segments: 6 basal, 6 mid, 4 apical, the apex; segment 1 anterior, at the top, then counter-clockwise."""
    rings = ((6, 1.0, 60.0, 0), (6, 0.72, 60.0, 6), (4, 0.44, 45.0, 12))
    shapes = [
        Wedge((0, 0), outer, start + k * 360 / count, start + (k + 1) * 360 / count, width=0.28)
        for count, outer, start, _ in rings
        for k in range(count)
    ]
    shapes.append(Wedge((0, 0), 0.16, 0, 360))
    drawn = PatchCollection(shapes, cmap=colours, edgecolor="white", linewidth=0.8)
    drawn.set_array(values)
    drawn.set_clim(low, high)
    axis.add_collection(drawn)
    for count, outer, start, first in rings:
        for k in range(count):
            turn = np.radians(start + (k + 0.5) * 360 / count)
            radius = outer - 0.14
            axis.text(radius * np.cos(turn), radius * np.sin(turn), f"{values[first + k]:.0f}", ha="center",
                      va="center", fontsize=6)  # fmt: skip
    axis.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), aspect="equal")
    axis.axis("off")


def section() -> str:
    """Markdown with a table, the loops and the bullseyes."""
    found = {name: simulated(*asked) for name, asked in HEARTS.items()}
    shape, (axis,) = figure()
    for (name, (_, run)), colour in zip(found.items(), COLOURS, strict=True):
        volume, pressure = run.traces["lv_volume_ml"].values, run.traces["lv_pressure_mmhg"].values
        axis.plot(np.append(volume, volume[0]), np.append(pressure, pressure[0]), color=colour, label=name)
    axis.set(xlabel="LV volume, mL", ylabel="LV pressure, mmHg")
    axis.legend(fontsize=7)
    loops = save(shape, "hearts_loops", "Pressure-volume loops of five hearts")

    maps = {name: maps_of(case, run) for name, (case, run) in found.items()}
    wanted = {"activation, ms": (0.0, 160.0, "turbo_r"), "fibre strain at ES, %": (-20.0, 5.0, "viridis_r"),
              "work, kPa": (-20.0, 20.0, "RdBu_r")}  # fmt: skip
    shape, axes = plt.subplots(len(wanted), len(maps), figsize=(11, 7), dpi=100, layout="constrained")
    for column, (name, values) in enumerate(maps.items()):
        axes[0, column].set_title(name, fontsize=9)
        for row, (what, (low, high, colours)) in enumerate(wanted.items()):
            bullseye(axes[row, column], values[what], low, high, colours)
            if column == 0:
                axes[row, column].text(-1.25, 0, what, rotation=90, va="center", ha="center", fontsize=9)
    FOLDER.mkdir(parents=True, exist_ok=True)
    eyes = save(shape, "hearts_bullseyes", "Activation, strain and work by AHA segment of five hearts")

    lines = [
        "## Hearts of textbooks",
        "Models of typed numbers (`run --typed`), fitted to their volumes and pressures, then left to beat. What was",
        "typed is marked by *; all else the simulation says. Normal ranges beside; sources in the last column.",
        "",
        f"| | {' | '.join(found)} | normal | source |",
        f"|---|{'---|' * len(found)}---|---|",
    ]
    for metric, label, normal, source in ROWS:
        cells = [f"{run.metrics[metric].value:.{1 if 'work' in metric else 0}f}" if metric in run.metrics else "–"
                 for _, run in found.values()]  # fmt: skip
        star = "*" if metric in ("lv_edv_ml", "lv_ef_percent") else ""
        lines.append(f"| {label}{star} | {' | '.join(cells)} | {normal} | {source} |")
    return "\n".join([*lines, "", loops, "", eyes])
