"""N-version: the same boxes by fim-python (Grandits 2021), where an interpreter that has it is named.

fim-python is no dependency of this project. Name the interpreter of an environment in which it is installed by
TWINVIEWER_PEER_PYTHON.
"""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.verification.boxes import CROSS_M_S, FIBRE, FIBRE_M_S, box, error, exact_ms, middle
from twinviewer.physics.eikonal import EikonalGrid

ORDER = 11
SIZES = (11, 17, 23)
PEER = """
import json, sys, time
import numpy as np
from fimpy.solver import create_fim_solver
given = np.load(sys.argv[1])
begin = time.process_time()
solver = create_fim_solver(given["points"], given["tets"], given["tensor"], precision=np.float64, device="cpu")
ready = time.process_time()
field = solver.comp_fim(given["source"], np.zeros(1))
done = time.process_time()
np.save(sys.argv[2], field)
print(json.dumps([ready - begin, done - ready]))
"""


def peer(n: int) -> tuple[NDArray[np.float64], float, float] | None:
    """(field in ms, CPU seconds of set-up and of the solve) by fim-python in a box of n³; None where it is not here."""
    python = os.environ.get("TWINVIEWER_PEER_PYTHON")
    if not python:
        return None
    points, tets = box(n)
    tensor = CROSS_M_S**2 * np.eye(3) + (FIBRE_M_S**2 - CROSS_M_S**2) * np.outer(FIBRE, FIBRE)
    with tempfile.TemporaryDirectory() as folder:
        given, field = Path(folder) / "given.npz", Path(folder) / "field.npy"
        np.savez(given, points=points, tets=tets, tensor=np.tile(tensor, (len(tets), 1, 1)), source=[middle(points)])
        done = subprocess.run(
            [python, "-c", PEER, str(given), str(field)], capture_output=True, text=True, timeout=900, check=True
        )
        build_s, solve_s = json.loads(done.stdout.strip().splitlines()[-1])
        return np.load(field), build_s, solve_s


def ours(n: int, ball_mm: float = 0.0) -> tuple[NDArray[np.float64], float, float]:
    """The same by this program: set-up is grid and medium; CPU seconds, one thread."""
    points, tets = box(n)
    fibre = np.tile(FIBRE, (len(tets), 1))
    begin = time.process_time()
    medium = EikonalGrid.build(points, tets).medium(fibre, FIBRE_M_S, CROSS_M_S)
    ready = time.process_time()
    field = medium.activation_ms([middle(points)], ball_mm=ball_mm, threads=1)
    return field, ready - begin, time.process_time() - ready


def section() -> str:
    """Both programs' errors and their difference on three meshes."""
    head = ["## Activation: against fim-python", ""]
    if peer(5) is None:
        return "\n".join([*head, "Not run: TWINVIEWER_PEER_PYTHON names no interpreter with fim-python."])
    ours(5)
    rows = []
    for n in SIZES:
        points, _ = box(n)
        truth = exact_ms(points, middle(points))
        theirs = peer(n)
        assert theirs is not None
        own = ours(n)
        errors = f"{100 * error(theirs[0], truth):.2f} % | {100 * error(own[0], truth):.2f} %"
        apart = f"{100 * error(own[0], theirs[0]):.4f} %"
        times = f"{theirs[1]:.2f} + {theirs[2]:.2f} s | {own[1]:.3f} + {own[2]:.3f} s"
        rows.append(f"| {n}³ = {len(points)} | {errors} | {apart} | {times} |")
    return "\n".join(
        [
            *head,
            "The boxes above without treatment of the source, by fim-python 1.2.2 on numpy (fast iterative method, an",
            "independent program) in double precision and by this kernel. CPU seconds of set-up + solve, one thread.",
            "",
            "| points | error of fim-python | error here | difference | time of fim-python | time here |",
            "|---|---|---|---|---|---|",
            *rows,
        ]
    )
