"""Reaction and diffusion: the N-version slab over the grid's width, speed of fronts by direction, order."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.physics.test_monodomain import MS, diffusion_error, speed_along
from tests.physics.test_monodomain_niederer import CONVERGED_MS, POINTS_MM, slab_times
from tests.verification.pictures import figure, save
from twinviewer.physics.cells.phenomenological import BuenoOrovio
from twinviewer.physics.cells.tentusscher import TenTusscher
from twinviewer.physics.monodomain.correction import speed_law

ORDER = 30
CORRECTED = (0.5, 1.0 / 3.0, 0.25, 0.2, 0.125)
PLAIN = (0.5, 1.0 / 3.0, 0.25, 0.2)
FRONTS = (
    ((1, 0, 0), (1, 0, 0)), ((0, 1, 0), (1, 0, 0)), ((1, 1, 0), (1, 1, 0)), ((1, 1, 0), (1, -1, 0)),
    ((1, 2, 0), (1, 0, 0)), ((1, 2, 0), (2, -1, 0)),
)  # fmt: skip
DATA = Path(os.environ.get("TWINVIEWER_DATA", Path(__file__).parents[3] / "shared" / "data"))
CHASTE = DATA / "reference" / "niederer2011_chaste_h0.5mm_dt0.01ms.dat"


def row(name: str, times: NDArray[np.float64]) -> str:
    """A line of the table with the largest deviation over P2 … P9."""
    shown = " | ".join("–" if np.isnan(t) else f"{t:.1f}" for t in times)
    off = np.abs(times[1:] / CONVERGED_MS[1:] - 1.0)
    worst = "not reached" if np.isnan(off).any() else f"{100.0 * off.max():.1f} %"
    return f"| {name} | {shown} | {worst} |"


def slab() -> list[str]:
    """Table and picture of the N-version slab."""
    corrected = {h: slab_times(h) for h in CORRECTED}
    plain = {h: slab_times(h, corrected=False) for h in PLAIN}
    shape, axes = figure(2)
    for axis, point in zip(axes, (7, 8), strict=True):
        axis.plot(list(corrected), [t[point] for t in corrected.values()], "o-", label="corrected D")
        axis.plot(list(plain), [t[point] for t in plain.values()], "s--", label="D as it is")
        axis.axhline(CONVERGED_MS[point], color="k", lw=1, label="extrapolated")
        axis.axhspan(0.95 * CONVERGED_MS[point], 1.05 * CONVERGED_MS[point], color="k", alpha=0.1, label="± 5 %")
        axis.set_xlabel("width of a cell, mm")
        axis.set_ylabel(f"activation of P{point + 1}, ms")
        axis.set_ylim(0.8 * CONVERGED_MS[point], 1.7 * CONVERGED_MS[point])
    axes[0].legend(fontsize=8)
    picture = save(shape, "monodomain", "Activation of P8 and P9 of the N-version slab against the width of a cell")
    lines = [
        "Slab of 20 × 7 × 3 mm (Niederer et al., Phil Trans R Soc A 369:4331, 2011), ten Tusscher epicardium, step",
        "0.02 ms, times in ms of the first crossing of 0 mV. Tolerance: P1 … P9 within 5 % at a usable width.",
        "",
        "| cell | P1 | P2 | P3 | P4 | P5 | P6 | P7 | P8 | P9 | worst of P2 … P9 |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        *(row(f"{h:.3g} mm", times) for h, times in corrected.items()),
        row("extrapolated", CONVERGED_MS),
        *(row(f"{h:.3g} mm, D as it is", times) for h, times in plain.items()),
    ]
    if CHASTE.exists():
        k, j, i = np.rint(POINTS_MM[:, ::-1] / 0.5).astype(int).T
        lines.append(row("Chaste, 0.5 mm (published)", np.loadtxt(CHASTE).reshape(7, 15, 41)[k, j, i]))
    return [*lines, "", picture]


def fronts() -> list[str]:
    """Table of speeds by direction."""
    ten = TenTusscher()
    bueno = BuenoOrovio()
    law, heart = speed_law(MS, 0.05), speed_law(bueno, 0.04)
    cases = (
        ("ten Tusscher, slab's σ (0.61, 0.22 m/s)", ten, 0.25, 0.0953, 0.01258, 16.0),
        ("ten Tusscher, slab's σ", ten, 0.5, 0.0953, 0.01258, 16.0),
        ("Bueno-Orovio, 0.6 and 0.3 m/s", bueno, 0.5, heart.diffusivity(0.6), heart.diffusivity(0.3), 20.0),
        ("Mitchell–Schaeffer, 0.6 and 0.3 m/s", MS, 0.5, law.diffusivity(0.6), law.diffusivity(0.3), 30.0),
        ("Mitchell–Schaeffer, 0.6 and 0.3 m/s", MS, 1.0, law.diffusivity(0.6), law.diffusivity(0.3), 44.0),
    )
    head = " | ".join(f"normal {n[:2]}, fibre {f[:2]}" for n, f in FRONTS)
    lines = [
        "Plane fronts through a sheet: error of the speed against c₁ √(nᵀDn), c₁ extrapolated from cables, by the",
        "directions of front and fibre in the grid. Fibres halfway between an axis and a diagonal are the worst case.",
        "",
        f"| cell | width | {head} |",
        "|---|---|" + "---|" * len(FRONTS),
    ]
    for name, cell, h, along, across, side in cases:
        errors = []
        for normal, fibre in FRONTS:
            f = np.array(fibre) / np.linalg.norm(fibre)
            found, true = speed_along(normal, f, cell, h, along, across, side)
            errors.append(f"{100.0 * (found / true - 1.0):+.1f} %")
        lines.append(f"| {name} | {h:g} mm | {' | '.join(errors)} |")
    return lines


def diffusion() -> list[str]:
    """Order of diffusion with fibres in no direction of the grid."""
    widths = (1.0, 0.5, 0.25)
    errors = [diffusion_error((3, 2, 1), h) for h in widths]
    orders = [np.log(a / b) / np.log(2.0) for a, b in zip(errors[:-1], errors[1:], strict=True)]
    shown = ", ".join(f"{h:g} mm {100.0 * e:.2f} %" for h, e in zip(widths, errors, strict=True))
    return [
        "Spreading Gaussian, D 0.1 along and 0.02 mm²/ms across fibres along (3, 2, 1), 12 ms: relative L2 error",
        f"{shown}; order {', '.join(f'{order:.2f}' for order in orders)}.",
    ]


def section() -> str:
    """All three, a few minutes on one core."""
    return "\n".join(["## Reaction and diffusion", "", *slab(), "", *fronts(), "", *diffusion(), ""])
