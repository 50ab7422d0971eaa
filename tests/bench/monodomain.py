"""Speed of reaction and diffusion: million node steps a second, masked and anisotropic, one core and two.

    python tests/bench/monodomain.py [--write docs/benchmarks.md] [--peer PYTHON] [--repeat 3]

A thick ellipsoidal shell with fibres that turn through its wall, cells of 0.5 mm. Times are CPU seconds of
the process (one core) and wall seconds (two), medians over runs. PYTHON is an interpreter in which finitewave is
installed (never a dependency of ours): the same shell, its own models, one thread, double precision, which is the only
one it has. Without it the ratio is against its figures on this class of machine, kept below, and said so.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))
from sections import write_section  # noqa: E402

WIDTH_MM = 0.5
SIZES = {"250k": 25.0, "1M": 40.0}
"""Outer half length of the shell in mm: about so many nodes."""
GOALS = {"Mitchell–Schaeffer": 120.0, "Bueno-Orovio": 60.0, "ten Tusscher–Panfilov": 12.0}
KEPT = {"Mitchell–Schaeffer": 12.3, "Bueno-Orovio": 5.65, "ten Tusscher–Panfilov": 1.25}
"""finitewave on one core, Mnode-steps/s, measured before on this class of machine."""

PEER = """
import json, sys, time
import numpy as np
import finitewave.cpuwave as cpu
from finitewave.core.tissue import CardiacTissue
half = float(sys.argv[1])
x = np.arange(-half, half, 0.5) + 0.25
k, j, i = np.meshgrid(x, x, x, indexing="ij")
r = np.sqrt((i / 0.8) ** 2 + (j / 0.8) ** 2 + k**2) / half
mesh = ((r > 0.68) & (r < 1.0)).astype(np.int8)
out = {}
for name, kind, dt in (("Mitchell–Schaeffer", cpu.MitchellSchaeffer, 0.01), ("Bueno-Orovio", cpu.BuenoOrovio, 0.01),
                       ("ten Tusscher–Panfilov", cpu.TenTusscherPanfilov2006, 0.01)):
    tissue = CardiacTissue(mesh.shape)
    tissue.mesh = mesh.copy()
    f = np.zeros(mesh.shape + (3,))
    f[..., 0], f[..., 1] = np.cos(3 * r), np.sin(3 * r)
    tissue.fibers = f
    tissue.D_al, tissue.D_ac = 1.0, 1.0 / 4.0
    model = kind()
    model.dt, model.dr, model.prog_bar = dt, 0.25, False
    model.cardiac_tissue = tissue
    model.t_max = 2 * dt
    model.run(num_of_threads=1)
    times = []
    for _ in range(int(sys.argv[2])):
        steps = 10
        model.t_max = model.t + steps * dt
        start = time.process_time()
        model.run(initialize=False, num_of_threads=1)
        times.append((time.process_time() - start) / steps)
    out[name] = int((tissue.mesh == 1).sum()) / sorted(times)[len(times) // 2] / 1e6
print(json.dumps(out))
"""


def shell(half_mm: float) -> tuple[Any, NDArray[np.float64]]:
    """Grid and fibres of the shell."""
    from twinviewer.physics.monodomain.grid import VoxelGrid

    x = np.arange(-half_mm, half_mm, WIDTH_MM) + 0.5 * WIDTH_MM
    k, j, i = np.meshgrid(x, x, x, indexing="ij")
    r = np.sqrt((i / 0.8) ** 2 + (j / 0.8) ** 2 + k**2) / half_mm
    on = (r > 0.68) & (r < 1.0)
    turn = 3.0 * r[on]
    return VoxelGrid.build(on, WIDTH_MM), np.stack([np.cos(turn), np.sin(turn), np.zeros_like(turn)], axis=1)


def ours(half_mm: float, repeat: int) -> tuple[int, dict[str, tuple[float, float]]]:
    """Nodes; Mnode-steps/s on one core (CPU time) and on two (wall time), by cell. Recording and checks included."""
    from twinviewer.physics.cells.phenomenological import BuenoOrovio, MitchellSchaeffer
    from twinviewer.physics.cells.tentusscher import TenTusscher
    from twinviewer.physics.monodomain.solver import Monodomain, Tissue
    from twinviewer.physics.monodomain.stimulus import ball

    grid, fibre = shell(half_mm)
    found = {}
    for cell in (MitchellSchaeffer(), BuenoOrovio(), TenTusscher()):
        speeds = []
        for threads in (1, 2):
            heart = Monodomain(Tissue(grid, fibre, 0.15, 0.05), cell, threads=threads)
            duration = (20 if isinstance(cell, TenTusscher) else 60) * heart.step_ms
            heart.run(2.0, [ball(grid, grid.points_mm[0], 3.0)], every_ms=1.0)
            times = []
            for _ in range(repeat):
                clock = time.process_time if threads == 1 else time.perf_counter
                start, before = clock(), heart.steps
                heart.run(duration, every_ms=duration)
                times.append((clock() - start) / (heart.steps - before))
            speeds.append(grid.nodes / statistics.median(times) / 1e6)
        found[heart.model.name] = (speeds[0], speeds[1])
    return grid.nodes, found


def peer(python: str, repeat: int) -> dict[str, float]:
    """finitewave on the smaller shell, one thread."""
    size = str(SIZES["250k"])
    done = subprocess.run([python, "-c", PEER, size, str(repeat)], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def page(repeat: int, python: str | None) -> str:
    """The section."""
    load, cores = os.getloadavg()[2], os.cpu_count()
    theirs, said = (peer(python, repeat), "measured in the same run") if python else (KEPT, "measured before")
    lines = [
        "## Monodomain",
        "",
        f"Million node steps a second, shell of {WIDTH_MM} mm cells with turning fibres (`tests/bench/monodomain.py`).",
        "One core by CPU time, two by wall time, recording of activation and checks included. Single precision;",
        f"finitewave (one thread, {said}) in double, which is the only one it has. Load of the machine's",
        f"{cores} cores meanwhile: {load:.0f} (above 1 others ran too, and two cores come out low).",
        "",
        "| cell | nodes | one core | goal | two cores | finitewave | ratio (one core) |",
        "|---|---|---|---|---|---|---|",
    ]
    for half in SIZES.values():
        nodes, found = ours(half, repeat)
        for name, (one, two) in found.items():
            lines.append(
                f"| {name} | {nodes} | {one:.0f} | {GOALS[name]:g} | {two:.0f} | {theirs[name]:.3g} | "
                f"{one / theirs[name]:.0f} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", type=Path)
    parser.add_argument("--peer")
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    text = page(asked.repeat, asked.peer)
    print(text)
    if asked.write:
        write_section("monodomain", text, asked.write)


if __name__ == "__main__":
    sys.exit(main())
