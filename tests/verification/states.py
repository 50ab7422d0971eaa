"""All states of the ventricles on hearts that the program built itself: the demo patient, a CT, a cine MR study."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from tests.verification.pictures import FOLDER, save
from twinviewer.domain import OrganMesh
from twinviewer.session import demo
from twinviewer.session.case import Case
from twinviewer.session.steps import build, choose_series, open_series, scan_folder, segment

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from ecg_features import Reading, found
from electrical_states import ONSET_MS, read_state

ORDER = 37
DATA = Path(os.environ.get("TWINVIEWER_DATA", Path(__file__).parents[3] / "shared" / "data"))
REAL = {
    "CT": ("cta_heart_totalseg/dicom_wrapped_heart_crop", "coronary CT angiography of a patient, one phase"),
    "cine": ("cine_cmr_bivme_patient1/dicom", "cine MR of a patient, the fitted template at end-diastole"),
}
STATES = {
    "normal": "normal conduction",
    "lbbb": "left bundle branch block",
    "rbbb": "right bundle branch block",
    "lafb": "left anterior fascicular block",
    "lpfb": "left posterior fascicular block",
    "lad_extensive": "infarct, LAD",
    "lcx_lateral": "infarct, LCX",
    "rca_inferior": "infarct, RCA",
    "rv_paced": "paced, RV apex",
    "biv_paced": "paced, both ventricles",
}
SHOWN = ("normal", "lbbb", "rbbb", "lafb", "lpfb")
LEADS = (("I", "II", "III", "aVR", "aVL", "aVF"), ("V1", "V2", "V3", "V4", "V5", "V6"))
MM_S, MM_MV = 25.0, 10.0
FIRST_MS, LAST_MS = 0.0, 620.0
INTRODUCTION = """## States of the ventricles, on hearts that the program built
Each heart goes through the program's own pipeline from images to mesh; each state is then activated by the
electrical half of the beat, with the speeds that a baseline has where no QRS was recorded. Infarcts are
transmural in the whole territory; pacing is in complete AV block, the left lead amid segment 11. Features are
those of the AHA/ACCF/HRS recommendations (Surawicz 2009) as `tests/support/ecg_features.py` reads them off the
leads; `tests/engines/test_ecg_states.py` asserts the same functions. Paper: 25 mm/s, 10 mm/mV, a millimetre a
line.

What is not met, and why. An LAD infarct takes the septum's part of the r in V1 and V2 and most of the R in V3
and V4; patients often have QS from V1 on. The r that is left is the right free wall's, 0.3 to 0.5 mV here.
Paced from its apex, a heart that points forwards as the demo's does is crossed from front to back more than
from below. Lead I turns against the right lead where the left one lies in segment 12 (-0.12 mV in the demo),
not in 11. The cine heart's transition lies at V2, and its lead II is near zero. Adults' long axis points 38 ±
10° down (frontal plane) and 46 ± 7° forwards (transverse plane; Engblom et al., Am Heart J 150:507, 2005). The
fascicles' ends (`organs/heart/conduction.py`) were chosen on these hearts among others: the axes of fascicular
block here show that one choice fits them all, and predict nothing."""
ROW_MM, GAP_MM, TOP_MM, FOOT_MM = 25.0, 4.0, 8.0, 6.0
PX_MM = 6.5


def hearts() -> Iterator[tuple[str, str, OrganMesh]]:
    """Name, what it is, and the mesh that the session's pipeline makes of its images."""
    folder = Path(demo.write_demo())
    yield "demo", "the demo patient: synthetic CT", _mesh(demo.demo_images(folder))
    for name, (place, what) in REAL.items():
        if (DATA / place).is_dir():
            yield name, what, _mesh(DATA / place)


def _mesh(folder: Path) -> OrganMesh:
    case = scan_folder(Case(), folder)
    case = build(segment(open_series(case, choose_series(case))))
    assert case.mesh is not None
    return case.mesh


