"""How well a mesh follows a CT: ``python -m tests.validation.ct_motion`` (from the repository's root), ``--write`` for
the page.

The demo patient is scanned, segmented, meshed and carried through the beat as in the program; where every point of the
wall truly goes is known (tests/support/true_motion.py). The same with fewer, more and unevenly spread phases, thicker
slices, other voxels and another heart. About ten minutes.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import matplotlib
import numpy as np
from matplotlib import pyplot as plt

from tests.conftest import ROOT
from tests.support.true_motion import TrueMotion
from twinviewer.domain import Grid, LabelMap, MeshError, OrganMesh, Quantity, SegmentationError, Volume, silent
from twinviewer.geometry.quality import dihedral_range_deg
from twinviewer.organs.heart.build import build, reference_phase
from twinviewer.organs.heart.demo.render import render, scan_grid
from twinviewer.organs.heart.demo.shape import healthy
from twinviewer.organs.heart.motion.ct import with_motion
from twinviewer.organs.heart.motion.ct_measures import measure_ct
from twinviewer.organs.heart.motion.curves import MotionCurves, motion_curves
from twinviewer.organs.heart.motion.measures import measure_motion
from twinviewer.organs.heart.segment import segment

matplotlib.use("Agg")
PAGE = ROOT / "docs" / "validation.md"
PICTURE = ROOT / "docs" / "pictures" / "validation_ct_motion.png"
BEGIN, END = "<!-- ct motion: made by python -m tests.validation.ct_motion --write -->", "<!-- ct motion: end -->"
SEED, RR_S = 2026, 60.0 / 72.0
TEN = tuple(float(p) for p in range(0, 100, 10))
MEAN_MM, EF_POINTS = 1.5, 2.0
SAID = {
    "lv_gls_percent": "global longitudinal strain, %",
    "lv_gcs_percent": "global circumferential strain, %",
    "lv_endo_gcs_percent": "the same of the endocardium, %",
    "lv_grs_percent": "global radial strain, %",
    "lv_wall_thickening_percent": "thickening, %",
    "lv_septal_thickening_percent": "thickening of the septum, %",
    "lv_lateral_thickening_percent": "thickening of the lateral wall, %",
    "rv_free_wall_ls_percent": "longitudinal strain of the right free wall, %",
    "mapse_mm": "MAPSE, mm",
    "tapse_mm": "TAPSE, mm",
    "lv_peak_ejection_ml_s": "LV peak ejection, mL/s",
    "lv_peak_filling_ml_s": "LV peak early filling, mL/s",
}


@dataclass(frozen=True)
class Scan:
    """One scan of one heart."""

    name: str
    truth: TrueMotion
    percent: tuple[float, ...] = TEN
    spacing_mm: tuple[float, float, float] = (1.5, 1.5, 1.5)
    noise_hu: float = 0.0
    with_image: bool = True


@dataclass(frozen=True, eq=False)
class Line:
    """What came of it. off_mm: (t, wall points); still_mm: the same had the mesh stood still."""

    scan: Scan
    volume: Volume
    labels: LabelMap
    mesh: OrganMesh
    true_mm: np.ndarray
    off_mm: np.ndarray
    still_mm: np.ndarray
    true_lv_ml: np.ndarray
    seconds: float


def scans() -> Iterator[Scan]:
    """The demo patient as it is, and changed as other scanners and protocols would have it."""
    demo = TrueMotion(SEED)
    yield Scan("as it is (10 phases)", demo)
    yield Scan("labels alone, without their image", demo, with_image=False)
    yield Scan("another patient of the same kind", TrueMotion(7))
    yield Scan("30 to 80 % of R-R only", demo, (30.0, 40.0, 50.0, 60.0, 70.0, 80.0))
    yield Scan("slices of 3 mm", demo, spacing_mm=(1.5, 1.5, 3.0))
    yield Scan("a heart of healthy shape", TrueMotion(shape=healthy()))
    yield Scan("5 phases", demo, (0.0, 20.0, 40.0, 60.0, 80.0))
    yield Scan("20 phases", demo, tuple(float(p) for p in range(0, 100, 5)))
    yield Scan("noise of 30 HU on top", demo, noise_hu=30.0)


def image_of(scan: Scan) -> tuple[Volume, np.ndarray]:
    """The CT, and the left ventricle's true volume in mL, one a phase."""
    fine = scan_grid(1.5)
    affine = fine.affine.copy()
    affine[:3, :3] = np.diag(scan.spacing_mm)
    k, j, i = (round(n * 1.5 / s) for n, s in zip(fine.shape, scan.spacing_mm[::-1], strict=True))
    grid = Grid((k, j, i), affine)
    seen = render(scan.truth.heart, np.array(scan.percent), grid, SEED)
    hu = seen.hu
    if scan.noise_hu:
        hu = np.clip(hu + np.random.default_rng(SEED).normal(0.0, scan.noise_hu, hu.shape), -1024, 3071).astype(
            np.int16
        )
    image = Volume(hu, grid, "CT", np.array(scan.percent), RR_S, scan.name)
    return image, seen.volumes_ml["lv_blood"]


