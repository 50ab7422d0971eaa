"""Single cells against independent code of the same equations, and against published values."""

import numpy as np

from tests.physics.test_cells_nversion import CASES, cell, reference
from tests.verification.pictures import figure, save
from twinviewer.physics.cells.ohara_cipa import OHaraCiPA
from twinviewer.physics.cells.pacing import pace
from twinviewer.physics.cells.phenomenological import BuenoOrovio, MitchellSchaeffer
from twinviewer.physics.cells.tentusscher import TenTusscher

ORDER = 30
BEATS = (1, 30)
NAMES = {"tusscher": "TT06", "ohara": "O'Hara–CiPA", "bueno": "Bueno-Orovio", "mitchell": "Mitchell–Schaeffer"}
FROM = """1000 ms, the same initial states and stimulus. References: TT06 by gotranx 2.9 from the CellML model of the
epicardium (for endo and mid its conductances, and the endocardial s gate, exchanged by hand), LSODA 1e-8; O'Hara–CiPA
by myokit 1.39 from the model of its repository (rewritten without units), CVODES 1e-9; Bueno-Orovio and
Mitchell–Schaeffer by the equations of the finitewave model packages 0.6, Runge–Kutta 4 at 2 µs. Voltage: root of the
mean square over 600 ms. Tolerance: 1 % (calcium 2 %)."""


def _difference(here: float, there: float) -> str:
    return f"{100.0 * (here / there - 1.0):+.2f} %"


def _independent() -> list[str]:
    """Rows of the comparison with independent code, and the picture of it."""
    rows, (shape, axes) = [], figure(2)
    for name, layer in CASES:
        for beat in BEATS:
            paced = pace(cell(name, layer), 1000.0, beat)
            expected, trace = reference(name, layer, beat)
            apart = np.interp(trace[:, 0], paced.time_ms, paced.voltage_mv) - trace[:, 1]
            apd90, told = float(paced.apd90_ms[-1]), expected["apd90_ms"]
            calcium = expected.get("calcium_um")
            rows.append(
                f"| {NAMES[name]} {layer} | {beat} | {apd90:.1f} | {told:.1f} | "
                f"{_difference(apd90, told)} | {paced.peak_mv[-1]:.1f} / {expected['peak_mv']:.1f} | "
                f"{paced.rest_mv[-1]:.2f} / {expected['rest_mv']:.2f} | {np.sqrt(np.mean(apart**2)):.2f} | "
                f"{_difference(float(paced.calcium_um.max()), calcium) if calcium else ''} |"
            )
            if beat == BEATS[-1] and name in ("tusscher", "ohara"):
                axis = axes[0 if name == "tusscher" else 1]
                line = axis.plot(paced.time_ms, paced.voltage_mv, label=f"{NAMES[name]} {layer}, beat {beat}")
                axis.plot(trace[::2, 0], trace[::2, 1], "o", ms=2.5, color=line[0].get_color())
    for axis in axes:
        axis.set_xlabel("time, ms")
        axis.set_ylabel("voltage, mV; dots: independent code")
        axis.legend(fontsize=7)
        axis.set_xlim(-10.0, 500.0)
    return [
        FROM,
        "",
        "| cell | beat | APD90 here, ms | reference | difference | peak, mV | rest, mV | voltage apart, mV | calcium |",
        "|---|---|---|---|---|---|---|---|---|",
        *rows,
        "",
        save(shape, "cells", "Action potentials by layer, and those of independent code"),
    ]


def _halved() -> list[str]:
    """What halving the step changes, cell by cell."""
    cells = (TenTusscher("epi"), OHaraCiPA("endo"), BuenoOrovio("epi"), MitchellSchaeffer())
    rows = []
    for name, one in zip(NAMES.values(), cells, strict=True):
        whole, half = pace(one, 1000.0, 30), pace(one, 1000.0, 30, step_scale=0.5)
        rows.append(f"| {name} | {_difference(half.apd90_ms[-1], whole.apd90_ms[-1])} |")
    return ["| cell | half the step: APD90 at beat 30 |", "|---|---|", *rows]


def section() -> str:
    """Layers and beats beside independent code, halved steps, the published CiPA model."""
    ohara = pace(OHaraCiPA(), 2000.0, 60)
    published = [
        f"| {what} | {here:.4g} | {there:.4g} | {_difference(here, there)} |"
        for what, here, there in (
            ("APD90, ms (there to a millisecond)", ohara.apd90_ms[-1], 290.0),
            ("qNet, µC/µF", ohara.qnet_uc_uf[-1], 0.0697),
            ("peak, mV", ohara.peak_mv[-1], 41.7),
        )
    ]
    return "\n".join(
        [
            "## Cells: against independent code",
            "",
            *_independent(),
            "",
            *_halved(),
            "",
            "O'Hara–CiPA endo, 2000 ms, beat 60, against the C model that the FDA published:",
            "",
            "| what | here | published model | difference |",
            "|---|---|---|---|",
            *published,
        ]
    )