def lies(mesh: OrganMesh) -> str:
    """Where the long axis points, and how thick the right free wall is on average."""
    left, back, up = mesh.landmarks["lv_apex_endo"] - mesh.landmarks["mitral_centre"]
    frontal, transverse = np.degrees(np.arctan2([-up, -back], left))
    corner = mesh.points_mm[mesh.tets[np.asarray(mesh.cell_fields["chamber"]) == 2]]
    volume = np.linalg.det(corner[:, 1:] - corner[:, :1]).sum() / 6.0
    faces = mesh.surfaces["rv_endocardium"]
    faces = faces[(np.asarray(mesh.point_fields["rv_segment"])[faces] > 0).all(axis=1)]
    a, b, c = (mesh.points_mm[faces[:, k]] for k in range(3))
    thick = volume / (0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())
    return f"long axis {frontal:.0f}° down and {transverse:.0f}° forwards, right free wall {thick:.1f} mm"


def readings(mesh: OrganMesh) -> dict[str, Reading]:
    """All states of one heart."""
    return {state: read_state(mesh, state) for state in STATES}


def table(seen: dict[str, Reading]) -> list[str]:
    """Markdown rows: what is measured, and which features are there."""
    lines = [
        "| state | QRS, ms | axis, ° | total activation, ms | features met | not met |",
        "|---|---|---|---|---|---|",
    ]
    for state, label in STATES.items():
        one = seen[state]
        there = found(state, one, seen["rv_paced" if state == "biv_paced" else "normal"])
        met, missed = ([text for text, ok in there.items() if ok is wanted] for wanted in (True, False))
        lines.append(
            f"| {label} | {one.value('qrs_ms'):.0f} | {one.value('qrs_axis_deg'):.0f} | "
            f"{one.value('total_activation_ms'):.0f} | {'; '.join(met) or '–'} | {'; '.join(missed) or '–'} |"
        )
    return lines


def sheet(seen: dict[str, Reading]) -> Figure:
    """Twelve leads of each state of SHOWN on millimetre paper."""
    lead_mm = (LAST_MS - FIRST_MS) / 1000.0 * MM_S
    block_mm = 2 * (lead_mm + GAP_MM) + GAP_MM
    width, height = len(SHOWN) * block_mm, 6 * ROW_MM + TOP_MM + FOOT_MM
    shape = plt.figure(figsize=(width * PX_MM / 100.0, height * PX_MM / 100.0), dpi=100)
    axis = shape.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, width), ylim=(0, height), xticks=[], yticks=[], facecolor="#fffaf7")
    for step, colour, thick in ((1.0, "#f8ddd5", 0.4), (5.0, "#efb9ab", 0.7)):
        axis.vlines(np.arange(0, width, step), 0, height, colour, lw=thick)
        axis.hlines(np.arange(0, height, step), 0, width, colour, lw=thick)
    for k, state in enumerate(SHOWN):
        left = k * block_mm + GAP_MM
        axis.text(left, height - 4.5, STATES[state], fontsize=9, weight="bold")
        for column, names in enumerate(LEADS):
            for row, name in enumerate(names):
                trace = seen[state].beat.ecg[name].values
                moment = np.arange(int(FIRST_MS), int(LAST_MS))
                x = left + column * (lead_mm + GAP_MM) + (moment - FIRST_MS) / 1000.0 * MM_S
                level = height - TOP_MM - ROW_MM * (row + 0.5)
                axis.plot(x, level + MM_MV * (trace[moment] - trace[int(ONSET_MS) - 4]), "k", lw=0.9)
                axis.text(x[0], level + 4.0, name, fontsize=7)
        if k:
            axis.axvline(k * block_mm + 0.5 * GAP_MM, color="#b0b0b0", lw=0.8)
    return shape


def section() -> str:
    """Markdown with a table and a picture for each heart."""
    lines = [INTRODUCTION]
    for name, what, mesh in hearts():
        seen = readings(mesh)
        lines += ["", f"**{name}**: {what}; {len(mesh.tets)} tetrahedra; {lies(mesh)}.", "", *table(seen), ""]
        file = f"states_{name.lower()}"
        lines.append(save(sheet(seen), file, f"Twelve leads of five states, {name}"))
        path = FOLDER / f"verification_{file}.png"
        Image.open(path).convert("RGB").quantize(48).save(path, optimize=True)
    absent = [name for name, (place, _) in REAL.items() if not (DATA / place).is_dir()]
    if absent:
        lines += ["", f"Not run, since TWINVIEWER_DATA lacks them: {', '.join(absent)}."]
    return "\n".join(lines)