def measured(scan: Scan) -> Line:
    """Segment, mesh, carry, and compare."""
    volume, lv_ml = image_of(scan)
    labels = segment(volume, silent)
    reference = reference_phase(labels)
    mesh = build(labels)
    start = time.perf_counter()
    moving = with_motion(mesh, labels, volume if scan.with_image else None, reference)
    seconds = time.perf_counter() - start
    if moving.motion_mm is None or moving.motion_fraction is None:
        raise MeshError("; ".join(moving.notes))
    order = np.argsort(np.array(scan.percent) % 100.0)
    percent = [scan.percent[k] for k in order]
    true = scan.truth.positions(mesh.points_mm, percent, scan.percent[reference])
    wall = mesh.wall_points
    off = np.linalg.norm(moving.motion_mm[:, :wall] - true[:, :wall], axis=2)
    still = np.linalg.norm(mesh.points_mm[:wall] - true[:, :wall], axis=2)
    return Line(scan, volume, labels, moving, true, off, still, lv_ml[order], seconds)


def row(line: Line) -> str:
    """Markdown; what is out of target is bold."""
    mesh = line.mesh
    assert mesh.motion_mm is not None
    seen = np.delete(line.off_mm, mesh.rest_frame, axis=0)
    sides = [np.unique(mesh.tets[mesh.cell_fields["chamber"] == value]) for value in (1, 2)]
    lv = np.array([mesh.enclosed_ml("lv_cavity", frame) for frame in mesh.motion_mm])
    ef, true_ef = (100.0 * (1.0 - ml.min() / ml.max()) for ml in (lv, line.true_lv_ml))
    wall = np.array([mesh.wall_ml(frame) for frame in mesh.motion_mm]) / mesh.wall_ml() - 1.0
    flattest = min(float(dihedral_range_deg(f.astype(np.float64), mesh.tets)[0].min()) for f in mesh.motion_mm)

    def bold(text: str, out: bool) -> str:
        return f"**{text}**" if out else text

    mean = float(np.nanmean(line.off_mm))
    cells = (
        line.scan.name,
        f"{np.nanmean(line.still_mm):.2f}",
        bold(f"{mean:.2f}", mean > MEAN_MM),
        f"{np.nanmean(seen):.2f}",
        f"{np.nanquantile(seen, 0.95):.2f}",
        " / ".join(f"{np.nanmean(seen[:, side]):.2f}" for side in sides),
        f"{np.nanmean(line.off_mm[int(np.argmin(lv))]):.2f}",
        bold(f"{ef:.1f} ({true_ef:.1f})", abs(ef - true_ef) > EF_POINTS),
        f"{100.0 * wall[np.argmax(np.abs(wall))]:+.1f} %",
        f"{flattest:.0f}°",
        f"{line.seconds:.0f} s",
    )
    return "| " + " | ".join(cells) + " |"


def numbers(line: Line) -> list[str]:
    """What is measured of the demo patient's motion beside the same of the same mesh moved as its tissue truly goes."""
    found = measure_ct(line.labels, line.mesh, line.volume)
    exact = measure_motion(replace(line.mesh, motion_mm=np.nan_to_num(line.true_mm).astype(np.float32)), RR_S)
    rows = ["| | measured | interval | true | |", "|---|---|---|---|---|"]
    for name, text in SAID.items():
        one, true = found[name], exact[name].value
        inside = one.low is not None and one.high is not None and one.low <= true <= one.high
        rows.append(f"| {text} | {one.value:.1f} | {_span(one)} | {true:.1f} | {'' if inside else '**outside**'} |")
    return rows


def _span(one: Quantity) -> str:
    return "" if one.low is None or one.high is None else f"{one.low:.1f} to {one.high:.1f}"


def picture(line: Line) -> None:
    """Distance from the truth by phase and chamber, volume, and strain over the beat."""
    mesh = line.mesh
    assert mesh.motion_mm is not None
    figure, every = plt.subplots(1, 3, figsize=(11.0, 3.2))
    percent = np.array(line.scan.percent)
    every[0].plot(percent, np.nanmean(line.still_mm, axis=1), "--", color="0.35", label="had it stood still")
    for value, name, colour in ((1, "left wall", "#d1495b"), (2, "right free wall", "#2e86ab")):
        points = np.unique(mesh.tets[mesh.cell_fields["chamber"] == value])
        every[0].plot(percent, np.nanmean(line.off_mm[:, points], axis=1), "o-", ms=3, color=colour, label=name)
    every[0].axhline(MEAN_MM, color="0.8", lw=1)
    every[0].set(ylabel="mm from the truth", ylim=(0, None))
    lv = [mesh.enclosed_ml("lv_cavity", frame) for frame in mesh.motion_mm]
    every[1].plot(percent, line.true_lv_ml, "--", color="0.35", label="true")
    every[1].plot(percent, lv, "o-", ms=3, color="#d1495b", label="moving mesh")
    every[1].set(ylabel="LV, mL", ylim=(0, None))
    found = motion_curves(mesh)
    exact = motion_curves(replace(mesh, motion_mm=np.nan_to_num(line.true_mm).astype(np.float32)))

    def strains(curves: MotionCurves) -> tuple[np.ndarray, np.ndarray]:
        return curves.global_longitudinal_percent, curves.global_circumferential_percent

    for one, true, name, colour in zip(
        strains(found), strains(exact), ("longitudinal", "circumferential"), ("#3c9d5c", "#8e5ea2"), strict=True
    ):
        every[2].plot(percent, true, "--", color=colour, lw=1)
        every[2].plot(percent, one, "o-", ms=3, color=colour, label=name)
    every[2].set(ylabel="global strain, % (dashed: true)")
    for axes in every:
        axes.set_xlabel("% of R-R")
        axes.legend(frameon=False, fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=90)
    plt.close(figure)


HEAD = [
    "Synthetic scans, segmented, meshed and carried through the beat as in the program; where each point of the wall "
    "truly goes is known. Distances in mm, means over all points of the wall and, but for the first two columns, the "
    "phases other than the mesh's own. **Bold**: out of target (1.5 mm, 2 points of ejection fraction).",
    "",
    "| scan | had it stood still | mean | mean, other phases | 95 % within | left / right wall | end-systole | "
    "LV EF (true) | wall's volume | flattest | time |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
]


def about(line: Line) -> list[str]:
    """What is said of the first scan below the table."""
    return [
        "",
        "Of the first scan, beside the same mesh moved as its tissue truly goes:",
        "",
        *numbers(line),
        "",
        "![Distance from the truth, volume and strain over the beat](pictures/validation_ct_motion.png)",
    ]


def renew(body: list[str]) -> None:
    """Put the section between its marks."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text("\n".join([head + BEGIN, *body, END]) + tail, encoding="utf-8")


def main() -> None:
    """Print the section; with ``--write`` put it into the page, scan by scan."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    rows: list[str] = []
    below: list[str] = []
    for scan in scans():
        try:
            line = measured(scan)
        except (SegmentationError, MeshError) as error:
            rows.append(f"| {scan.name} | refused: {error} |" + " |" * 9)
        else:
            rows.append(row(line))
            if not below:
                below = about(line)
                if write:
                    picture(line)
            print(rows[-1], *line.mesh.notes, sep="\n    ", flush=True)
        if write:
            renew([*HEAD, *rows, *below])
    print("\n".join([*HEAD, *rows, *below]))


if __name__ == "__main__":
    main()
